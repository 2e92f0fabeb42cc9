// Long waits at the end of a scope are explained by a warning (rules C6, T9).
import {type CalleeContext, context, openNursery, parent, sleep, task} from '../../lib/index.js';
import {until} from '../kit/pair.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({warns: true});

/** The next warning of this process that matches: each test waits for its own. */
function warning(pattern: RegExp): Promise<string> {
  return new Promise(resolve => {
    const listen = (told: Error & {code?: string}): void => {
      if (told.code !== 'RXTRACTOR_STUCK' || !pattern.test(told.message)) return;
      process.off('warning', listen);
      resolve(told.message.replaceAll(/pid \d+/g, 'pid'));
    };
    process.on('warning', listen);
  });
}

const impatient = {timeouts: {explain: 10}};
const at = (name: string): {module: string; name: string} => ({module: import.meta.url, name});

const listens = context(async (ctx: CalleeContext<number, number, string>) => {
  ctx.started.next('ready');
  for await (const _ of ctx.openStream());
}, at('listens'));
const silent = context((_ctx: CalleeContext<never, never, string>) => sleep(1e9), at('silent'));
const works = task(() => sleep(1e9), at('works'));
const pours = context(async (ctx: CalleeContext<never, number, string>) => {
  ctx.started.next('ready');
  const wire = ctx.openStream();
  for (;;) await wire.send(1);
}, at('pours'));
const leaves = task(() => {
  void parent()?.run(works);
}, at('leaves'));
const actor = {backend: 'inline', expose: [listens, silent, works, pours, leaves]} as const;

test('C6: a nursery that waits for long names each context, and what its function may wait for', async t => {
  const told = warning(/^first/);
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('a', actor);
      void portal.run(works).catch(() => {});
      await portal.openContext(listens);
      portal.openContext(silent).catch(() => {});
      const taken = (await portal.with({window: 2}).openContext(pours)).openStream();
      taken[Symbol.asyncIterator]();
      await until(() => taken.stats.received === 2);
      void told.then(() => nursery.cancel());
    },
    {...impatient, name: 'first'},
  );
  t.is(
    await told,
    'first in first is left and still waits for works in a (pid), ' +
      'listens in a (pid) (it may wait for values of a stream that was not opened here), ' +
      'silent in a (pid) (it has not called started), ' +
      'pours in a (pid) (it waits for room: its values are not taken here) (after 0.01 s: timeouts.explain)',
  );
});

test('C6: so does a remote function that is left', async t => {
  const told = warning(/^leaves/);
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('b', actor);
      portal.run(leaves).catch(() => {});
      await told;
      await nursery.cancel();
    },
    {...impatient, name: 'second', expose: [works]},
  );
  t.is(await told, 'leaves in b is left and still waits for works in second (pid) (after 0.01 s: timeouts.explain)');
});

test('C6: one in which nothing is left to wait for warns of nothing', async t => {
  const heard: string[] = [];
  const listen = (told: Error): void => void (/^third|^nothing/.test(told.message) && heard.push(told.message));
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('c', {...actor, expose: [...actor.expose, quick]});
      await portal.run(quick);
      await sleep(50);
    },
    {...impatient, name: 'third'},
  );
  t.deepEqual(heard, []);
});
const quick = task(() => 1, at('quick'));

test('T9: a body that ignores its cancellation is named', async t => {
  const told = warning(/^fourth/);
  // The timer of the warning does not keep this process alive, and nothing else does.
  const alive = setTimeout(() => {}, 60_000);
  t.teardown(() => clearTimeout(alive));
  await openNursery(
    async nursery => {
      void nursery.cancel();
      await told;
    },
    {...impatient, name: 'fourth'},
  );
  t.is(
    await told,
    'fourth in fourth was cancelled and has not ended: its body ignores the cancellation (after 0.01 s: timeouts.explain)',
  );
});
