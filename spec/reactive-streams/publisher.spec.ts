// Rules 1.x of Reactive Streams, of publishers: a remote function that gives values. RS numbers are those of its text.
import assert from 'node:assert/strict';
import {EMPTY, Observable, of, range, Subject, take, throwError} from 'rxjs';
import {
  ContextCancelled,
  ProtocolError,
  RemoteActorError,
  StreamClosed,
  TransportClosed,
} from '../../lib/base/errors.js';
import {Kind} from '../../lib/msg/types.js';
import {fc} from '../kit/fast-check.js';
import {newPair, turns, until} from '../kit/pair.js';
import {Remote} from '../kit/remote.js';
import {Monitor} from './monitor.js';
import {errorOf, numbers, opened, receivers, rule, Told} from './rule.js';

/** Every form that a source may have. */
const sources = {
  iterable: (values: readonly string[]) => values,
  generator: function* (values: readonly string[]) {
    yield* values;
  },
  'async generator': async function* (values: readonly string[]) {
    for (const value of values) {
      await null;
      yield value;
    }
  },
  Observable: (values: readonly string[]) => of(...values),
};
const keysOf = <K extends string>(record: Record<K, unknown>): K[] => Object.keys(record) as K[];

rule(
  'RS 1.1: a receiver never gets more values than it granted, whatever the source, the consumer and the window',
  async t => {
    const shape = fc.record({
      window: fc.integer({min: 1, max: 20}),
      windowBytes: fc.integer({min: 1, max: 2_000}),
      values: fc.array(fc.string({maxLength: 300}), {maxLength: 100}),
      source: fc.constantFrom(...keysOf(sources)),
      receiver: fc.constantFrom(...keysOf(receivers)),
    });
    let grants = 0;
    await fc.assert(
      fc.asyncProperty(shape, async ({window, windowBytes, values, source, receiver}) => {
        const pair = await newPair();
        const monitor = Monitor.of(pair);
        const stream = pair.with({window, windowBytes}).stream(() => sources[source](values));
        assert.deepEqual(await receivers[receiver](stream), values);
        await pair.quiet();
        assert.deepEqual(monitor.violations, []);
        assert.equal(monitor.lane.received, values.length);
        grants += monitor.lane.grants;
      }),
      {numRuns: 100},
    );
    t.true(grants > 120, `only ${grants} grants were given`);
  },
);

rule(
  'RS 1.1: a value beyond the grant reaches nobody, and fails its context',
  async (t, {pair, calls, monitor}) => {
    const {ctx, near} = await opened(calls, {near: {window: 2}});
    const reader = near.iterate();
    await until(() => monitor.lane.granted === 2);
    for (let seq = 1; seq <= 3; seq++) pair.far.channel.sendValue(2, seq, pair.far.actor.codec.encode(seq));
    t.true((await errorOf(ctx.result())) instanceof ProtocolError);
    t.deepEqual([(await reader.next()).value, (await reader.next()).value], [1, 2]);
    t.true((await errorOf(reader.next())) instanceof ProtocolError);
  },
  {
    violations: ['1.1: value 3 was written, and 2 were granted', '1.1: 3 values came, and 2 were granted'],
  },
);

rule(
  'RS 1.2: a source may end with fewer values than were granted, and with none',
  async (t, {pair, monitor, calls}) => {
    for (const count of [3, 0]) {
      t.deepEqual(await receivers.subscribe(calls.stream(() => numbers(count))), numbers(count));
      const lane = monitor.contexts.at(-1)?.lanes.far;
      t.like(lane, {sent: count, granted: 1_024, over: true});
    }
    t.false(pair.wire.includes('→ Credit'));
  },
);

