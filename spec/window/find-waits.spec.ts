// Who waits for whom, found in real programs: planted deadlocks, and healthy programs in which nothing is found.
// The actors are in this process, and the clock of the observer is the test's own.
import test, {type ExecutionContext} from 'ava';
import type {Actor} from '../../lib/actor/actor.js';
import {surveyOf} from '../../lib/actor/survey.js';
import {current} from '../../lib/base/current.js';
import {deferred} from '../../lib/base/deferred.js';
import type {SurveyRow} from '../../lib/base/tree-survey.js';
import {type CalleeContext, context, openNursery, type Portal, parent, stream, task} from '../../lib/index.js';
import {findWaits} from '../../lib/window/find-waits.js';
import {Observer} from '../../lib/window/observer.js';
import type {Findings, TreeView} from '../../lib/window/types.js';
import {turns} from '../kit/pair.js';

const at = (name: string): {module: string; name: string} => ({module: import.meta.url, name});
type Both = CalleeContext<number, number, string>;

const pours = context(async (ctx: Both) => {
  ctx.started.next('ready');
  const wire = ctx.openStream({window: 1});
  for (;;) await wire.send(1);
}, at('pours'));
const listens = context(async (ctx: Both) => {
  ctx.started.next('ready');
  for await (const _ of ctx.openStream());
}, at('listens'));
const never = task(() => new Promise<never>(() => {}), at('never'));
const relays = task(() => parent()?.run(never), at('relays'));

/** Two views of the running tree, the second six seconds later by the clock of the observer. */
async function views(): Promise<readonly [TreeView, TreeView]> {
  const root = current()?.runtime as Actor;
  const observer = new Observer();
  const look = async (ms: number): Promise<TreeView> =>
    observer.view({at: 1e12 + ms, rows: later(await surveyOf(root), ms), usage: new Map()});
  await turns(30);
  const first = await look(0);
  await turns(30);
  return [first, await look(6_000)];
}

/** The rows after so many ms, by the clock of the observer: senders that wait for room have waited longer. */
function later(rows: readonly SurveyRow[], ms: number): SurveyRow[] {
  return rows.map(row => ({
    ...row,
    contexts: row.contexts.map(each => ({...each, stalledMs: each.blocked ? ms : 0})),
  }));
}

interface Seen {
  readonly found: Findings;
  readonly body: string;
}

/** Runs a body that never ends, with an actor, and looks at the tree. */
async function seen(plant: (portal: Portal) => Promise<unknown>): Promise<Seen> {
  const expose = [pours, listens, relays];
  return openNursery(
    async nursery => {
      const portal = await nursery.startActor('b', {backend: 'inline', expose});
      plant(portal).catch(() => {});
      const [first, second] = await views();
      const early = findWaits(first);
      if (early.cycles.length + early.stalls.length > 0) throw new Error('found before it was observed');
      const result = {found: findWaits(second), body: second.root.id};
      void nursery.cancel();
      return result;
    },
    // The planted work does not end by itself, and nobody waits for it.
    {expose: [never], logLevel: 'silent', timeouts: {exit: 100, cancelAck: 50}},
  );
}

const kinds = ({found}: Seen): string[][] => found.cycles.map(({waits}) => waits.map(wait => wait.for).sort());

test.serial('credit both ways: two that send to each other and take nothing', async t => {
  const result = await seen(async portal => {
    const ctx = await portal.openContext(pours);
    const wire = ctx.openStream({window: 1});
    for (;;) await wire.send(1);
  });
  t.deepEqual(kinds(result), [['credit', 'credit']]);
  const [cycle] = result.found.cycles;
  t.is(cycle?.sinceMs, 6_000);
  t.true(cycle?.tasks.includes(result.body));
  t.is(new Set(cycle?.tasks).size, 2);
});

test.serial('a result awaited by the one whose values are awaited', async t => {
  const result = await seen(async portal => (await portal.openContext(listens)).result());
  t.deepEqual(kinds(result), [['result', 'values']]);
  t.deepEqual(result.found.stalls, []);
});

test.serial('A → B → A by calls is a chain of three tasks, and no circle', async t => {
  const result = await seen(portal => portal.run(relays));
  t.deepEqual(result.found.cycles, []);
  const [chain, more] = result.found.chains;
  t.is(more, undefined);
  t.is(chain?.tasks.length, 3);
  t.is(chain?.tasks[0], result.body);
  t.deepEqual(
    chain?.waits.map(wait => wait.for),
    ['result', 'result'],
  );
});

