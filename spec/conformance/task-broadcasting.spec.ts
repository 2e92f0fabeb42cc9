// tests/test_task_broadcasting.py: one stream, many local tasks that read it.
import type {ExecutionContext} from 'ava';
import {Lagged, type MsgStream, openNursery, StreamClosed} from '../../lib/index.js';
import {echoSequences} from '../fixtures/sequences.js';
import {type Caller, newPair, type Pair, turns, until} from '../kit/pair.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

type Wire = MsgStream<number, readonly number[]>;
type Reader = AsyncIterableIterator<number>;
const upTo = (count: number): number[] => Array.from({length: count}, (_, i) => i);

/** A stream whose other end gives back, one by one, the values that it is sent. */
async function open(window?: number): Promise<{pair: Pair; ctx: Caller; wire: Wire}> {
  const pair = await newPair();
  const ctx = await pair.with(window === undefined ? {} : {window}).openContext(callee => echoSequences(callee));
  return {pair, ctx, wire: ctx.openStream()};
}

/** Ends a stream, and sees that nothing is left of it. */
async function finish(t: ExecutionContext, {pair, ctx, wire}: Awaited<ReturnType<typeof open>>): Promise<void> {
  await wire.close();
  await ctx.cancel();
  await pair.quiet();
  t.deepEqual(pair.near.actor.scope.failures, []);
}

/** The next item of an iterator: a value, or how many it has missed. */
async function read(values: AsyncIterator<number>): Promise<number | {missed: number}> {
  try {
    return (await values.next()).value;
  } catch (error) {
    if (!(error instanceof Lagged)) throw error;
    return {missed: error.missed};
  }
}
async function readAll(values: AsyncIterator<number>, last: number): Promise<unknown[]> {
  const all: unknown[] = [];
  while (all.at(-1) !== last) all.push(await read(values));
  return all;
}

test('task_broadcasting/test_stream_fan_out_to_local_subscriptions: ten tasks and the one that sent read the entire sequence from another process (B1)', async t => {
  const sequence = upTo(1_000);
  await openNursery(async nursery => {
    const echoer = await nursery.startActor('echoer', {expose: [echoSequences]});
    const wire: Wire = (await echoer.openContext(echoSequences)).openStream();
    const readers = Array.from({length: 11}, () => readAll(wire.iterate(), 999));
    await wire.send(sequence);
    for (const reader of readers) t.deepEqual(await reader, sequence);
  });
});

for (const slow of ['the first', 'the second'] as const) {
  test(`task_broadcasting/test_consumer_and_parent_maybe_lag: the slower of two readers is told how much it missed, the faster paces the sender and misses nothing (B1) [${slow} is slow]`, async t => {
    const opened = await open(10);
    const [first, second] = [0, 1].map(n => opened.wire.iterate((n === 0) === (slow === 'the first') ? {lag: 30} : {}));
    const [slower, faster] = (slow === 'the first' ? [first, second] : [second, first]) as [Reader, Reader];
    await opened.wire.send(upTo(300));
    const fast: unknown[] = [];
    const behind: unknown[] = [];
    for (let i = 0; i < 300; i++) {
      fast.push(await read(faster));
      // Ten times as slow, and ever further behind.
      if (i % 10 === 0) behind.push(await read(slower));
    }
    behind.push(...(await readAll(slower, 299)));
    t.deepEqual(fast, upTo(300));
    const missed = behind.flatMap(each => (typeof each === 'object' ? [(each as Lagged).missed] : []));
    t.true(missed.length > 0);
    const got = behind.filter(each => typeof each === 'number');
    t.is(got.length + missed.reduce((sum, n) => sum + n, 0), 300, 'missed or received, each once');
    t.deepEqual(
      got,
      [...got].sort((a, b) => a - b),
    );
    await finish(t, opened);
  });
}

test('task_broadcasting/test_faster_task_to_recv_is_cancelled_by_slower: when a faster reader leaves, the slower still has every value up to the last (B1, S3)', async t => {
  const opened = await open(100);
  const [faster, slower] = [opened.wire.iterate(), opened.wire.iterate()];
  await opened.wire.send(upTo(1_000));
  const ahead: unknown[] = [];
  for (let i = 0; i < 60; i++) ahead.push(await read(faster));
  const behind = [];
  for (let i = 0; i < 20; i++) behind.push(await read(slower));
  const pending = faster.next();
  await faster.return?.();
  await pending;
  behind.push(...(await readAll(slower, 999)));
  t.deepEqual(ahead, upTo(60));
  t.deepEqual(behind, upTo(1_000));
  await finish(t, opened);
});

test('task_broadcasting/test_subscribe_errors_after_close: behind close() a new reader ends at once, and opening or sending is StreamClosed (S1, S2, S6)', async t => {
  const opened = await open();
  const {ctx, wire} = opened;
  await wire.close();
  t.true(wire.closed);
  t.deepEqual(await wire.iterate().next(), {done: true, value: undefined});
  t.throws(() => ctx.openStream(), {instanceOf: StreamClosed});
  await t.throwsAsync(wire.send([1]), {instanceOf: StreamClosed});
  t.throws(() => wire.next([1]), {instanceOf: StreamClosed});
  await finish(t, opened);
});

test('task_broadcasting/test_ensure_slow_consumers_lag_out: readers that are too slow lag out one by one, while the fast one never lags and holds the stream (B1)', async t => {
  const size = 100;
  const opened = await open(size);
  const {wire} = opened;
  const never = wire.iterate({lag: size});
  const fast = wire.iterate();
  const laggers = [2, 3].map(pace => ({pace, values: wire.iterate({lag: size}), lags: 0, gone: false}));
  const sequence = upTo(4_000);
  await wire.send(sequence);
  const got: unknown[] = [];
  for (const at of sequence) {
    got.push(await read(fast));
    // Each reads one value where the fast one reads many; at the fifth time that it has lagged it leaves.
    for (const lagger of laggers) {
      if (lagger.gone || at % (lagger.pace * size) !== 0) continue;
      if (typeof (await read(lagger.values)) === 'number') continue;
      if (lagger.lags === 4) {
        lagger.gone = true;
        await lagger.values.return?.();
      } else lagger.lags++;
    }
  }
  t.deepEqual(got, sequence);
  t.deepEqual(
    laggers.map(({lags, gone}) => ({lags, gone})),
    [
      {lags: 4, gone: true},
      {lags: 4, gone: true},
    ],
  );
  t.deepEqual(await read(never), {missed: sequence.length - size}, 'one that never read has what is kept: its lag');
  t.deepEqual(await readAll(never, 3_999), sequence.slice(-size));
  t.is(wire.stats.dropped, 0);
  await finish(t, opened);
});

test('task_broadcasting/test_first_recver_is_cancelled: when the first reader leaves while it waits, the next gets the value (S3)', async t => {
  const opened = await open();
  const {wire} = opened;
  const first = wire.iterate();
  const waiting = first.next();
  await turns();
  const next = wire.iterate().next();
  await first.return?.();
  t.deepEqual(await waiting, {done: true, value: undefined});
  await wire.send([1]);
  t.deepEqual(await next, {done: false, value: 1});
  await until(() => wire.stats.received === 1);
  await finish(t, opened);
});