rule('RS 1.3: signals come one after another, also where next answers, closes or fails', async (t, {calls}) => {
  let depth = 0;
  let deepest = 0;
  const alone = (act: () => void) => (): void => {
    deepest = Math.max(deepest, ++depth);
    act();
    depth--;
  };
  for (const last of ['complete', 'close', 'error'] as const) {
    const {ctx, near, far, end} = await opened(calls, {near: {window: 3}});
    let echoes = true;
    far.subscribe({next: value => echoes && far.next(value), error: () => {}});
    let seen = 0;
    let terminals = 0;
    const done = new Promise<void>(resolve => {
      const over = alone(() => {
        terminals++;
        resolve();
      });
      const next = alone(() => {
        echoes = ++seen < 50;
        if (echoes) near.next(seen);
        else if (seen > 50) return;
        else if (last === 'complete') far.complete();
        else if (last === 'close') void near.close();
        else near.error(new Error('enough'));
      });
      near.subscribe({next, error: over, complete: over});
    });
    for (const value of numbers(3)) near.next(value);
    await done;
    await turns();
    t.is(terminals, 1);
    t.is(deepest, 1, `signals of a stream that ended by ${last} were nested`);
    end();
    if (last === 'error') t.is(((await errorOf(ctx.result())) as Error).message, 'enough');
    else await ctx.result();
  }
});

rule(
  'RS 1.4: a source that fails is an error of its subscriber, behind exactly its values',
  async (t, {monitor, calls}) => {
    const failing = (count: number) => ({
      generator: function* () {
        yield* numbers(count);
        throw new RangeError('failed');
      },
      Observable: () =>
        new Observable(subscriber => {
          for (const n of numbers(count)) subscriber.next(n);
          subscriber.error(new RangeError('failed'));
        }),
    });
    for (const count of [0, 1, 50]) {
      const {generator, Observable: pushed} = failing(count);
      for (const source of [generator, pushed]) {
        const told = new Told();
        calls.stream(source).subscribe(told.observer);
        await until(() => told.over);
        t.deepEqual(told.log, [...numbers(count).map(String), 'error']);
        t.true(told.error instanceof RemoteActorError && told.error.cause instanceof RangeError);
        t.is(monitor.contexts.at(-1)?.lanes.far.sent, count);
      }
    }
  },
);

rule('RS 1.5: a source that ends is a completion, once, whatever its form', async (t, {monitor, calls}) => {
  for (const source of keysOf(sources)) {
    for (const values of [[], ['a', 'b', 'c']]) {
      const told = new Told();
      calls.stream(() => sources[source](values)).subscribe(told.observer);
      await until(() => told.over);
      await turns();
      t.deepEqual(told.log, [...values, 'complete'], source);
      t.is(monitor.contexts.at(-1)?.terminals, 1);
    }
  }
});

rule('RS 1.6: a stream that has ended is let go at both ends, without a cancel', async (t, {pair, calls}) => {
  const remotes = [Remote.pushing(() => range(0, 3)), Remote.pushing(() => throwError(() => new Error('failed')))];
  for (const remote of remotes) {
    const told = new Told();
    const subscription = calls.stream(remote.call).subscribe(told.observer);
    await until(() => told.over);
    t.true(subscription.closed);
    await pair.quiet();
    t.like(remote, {opened: 1, ended: 1, aborted: 0});
  }
  t.false(pair.wire.includes('→ Cancel'));
});

rule('RS 1.7: a function that pushes after it has ended reaches nobody', async (t, {pair, calls}) => {
  const {ctx, near, far, end} = await opened(calls);
  const told = new Told();
  near.subscribe(told.observer);
  far.next(1);
  end('done');
  t.is(await ctx.result(), 'done');
  t.true((await errorOf(far.send(2))) instanceof StreamClosed);
  await turns();
  t.deepEqual(told.log, ['1', 'complete']);
  t.is(pair.near.strays, 0, 'it did not even leave');
});

rule(
  'RS 1.7: a value that comes behind the end is counted, and delivered to nobody',
  async (t, {pair, calls}) => {
    const told = new Told();
    calls.stream(() => [1]).subscribe(told.observer);
    await until(() => told.over);
    pair.far.channel.sendValue(2, 2, pair.far.actor.codec.encode(2));
    pair.far.channel.send(Kind.Error, 2, 1, pair.far.actor.codec.encode([null, true, false]));
    await until(() => pair.near.strays === 2);
    t.deepEqual(told.log, ['1', 'complete']);
  },
  {violations: ['1.7: a value was written after the end', '1.7: a second terminal was written']},
);

