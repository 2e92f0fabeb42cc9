// Values that are accepted as a source, by its shape, in every place that takes one. The shapes are made by hand: another copy of
// RxJS, the platform's Observable, a web stream that cannot be iterated.
import test, {type ExecutionContext} from 'ava';
import {from, lastValueFrom, type ObservableInput, type Observable as RxObservable, take, toArray} from 'rxjs';
import {mapOver} from '../../../lib/context/rx/bounded-work.js';
import {observableOf, type Source} from '../../../lib/context/rx/source.js';
import {openNursery, StreamOverrun, type StreamValue} from '../../../lib/index.js';
import {type Callee, newPair, type Pair, turns, until} from '../../kit/pair.js';

interface Watcher {
  readonly next: (value: unknown) => void;
  readonly error: (error: unknown) => void;
  readonly complete: () => void;
}
/** The values that a source has made, until it is let go. */
interface Made {
  count: number;
  letGo: boolean;
}
type Shape = (values: Iterable<unknown>, made: Made, failure?: Error) => unknown;

/** Says its values in one burst, as long as somebody listens. */
function burst(
  values: Iterable<unknown>,
  made: Made,
  failure: Error | undefined,
  watcher: Watcher,
  over: () => boolean,
): void {
  for (const value of values) {
    if (over()) return;
    made.count++;
    // The platform calls the functions of an observer without it.
    const {next} = watcher;
    next(value);
  }
  const {error, complete} = watcher;
  if (failure) error(failure);
  else complete();
}

/** As RxJS: an observer that looks like a subscriber is taken for one, and a subscription comes back. */
const otherRxjs: Shape = (values, made, failure) => ({
  subscribe(watcher: Watcher & {readonly closed: boolean; add(end: () => void): void}) {
    watcher.add(() => {
      made.letGo = true;
    });
    burst(values, made, failure, watcher, () => watcher.closed);
    return {unsubscribe: () => watcher.add(() => {})};
  },
});
/** As libraries that know no subscriber: told of the subscription first, they watch that. */
const otherLibrary: Shape = (values, made, failure) => ({
  subscribe(watcher: Watcher & {start(subscription: {unsubscribe(): void}): void}) {
    const subscription = {
      unsubscribe: () => {
        made.letGo = true;
      },
    };
    watcher.start(subscription);
    burst(values, made, failure, watcher, () => made.letGo);
    return subscription;
  },
});
const byKey =
  (key: PropertyKey): Shape =>
  (values, made, failure) => ({[key]: () => otherRxjs(values, made, failure)});
