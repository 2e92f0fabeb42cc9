// Values that travel with calls: through every kind of function, up to 4 KiB, and not from outside the tree. Two actors in this process.
import {AsyncLocalStorage} from 'node:async_hooks';
import {tracingChannel} from 'node:diagnostics_channel';
import test from 'ava';
import {finalize, interval, lastValueFrom, map, of, take} from 'rxjs';
import {modulesOf} from '../../lib/actor/exposed.js';
import {Peer} from '../../lib/actor/peer.js';
import {makePortal} from '../../lib/actor/portal.js';
import {carry, carryStore, Unserializable} from '../../lib/index.js';
import {maxFrameBytes} from '../../lib/msg/frame.js';
import {memoryPair} from '../../lib/transport/memory.js';
import {over} from '../kit/over-pair.js';
import {anyFunctions, callsOf, newActor, until} from '../kit/pair.js';

const store = new AsyncLocalStorage<string>();
const here = (): string | undefined => store.getStore();

test.before(() => {
  carryStore('spec/store', store);
});

over('a store is restored around a task, and after what it awaits', async (t, _pair, calls) => {
  t.is(await store.run('a', () => calls.run(here)), 'a');
  const later = async (): Promise<string | undefined> => {
    await new Promise(resolve => setImmediate(resolve));
    return here();
  };
  t.is(await store.run('b', () => calls.run(later)), 'b');
  t.is(await calls.run(here), undefined);
});

over(
  'C12: a cold stream captures at its subscription, and its finalizers run in what was captured',
  async (t, _pair, calls) => {
    const seen: (string | undefined)[] = [];
    const stream = store.run('made', () =>
      calls.stream(() =>
        interval(1).pipe(
          map(() => here()),
          finalize(() => seen.push(here())),
        ),
      ),
    );
    t.is((await store.run('subscribed', () => lastValueFrom(stream.pipe(take(1))))) as unknown, 'subscribed');
    await until(() => seen.length === 1);
    t.deepEqual(seen, ['subscribed']);
  },
);

over('a store is restored in an operator and in a context', async (t, _pair, calls) => {
  const stage = store.run('a', () =>
    calls.operator(source => source.pipe(map((value: number) => `${here()} ${value}`)))(of(1)),
  );
  t.is(await store.run('b', () => lastValueFrom(stage)), 'b 1');
  const context = await store.run('c', () =>
    calls.openContext(async ctx => {
      ctx.started.next(here());
      for await (const value of ctx.openStream()) if (value === 'end') break;
      return here();
    }),
  );
  t.is(context.first, 'c');
  await context.openStream().send('end');
  t.is(await context.result(), 'c');
});

over('a value that cannot cross names its carrier, and so do too many bytes', async (t, _pair, calls) => {
  const refused = await t.throwsAsync(
    store.run((() => {}) as never, () => calls.run(here)),
    {instanceOf: Unserializable},
  );
  t.deepEqual(refused?.path, ['carrier', 'spec/store']);
  t.regex(refused?.message ?? '', /^portal\.run\(anyTask\): carrier\["spec\/store"\] cannot be sent/);
  const full = await t.throwsAsync(
    store.run('x'.repeat(5_000), () => calls.run(here)),
    {instanceOf: Unserializable},
  );
  t.deepEqual(full?.path, ['carrier', 'spec/store']);
  t.regex(full?.message ?? '', /4096 bytes together/);
  t.is(await store.run('x'.repeat(4_000), () => calls.run(() => here()?.length)), 4_000);
});

over(
  'a listener adds a pair to a call, and finds it at the callee',
  async (t, _pair, calls) => {
    const call = tracingChannel<unknown, {carrier: unknown[]}>('rxtractor:call');
    const task = tracingChannel<unknown, {carrier: unknown[]}>('rxtractor:task');
    const seen: unknown[] = [];
    const add = ({carrier}: {carrier: unknown[]}): void => void carrier.push(['spec/added', 1]);
    const see = ({carrier}: {carrier: unknown[]}): void => void seen.push(...carrier);
    call.start.subscribe(add as never);
    task.start.subscribe(see as never);
    const added = carry({name: 'spec/added', capture: () => undefined, run: (_value, fn) => fn()});
    t.is(await store.run('a', () => calls.run(here)), 'a');
    call.start.unsubscribe(add as never);
    task.start.unsubscribe(see as never);
    added[Symbol.dispose]();
    t.deepEqual(seen, [
      ['spec/store', 'a'],
      ['spec/added', 1],
    ]);
  },
  test.serial,
);

for (const trustCarriers of [false, true])
  test(`from outside the tree carriers are ${trustCarriers ? 'taken when the root says so' : 'ignored'}`, async t => {
    const [near, far] = [newActor('near'), newActor('far')];
    far.tree = {...far.tree, trustCarriers};
    await far.exposed.load(modulesOf(anyFunctions));
    const [here_, there] = memoryPair({maxFrameBytes});
    const peer = new Peer(near, here_, 'connected', {}, far.id);
    new Peer(far, there, 'accepted', {}, near.id);
    const owner = {scope: near.scope, ended: new Promise<undefined>(() => {}), cancelActor: async () => false};
    const calls = callsOf(makePortal(peer, owner));
    t.is(await store.run('a', () => calls.run(here)), trustCarriers ? 'a' : undefined);
    peer.channel.destroy();
  });