rule('RS 1.8: after a cancel a source makes no more than its window, and ends', async (t, {pair, monitor}) => {
  const window = 8;
  const remote = Remote.counting();
  const told = new Told();
  pair.with({window}).stream(remote.call).pipe(take(3)).subscribe(told.observer);
  await until(() => remote.ended === 1);
  const made = remote.made;
  t.true(made <= 3 + window, `${made} were made`);
  await pair.quiet();
  t.is(remote.made, made);
  t.true(monitor.lane.received <= made);
  t.deepEqual(told.log, ['0', '1', '2', 'complete']);
});

rule('RS 1.8: a source that pushes is unsubscribed by a cancel', async (t, {pair, calls}) => {
  const values = new Subject<number>();
  const remote = Remote.pushing(() => values);
  const subscription = calls.stream(remote.call).subscribe();
  await until(() => values.observed);
  subscription.unsubscribe();
  await until(() => remote.ended === 1);
  t.false(values.observed);
  await pair.quiet();
  values.next(1);
  await turns();
  t.false(pair.wire.includes('← Yield'));
});

rule('RS 1.9: subscribe returns before the first value and before the end', async (t, {calls}) => {
  for (const source of [() => numbers(3), () => EMPTY]) {
    const told = new Told();
    calls.stream(source).subscribe(told.observer);
    t.deepEqual(told.log, []);
    await until(() => told.over);
  }
  const {ctx, near, far} = await opened(calls);
  far.next(1);
  far.complete();
  await until(() => near.stats.received === 1);
  const told = new Told();
  near.subscribe(told.observer);
  t.deepEqual(told.log, [], 'nor where values wait already');
  await until(() => told.over);
  await ctx.cancel();
});

rule(
  'RS 1.9: subscribe never throws: a call that cannot be made is an error of the subscriber, once',
  async (t, {pair, calls}) => {
    const refused = [
      [pair.with({signal: AbortSignal.abort()}), ContextCancelled],
      [pair.with({timeout: 0}), ContextCancelled],
      [calls, TransportClosed],
    ] as const;
    for (const [given, Class] of refused) {
      if (given === calls) pair.cut();
      for (const stream of [given.stream(() => [1]), given.operator(source => source)([1])]) {
        const told = new Told();
        t.notThrows(() => stream.subscribe(told.observer));
        t.deepEqual(told.log, []);
        await until(() => told.over);
        t.deepEqual(told.log, ['error']);
        t.true(told.error instanceof Class, String(told.error));
      }
    }
    t.deepEqual(pair.wire, []);
  },
);

rule(
  'RS 1.10: every subscription to a cold stream is a call of its own, with all values',
  async (t, {monitor, calls}) => {
    const remote = Remote.counting(5);
    const stream = calls.stream(remote.call);
    const [one, two] = [new Told(), new Told()];
    stream.subscribe(one.observer);
    stream.subscribe(two.observer);
    const iterated = receivers.iterate(stream);
    await until(() => one.over && two.over);
    const whole = [...numbers(5).map(String), 'complete'];
    t.deepEqual([one.log, two.log], [whole, whole]);
    t.deepEqual(await iterated, numbers(5));
    t.is(remote.opened, 3);
    t.is(monitor.contexts.length, 3);
  },
);

rule(
  'RS 1.11: a stream of a context is shared by its consumers, and the slowest has the say',
  async (t, {monitor, calls}) => {
    const {ctx, near, far, end} = await opened(calls, {near: {window: 4}});
    const slow = near.iterate();
    const [one, two] = [receivers.subscribe(near), receivers.iterate(near)];
    const pumped = far.pump(numbers(40));
    await turns();
    t.is(monitor.lane.sent, 4);
    await slow.next();
    await slow.next();
    await turns();
    t.is(monitor.lane.sent, 6);
    await slow.return?.();
    t.deepEqual([await one, await two], [numbers(40), numbers(40)]);
    await pumped;
    end();
    await ctx.result();
  },
);