/** As the platform's: no subscription comes back, a signal ends it. */
const platform: Shape = (values, made, failure) => ({
  subscribe(watcher: Watcher, {signal}: {signal: AbortSignal}) {
    signal.addEventListener('abort', () => {
      made.letGo = true;
    });
    burst(values, made, failure, watcher, () => signal.aborted);
  },
});
/** As an RxJS whose Observable can be iterated, which queues without a bound: never asked for its iterator. */
const iterableObservable: Shape = (values, made, failure) => ({
  ...(otherRxjs(values, made, failure) as object),
  [Symbol.asyncIterator]() {
    throw new Error('iterated');
  },
});
const syncIterable: Shape = function* (values, made, failure) {
  try {
    for (const value of values) {
      made.count++;
      yield value;
    }
    if (failure) throw failure;
  } finally {
    made.letGo = true;
  }
};
const asyncIterable: Shape = async function* (values, made, failure) {
  yield* syncIterable(values, made, failure) as Iterable<unknown>;
};
const webStream: Shape = (values, made, failure) => {
  const iterator = (syncIterable(values, made, failure) as Iterable<unknown>)[Symbol.iterator]();
  return new ReadableStream(
    {
      pull: controller => {
        const {done, value} = iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void iterator.return?.(),
    },
    {highWaterMark: 0},
  );
};
/** As in engines whose web streams have a reader and no iterator. */
const readerOnly: Shape = (values, made, failure) => {
  const stream = webStream(values, made, failure) as ReadableStream;
  return {getReader: () => stream.getReader()};
};

const pushing: Record<string, Shape> = {
  'an Observable of another RxJS': otherRxjs,
  'an Observable of another library': otherLibrary,
  'what has @@observable': byKey('@@observable'),
  'the Observable of the platform': platform,
  'an Observable that can be iterated': iterableObservable,
};
const pulled: Record<string, Shape> = {
  'an iterable': syncIterable,
  'an async iterable': asyncIterable,
  'a web stream': webStream,
  'a web stream without an iterator': readerOnly,
};
const shapes = Object.entries({...pushing, ...pulled});

const bounded = {bufferBytes: 1_000};
/** How a place that takes a source is given one, and what comes of it. */
const places: Record<string, (pair: Pair, source: () => unknown) => ObservableInput<unknown>> = {
  'stream()': (pair, source) => pair.with(bounded).stream(source),
  'the result of operator()': (pair, source) => pair.with(bounded).operator(source)([]),
  'the input of portal.operator()': (pair, source) =>
    pair.with(bounded).operator(input => input)(source() as ObservableInput<unknown>),
  'mapAsync()': (pair, source) =>
    pair
      .with({})
      .stream(() => [0])
      .mapAsync(source as () => ObservableInput<unknown>),
  'pool.map(), as its source': (_pair, source) => mapOver(source() as RxObservable<unknown>, value => [value], 2, true),
  'pool.map(), as its work': (_pair, source) => mapOver(from([0]), source as () => ObservableInput<unknown>, 2, false),
};
const fresh = (): Made => ({count: 0, letGo: false});
const collect = (source: ObservableInput<unknown>): Promise<unknown[]> => lastValueFrom(from(source).pipe(toArray()));

for (const [shape, make] of shapes)
  for (const [place, give] of Object.entries(places)) {
    test(`${place} takes ${shape}`, async t => {
      const pair = await newPair();
      t.deepEqual(await collect(give(pair, () => make([1, 2, 3], fresh()))), [1, 2, 3]);
      const failure = new RangeError('mine');
      const error = await t.throwsAsync(collect(give(pair, () => make([1], fresh(), failure))));
      t.true(error === failure || error.cause instanceof RangeError, String(error));
      await pair.quiet();
    });

    test(`F2: ${place} lets ${shape} go when nobody wants it any more`, async t => {
      const pair = await newPair();
      const made = fresh();
      // A source that is not let go hangs in its burst.
      const endless = (function* () {
        for (let n = 0; ; n++) yield n;
      })();
      const values = from(give(pair, () => make(endless, made))).pipe(take(2), toArray());
      const error: unknown = await lastValueFrom(values).then(
        seen => t.deepEqual(seen, [0, 1]),
        failure => failure,
      );
      // A source that pushes beyond its bound is let go for that.
      t.true(error === true || error instanceof StreamOverrun || (error as Error).cause instanceof StreamOverrun);
      await until(
        () => made.letGo,
        () => `it was not let go after ${made.count} values`,
      );
      await pair.quiet();
    });
  }

async function withWire(
  t: ExecutionContext,
  act: (wire: ReturnType<Callee['openStream']>, seen: unknown[]) => Promise<void>,
): Promise<void> {
  const pair = await newPair();
  const seen: unknown[] = [];
  const ctx = await pair.with({}).openContext(async callee => {
    callee.started.next(0);
    for await (const value of callee.openStream({window: 2})) seen.push(value);
  });
  await act(ctx.openStream(), seen);
  await ctx.cancel();
  await pair.quiet();
  t.deepEqual(pair.near.actor.scope.failures, []);
}

for (const [shape, make] of shapes)
  test(`MsgStream.pump takes ${shape}, and rejects with its error`, t =>
    withWire(t, async (wire, seen) => {
      await wire.pump(make([1, 2, 3], fresh()) as Source<unknown>, {complete: false});
      const failure = new RangeError('mine');
      t.is(await t.throwsAsync(wire.pump(make([4], fresh(), failure) as Source<unknown>)), failure);
      await until(() => seen.length === 4);
      t.deepEqual(seen, [1, 2, 3, 4]);
    }));

for (const [shape, make] of Object.entries(pulled))
  test(`F2: ${shape} is asked only when there is credit`, async t => {
    const pair = await newPair();
    const made = fresh();
    const reader = pair
      .with({window: 2})
      .stream(() => make([1, 2, 3, 4, 5], made))
      .iterate();
    await reader.next();
    await turns();
    t.is(made.count, 3, 'what was taken, and the window');
    await reader.return?.();
    await pair.quiet();
  });

for (const [what, make] of Object.entries<() => unknown>({
  'a text': () => 'abc',
  'an array': () => ['a', 'b', 'c'],
  'what is like an array': () => ({length: 3, 0: 'a', 1: 'b', 2: 'c'}),
  'a Set': () => new Set('abc'),
}))
  test(`stream() takes ${what}`, async t => {
    const pair = await newPair();
    t.deepEqual(await collect(pair.with({}).stream(make)), ['a', 'b', 'c']);
  });

test('stream() takes a promise: one value; and a promise of a source', async t => {
  const calls = (await newPair()).with({});
  t.deepEqual(await collect(calls.stream(async () => [1, 2])), [1, 2]);
  t.deepEqual(await collect(calls.operator(() => ['a'])(Promise.resolve(7))), ['a']);
  t.deepEqual(await collect(calls.operator(source => source)(Promise.resolve(7))), [7]);
});

for (const nothing of [undefined, null, 5, {}, true])
  test(`what is no source is a TypeError that says what is one: ${String(nothing)}`, async t => {
    const pair = await newPair();
    const error = await t.throwsAsync(collect(pair.with({}).stream(() => nothing)));
    t.true(error.cause instanceof TypeError, String(error));
    t.regex(error.message, /Observable/);
    await pair.quiet();
  });

for (const [shape, make] of Object.entries(pushing))
  test(`the body of a nursery may return ${shape}: its last value`, async t => {
    t.is(await openNursery(() => make([1, 2, 3], fresh()) as RxObservable<unknown>), 3);
    const failure = new RangeError('mine');
    t.is(await t.throwsAsync(openNursery(() => make([1], fresh(), failure) as RxObservable<unknown>)), failure);
  });

test('the body of a nursery may return an array, which is its value', async t => {
  t.deepEqual(await openNursery(() => [1, 2]), [1, 2]);
});

test('our streams are Observables to another copy of RxJS, by either key', async t => {
  const pair = await newPair();
  const stream = pair.with({}).stream(() => [1, 2]) as unknown as Record<string, () => unknown>;
  t.is(stream['@@observable']?.(), stream);
  t.deepEqual(await collect(observableOf(stream)), [1, 2]);
  const ctx = await pair.with({}).openContext(callee => callee.started.next(0));
  const wire = ctx.openStream() as unknown as Record<string, () => unknown>;
  t.is(wire['@@observable']?.(), wire);
  await ctx.result();
});

test('a source may have the type of any Observable', async t => {
  const typed = {
    subscribe(observer: {next(value: number): void; complete(): void}): void {
      observer.next(1);
      observer.complete();
    },
  };
  const taken: Source<number> = typed;
  t.deepEqual(await collect(observableOf(taken)), [1]);
  const value: StreamValue<Promise<typeof typed>> = 1;
  t.is(value, 1);
});

test('F2: a stream of ours that is pumped on is pulled: its sender is held back by the last receiver', async t => {
  const pair = await newPair();
  let made = 0;
  const source = pair.with({window: 2}).stream(function* () {
    for (;;) yield made++;
  });
  const out = pair
    .with({window: 3})
    .operator(input => input)(source)
    .iterate();
  await out.next();
  await turns(40);
  t.true(made < 12, `${made} values were made`);
  await out.return?.();
  await pair.quiet();
});