test.serial('a consumer that never subscribes holds up its sender', async t => {
  const result = await seen(async portal => {
    (await portal.openContext(pours)).openStream({window: 1});
  });
  t.deepEqual(result.found.cycles, []);
  t.like(result.found.stalls, [{task: result.body, share: 1, sinceMs: 6_000}]);
  t.is(result.found.stalls.length, 1);
});

test.serial(
  'a silent conversation is no deadlock: both wait for values, and nobody has asked for anything',
  async t => {
    const result = await seen(async portal => {
      const ctx = await portal.openContext(listens);
      for await (const _ of ctx.openStream());
    });
    t.deepEqual([result.found.cycles, result.found.stalls], [[], []]);
  },
);

// Healthy programs: everything in them leads to a gate, which the test opens in the end, as a timer or a socket would.
let gate = deferred();
const waits = task(async () => gate.promise, at('waits'));
const gated = stream(async function* (before: number, after: number) {
  for (let i = 0; i < before; i++) yield i;
  await gate.promise;
  for (let i = 0; i < after; i++) yield i;
}, at('gated'));
const serves = context(async (ctx: Both, until: number) => {
  ctx.started.next('ready');
  const wire = ctx.openStream({window: 4});
  let count = 0;
  for await (const value of wire) {
    if (++count === until) await gate.promise;
    await wire.send(value);
  }
  return count;
}, at('serves'));
const asks = task((until: number) => parent()?.run(waitsAbove, until), at('asks'));
const waitsAbove = task((until: number) => (until % 2 === 0 ? gate.promise : until), at('waitsAbove'));

function random(seed: number): (most: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return most => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** Does one thing with an actor, some of which waits at the gate. */
function activity(portal: Portal, pick: (most: number) => number): Promise<unknown> {
  const [size, half] = [1 + pick(40), pick(40)];
  const slow = portal.with({window: 1 + pick(4)});
  const takeAll = async (): Promise<void> => {
    for await (const _ of slow.stream(gated, size, half));
  };
  const takeSlowly = (): Promise<void> => slow.stream(gated, 0, 0).consume(() => gate.promise);
  const holdUp = async (): Promise<void> => {
    const ctx = await slow.openContext(serves, size + 1);
    const wire = ctx.openStream({window: 2});
    for (let i = 0; i < Math.min(size, 2); i++) await wire.send(i);
    await gate.promise;
    for await (const value of wire) if (value === Math.min(size, 2) - 1) break;
    wire.complete();
    await ctx.result();
  };
  const converse = async (): Promise<void> => {
    const ctx = await slow.openContext(serves, half);
    const wire = ctx.openStream();
    const replies = wire[Symbol.asyncIterator]();
    for (let i = 0; i < size; i++) {
      await wire.send(i);
      await replies.next();
    }
    wire.complete();
    await ctx.result();
  };
  const all = [
    () => portal.run(waits),
    () => portal.run(asks, size),
    takeAll,
    takeSlowly,
    holdUp,
    converse,
    () => Promise.all([portal.run(waits), takeAll()]),
  ];
  return (all[pick(all.length)] as () => Promise<unknown>)();
}

async function healthy(t: ExecutionContext, portals: readonly Portal[], seed: number): Promise<void> {
  gate = deferred();
  const pick = random(seed);
  const running = Array.from({length: 1 + pick(4)}, () => activity(portals[pick(portals.length)] as Portal, pick));
  const [, second] = await views();
  const {cycles} = findWaits(second);
  gate.resolve();
  await Promise.all(running);
  t.deepEqual(cycles, [], `seed ${seed}`);
}

const seeds = process.env.RXTRACTOR_CI ? 200 : 40;

test.serial(`nothing is suspected in ${seeds} healthy programs that stand still`, async t => {
  t.timeout(120_000);
  await openNursery(
    async nursery => {
      const expose = [waits, gated, serves, asks];
      const portals = await Promise.all(
        ['a', 'b', 'c'].map(name => nursery.startActor(name, {backend: 'inline', expose})),
      );
      for (let seed = 1; seed <= seeds; seed++) await healthy(t, portals, seed);
    },
    {expose: [waitsAbove], logLevel: 'silent'},
  );
});
