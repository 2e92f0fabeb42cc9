// Consumers that take their time: what they bound, in which order they give back, and whom a failure is told.
import test from 'ava';
import {concat, type Observable, of, range, Subject, take, throwError} from 'rxjs';
import {scopeKey} from '../../../lib/actor/call-options.js';
import {ContextCancelled, RemoteActorError} from '../../../lib/base/errors.js';
import {Scope} from '../../../lib/base/scope.js';
import {sleep} from '../../../lib/base/sleep.js';
import type {Grant} from '../../../lib/context/flow/credit.js';
import {Inlet} from '../../../lib/context/flow/inlet.js';
import {checkConcurrency, consume, mapAsync, mapOver, type Tap} from '../../../lib/context/rx/bounded-work.js';
import type {MsgStream} from '../../../lib/context/rx/msg-stream.js';
import {type Calls, over} from '../../kit/over-pair.js';
import {type Callee, type Caller, newPair, turns, until} from '../../kit/pair.js';

/** A stream that is consumed here, without another actor. */
interface Local {
  readonly inlet: Inlet;
  readonly tap: Tap;
  readonly grants: Grant[];
  /** `leave`, `fail` and how the consumer was told, in order. */
  readonly told: unknown[];
}

function local(window = 2): Local {
  const grants: Grant[] = [];
  const told: unknown[] = [];
  const inlet = new Inlet({window, windowBytes: 1_000, grant: grant => grants.push(grant)});
  inlet.open();
  const tap: Tap = {inlet, leave: () => told.push('leave'), fail: error => told.push(['fail', error])};
  return {inlet, tap, grants, told};
}

function arrive(inlet: Inlet, ...values: unknown[]): void {
  for (const value of values) inlet.accept(inlet.received + 1, value, 1);
  inlet.deliver();
}

/** A function whose work on each value ends when the test says so. */
function byHand(): {
  fn: (value: unknown) => Promise<void>;
  begun: unknown[];
  done: (value: unknown) => Promise<void>;
  fail: (value: unknown, error: unknown) => Promise<void>;
} {
  const begun: unknown[] = [];
  const jobs = new Map<unknown, {resolve: () => void; reject: (error: unknown) => void}>();
  return {
    fn: value => {
      begun.push(value);
      return new Promise((resolve, reject) => jobs.set(value, {resolve, reject}));
    },
    begun,
    done: async value => {
      jobs.get(value)?.resolve();
      await microtasks();
    },
    fail: async (value, error) => {
      jobs.get(value)?.reject(error);
      await microtasks();
    },
  };
}

async function microtasks(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

function startConsume({tap, told}: Local, fn: (value: unknown) => unknown, concurrency = 1): void {
  consume(
    tap,
    fn,
    concurrency,
    () => told.push('resolve'),
    error => told.push(['reject', error]),
  );
}

const scopeOf = (): Scope => new Scope('a spec');

/** A mapAsync, and what it has given so far; each value's results come from a Subject of that name. */
function startMap(
  {tap}: Local,
  concurrency: number,
  ordered: boolean,
): {seen: unknown[]; inner: (name: unknown) => Subject<unknown>; output: Observable<unknown>} {
  const inner = new Map<unknown, Subject<unknown>>();
  const output = mapAsync<unknown, unknown>(
    () => tap,
    scopeOf,
    value => {
      const results = new Subject<unknown>();
      inner.set(value, results);
      return results;
    },
    concurrency,
    ordered,
  );
  const seen: unknown[] = [];
  output.subscribe({
    next: value => seen.push(value),
    error: error => seen.push(['error', error]),
    complete: () => seen.push('end'),
  });
  return {seen, inner: name => inner.get(name) as Subject<unknown>, output};
}

test('F2: consume returns credit when the promise of a value settles, and not before', async t => {
  const here = local(1);
  const work = byHand();
  startConsume(here, work.fn);
  arrive(here.inlet, 'a');
  await microtasks();
  t.deepEqual(work.begun, ['a']);
  t.is(here.grants.length, 1);
  await work.done('a');
  t.deepEqual(here.grants.at(-1), {messages: 2, bytes: 1_001});
});

test('F2: credit returns in order: what is done behind a value that is not waits for it', async t => {
  const here = local(2);
  const work = byHand();
  startConsume(here, work.fn, 2);
  arrive(here.inlet, 'a', 'b');
  await microtasks();
  await work.done('b');
  t.is(here.grants.length, 1);
  await work.done('a');
  t.deepEqual(here.grants.at(-1), {messages: 4, bytes: 1_002});
});

test('consume works on at most so many values at a time, and begins them in order', async t => {
  const here = local(5);
  const work = byHand();
  startConsume(here, work.fn, 2);
  arrive(here.inlet, 'a', 'b', 'c', 'd');
  await microtasks();
  t.deepEqual(work.begun, ['a', 'b']);
  await work.done('b');
  t.deepEqual(work.begun, ['a', 'b', 'c'], 'one that waits behind another makes room');
  await work.done('c');
  t.deepEqual(work.begun, ['a', 'b', 'c', 'd']);
});

test('consume begins nothing within the call, so that all who come in this turn see the backlog', async t => {
  const here = local();
  arrive(here.inlet, 'a');
  const first: unknown[] = [];
  const second: unknown[] = [];
  startConsume(here, value => first.push(value));
  t.deepEqual(first, []);
  startConsume(here, value => second.push(value));
  await microtasks();
  t.deepEqual([first, second], [['a'], ['a']]);
});

test('a function that returns no promise is done at once, and a hundred thousand values cost no stack', async t => {
  const here = local(200_000);
  let count = 0;
  for (let i = 1; i <= 100_000; i++) here.inlet.accept(i, i, 0);
  startConsume(here, () => count++);
  here.inlet.finish({});
  await microtasks();
  t.is(count, 100_000);
  t.deepEqual(here.told, ['resolve', 'leave']);
});

test('a regular end is told when the last job is done', async t => {
  const here = local();
  const work = byHand();
  startConsume(here, work.fn, 2);
  arrive(here.inlet, 'a', 'b');
  here.inlet.finish({});
  await microtasks();
  await work.done('b');
  t.deepEqual(here.told, []);
  await work.done('a');
  t.deepEqual(here.told, ['resolve', 'leave']);
});

test('an end with an error is told while jobs run, and what they come to is of no consequence', async t => {
  const here = local(3);
  const work = byHand();
  const error = new Error('the stream failed');
  startConsume(here, work.fn, 3);
  arrive(here.inlet, 'a', 'b');
  await microtasks();
  here.inlet.finish({error});
  t.deepEqual(here.told, [['reject', error], 'leave']);
  await work.done('a');
  await work.fail('b', new Error('late'));
  t.is(here.told.length, 2);
});

for (const [how, fn] of Object.entries({
  throws: (error: unknown) => {
    throw error;
  },
  rejects: (error: unknown) => Promise.reject(error),
})) {
  test(`S5: a function that ${how} rejects the promise and fails the tap, and gets no more`, async t => {
    const here = local(3);
    const error = new Error('work');
    let calls = 0;
    startConsume(here, () => {
      calls++;
      return fn(error);
    });
    arrive(here.inlet, 'a', 'b');
    await microtasks();
    t.is(calls, 1);
    t.deepEqual(here.told, [
      ['reject', error],
      ['fail', error],
    ]);
    t.is(here.inlet.consumers, 0);
    t.is(here.grants.length, 1, 'what failed is not done');
  });
}

test('an end with an error is told also while as many jobs run as may', async t => {
  const here = local();
  const error = new Error('the stream failed');
  startConsume(here, byHand().fn);
  arrive(here.inlet, 'a');
  await microtasks();
  here.inlet.finish({error});
  t.deepEqual(here.told, [['reject', error], 'leave']);
});

test('S5: of several jobs that fail the first is told, and only that', async t => {
  const here = local(3);
  const work = byHand();
  const error = new Error('first');
  startConsume(here, work.fn, 3);
  arrive(here.inlet, 'a', 'b');
  await microtasks();
  await work.fail('b', error);
  await work.fail('a', new Error('second'));
  t.deepEqual(here.told, [
    ['reject', error],
    ['fail', error],
  ]);
});

test('mapAsync gives results as they come, and with `ordered` in the order of the values', async t => {
  for (const [ordered, expected] of [
    [false, ['b1', 'a1', 'b2', 'a2', 'end']],
    [true, ['a1', 'a2', 'b1', 'b2', 'end']],
  ] as const) {
    const here = local(3);
    const {seen, inner} = startMap(here, 2, ordered);
    arrive(here.inlet, 'a', 'b');
    here.inlet.finish({});
    await microtasks();
    inner('b').next('b1');
    inner('a').next('a1');
    inner('b').next('b2');
    inner('b').complete();
    inner('a').next('a2');
    inner('a').complete();
    t.deepEqual(seen, expected);
  }
});

test('an ordered mapAsync gives the results of the first value at once', async t => {
  const here = local(3);
  const {seen, inner} = startMap(here, 2, true);
  arrive(here.inlet, 'a', 'b');
  await microtasks();
  inner('b').next('b1');
  inner('a').next('a1');
  t.deepEqual(seen, ['a1']);
  inner('a').complete();
  t.deepEqual(seen, ['a1', 'b1']);
  inner('b').next('b2');
  t.deepEqual(seen, ['a1', 'b1', 'b2'], 'the next in turn is not held back either');
});

test('an ordered mapAsync bounds what waits for earlier values too', async t => {
  const here = local(5);
  const {inner} = startMap(here, 2, true);
  arrive(here.inlet, 'a', 'b', 'c');
  await microtasks();
  inner('b').complete();
  t.falsy(inner('c'));
  inner('a').complete();
  t.truthy(inner('c'));
});

test('an ordered mapAsync loses no result where a later value is done at once', async t => {
  const here = local(5);
  const a = new Subject<string>();
  const seen: string[] = [];
  const source: Record<string, Observable<string> | string[]> = {a, b: ['b1', 'b2'], c: of('c1'), d: ['d1']};
  mapAsync<string, string>(
    () => here.tap,
    scopeOf,
    name => source[name] ?? [],
    2,
    true,
  ).subscribe({next: value => seen.push(value), complete: () => seen.push('end')});
  arrive(here.inlet, 'a', 'b', 'c', 'd');
  here.inlet.finish({});
  await microtasks();
  t.deepEqual(seen, []);
  a.next('a1');
  a.complete();
  t.deepEqual(seen, ['a1', 'b1', 'b2', 'c1', 'd1', 'end']);
});

for (const ordered of [false, true]) {
  const name = ordered ? 'an ordered mapAsync' : 'mapAsync';

  test(`${name} takes synchronous sources, promises and iterables`, async t => {
    const here = local(5);
    const seen: unknown[] = [];
    const kinds = [of(1), [2, 3], Promise.resolve(4), 'ab', []];
    mapAsync<number, unknown>(
      () => here.tap,
      scopeOf,
      index => kinds[index] as Observable<unknown>,
      1,
      ordered,
    ).subscribe({next: value => seen.push(value), complete: () => seen.push('end')});
    arrive(here.inlet, 0, 1, 2, 3, 4);
    here.inlet.finish({});
    await microtasks();
    t.deepEqual(seen, [1, 2, 3, 4, 'a', 'b', 'end']);
    t.deepEqual(here.told, ['leave']);
  });

  test(`unsubscribing ${name} in a synchronous burst of an inner source ends that at once`, async t => {
    const here = local(2);
    let made = 0;
    const seen: unknown[] = [];
    mapAsync<string, number>(
      () => here.tap,
      scopeOf,
      () =>
        (function* () {
          while (made < 1_000) yield made++;
        })(),
      1,
      ordered,
    )
      .pipe(take(2))
      .subscribe(value => seen.push(value));
    arrive(here.inlet, 'a', 'b');
    await microtasks();
    t.deepEqual(seen, [0, 1]);
    t.true(made <= 3, `${made} were made`);
    t.deepEqual(here.told, ['leave']);
  });

  test(`the error of an inner source ends ${name} and the others, and fails the tap`, async t => {
    const here = local(3);
    const {seen, inner} = startMap(here, 2, ordered);
    const error = new Error('inner');
    arrive(here.inlet, 'a', 'b', 'c');
    await microtasks();
    inner('b').error(error);
    t.deepEqual(seen, [['error', error]]);
    t.false(inner('a').observed);
    t.falsy(inner('c'));
    t.deepEqual(here.told, [['fail', error], 'leave']);
    t.is(here.inlet.consumers, 0);
  });

  test(`S5: a throw in the function of ${name} is its error, and fails the tap`, async t => {
    const here = local(3);
    const error = new Error('function');
    const seen: unknown[] = [];
    mapAsync(
      () => here.tap,
      scopeOf,
      () => {
        throw error;
      },
      1,
      ordered,
    ).subscribe({error: told => seen.push(told)});
    arrive(here.inlet, 'a', 'b');
    await microtasks();
    t.deepEqual(seen, [error]);
    t.deepEqual(here.told, [['fail', error], 'leave']);
  });
}

test('leaving mapAsync mid-way gives back what was not done, and all behind it', async t => {
  const here = local(4);
  const first = new Map<unknown, Subject<unknown>>();
  const subscription = mapAsync<unknown, unknown>(
    () => here.tap,
    scopeOf,
    value => {
      first.set(value, new Subject());
      return first.get(value) as Subject<unknown>;
    },
    2,
    false,
  ).subscribe();
  arrive(here.inlet, 'a', 'b', 'c');
  await microtasks();
  first.get('a')?.complete();
  t.deepEqual([...first.keys()], ['a', 'b', 'c']);
  subscription.unsubscribe();
  t.false(first.get('b')?.observed);
  const second: unknown[] = [];
  startConsume(here, value => second.push(value));
  await microtasks();
  t.deepEqual(second, ['b', 'c']);
});

test('mapAsync is cold: it opens at each subscription, and lets go once', async t => {
  const here = local();
  let opened = 0;
  const output = mapAsync<unknown, unknown>(
    () => {
      opened++;
      return here.tap;
    },
    scopeOf,
    value => [value],
    1,
    false,
  );
  t.is(opened, 0);
  output.subscribe().unsubscribe();
  t.is(opened, 1);
  t.deepEqual(here.told, ['leave']);
  output.subscribe();
  t.is(opened, 2);
});

for (const concurrency of [0, -1, 0.5, 1.5, Number.NaN, '2' as unknown as number]) {
  test(`a concurrency of ${JSON.stringify(concurrency)} is refused`, t => {
    t.throws(() => checkConcurrency(() => {}, concurrency), {instanceOf: RangeError, message: /concurrency/});
  });
}

test('what is no function is refused, and any number of values from 1 on is not', t => {
  t.throws(() => checkConcurrency('x', 1), {instanceOf: TypeError});
  t.notThrows(() => checkConcurrency(() => {}, 1));
  t.notThrows(() => checkConcurrency(() => {}, Number.POSITIVE_INFINITY));
});

test('mapOver bounds and orders what it makes of any Observable', async t => {
  const inner = [0, 1, 2].map(() => new Subject<string>());
  const begun: number[] = [];
  const seen: string[] = [];
  mapOver(
    range(0, 3),
    index => {
      begun.push(index);
      return index === 2 ? of('c') : (inner[index] as Subject<string>);
    },
    2,
    true,
  ).subscribe({next: value => seen.push(value), complete: () => seen.push('end')});
  t.deepEqual(begun, [0, 1]);
  inner[1]?.next('b');
  inner[1]?.complete();
  inner[0]?.next('a');
  t.deepEqual(seen, ['a']);
  inner[0]?.complete();
  t.deepEqual(seen, ['a', 'b', 'c', 'end']);
});

type Wire = MsgStream<unknown, unknown>;
async function opened(
  calls: Calls,
  window: number,
): Promise<{ctx: Caller; near: Wire; far: Wire; end: (value?: unknown) => void; callee: Callee}> {
  let held: {far: Wire; callee: Callee; end: (value?: unknown) => void} | undefined;
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return new Promise((resolve, reject) => {
      callee.signal.addEventListener('abort', () => reject(callee.signal.reason));
      held = {callee, far: callee.openStream(), end: resolve};
    });
  });
  return {ctx, near: ctx.openStream({window}), ...(held as NonNullable<typeof held>)};
}

function* counting(made: {count: number}, last = Number.POSITIVE_INFINITY): Generator<number> {
  while (made.count < last) yield made.count++;
}

over(
  'F2: the sender of a stream that is consumed is never ahead of the work by more than the window',
  async (t, pair) => {
    const made = {count: 0};
    let done = 0;
    let ahead = 0;
    await pair
      .with({window: 4})
      .stream(() => counting(made, 40))
      .consume(
        async () => {
          await turns(3);
          ahead = Math.max(ahead, made.count - done);
          done++;
        },
        {concurrency: 2},
      );
    t.is(done, 40);
    t.is(ahead, 4);
  },
);

over('F2: nor is that of one that is mapped', async (t, pair) => {
  const made = {count: 0};
  let done = 0;
  let ahead = 0;
  const seen: number[] = [];
  await pair
    .with({window: 4})
    .stream(() => counting(made, 40))
    .mapAsync(
      async (value: number) => {
        await turns(1 + (value % 3));
        ahead = Math.max(ahead, made.count - done);
        done++;
        return value;
      },
      {concurrency: 3, ordered: true},
    )
    .forEach(value => {
      seen.push(value);
    });
  t.deepEqual(
    seen,
    Array.from({length: 40}, (_, i) => i),
  );
  t.true(
    ahead <= 4 + 2,
    `${ahead}: those that are done behind one that is not return no credit, but count as done here`,
  );
});

over('S5: a consume that fails on a cold stream cancels the remote function, and rejects', async (t, _, calls) => {
  const error = new Error('work');
  let ended = false;
  const source = calls.stream(() =>
    (function* () {
      try {
        for (;;) yield 1;
      } finally {
        ended = true;
      }
    })(),
  );
  t.is(await t.throwsAsync(source.consume(() => Promise.reject(error))), error);
  await until(() => ended);
});

over('S5: a consume that fails on a MsgStream fails the context at both ends, and rejects', async (t, _, calls) => {
  const {ctx, near, far, callee} = await opened(calls, 4);
  const error = new RangeError('work');
  const consumed = near.consume(() => {
    throw error;
  });
  far.next(1);
  t.is(await t.throwsAsync(consumed), error);
  await until(() => callee.signal.aborted);
  t.true(callee.signal.reason instanceof ContextCancelled);
  t.is(await t.throwsAsync(ctx.result()), error);
});

over('a consume rejects with the error of the stream', async (t, _, calls) => {
  const seen: unknown[] = [];
  const error = await t.throwsAsync(
    calls
      .stream(() =>
        concat(
          of(1, 2),
          throwError(() => new RangeError('over there')),
        ),
      )
      .consume(v => seen.push(v)),
  );
  t.true(error instanceof RemoteActorError && error.cause instanceof RangeError);
  t.deepEqual(seen, [1, 2]);
});

for (const [form, failing] of Object.entries({
  'of a cold stream': async (calls: Calls, fn: () => unknown): Promise<void> =>
    void calls.stream(() => [1, 2, 3]).consume(fn),
  'of a MsgStream': async (calls: Calls, fn: () => unknown): Promise<void> => {
    const {near, far} = await opened(calls, 4);
    void near.consume(fn, {concurrency: 2});
    far.next(1);
    far.next(2);
  },
})) {
  test(`T9: when nobody asks, the failure of a consume ${form} goes to the owner, once`, async t => {
    const pair = await newPair();
    const error = new Error('work');
    let calls = 0;
    await failing(pair.with({}), async () => {
      await turns(2);
      throw calls++ === 0 ? error : new Error('of another job');
    });
    const {scope} = pair.near.actor;
    await until(() => scope.failures.length > 0);
    await pair.quiet();
    await turns();
    t.deepEqual(scope.failures, [error]);
  });
}

over('unsubscribing mapAsync mid-way cancels the function of a cold stream', async (t, _, calls) => {
  const made = {count: 0};
  const seen: unknown[] = [];
  await new Promise<void>(resolve => {
    calls
      .stream(() => counting(made))
      .mapAsync((value: number) => of(value))
      .pipe(take(3))
      .subscribe({next: value => seen.push(value), complete: resolve});
  });
  t.deepEqual(seen, [0, 1, 2]);
});

over(
  'unsubscribing mapAsync mid-way keeps a MsgStream open, and the next consumer has what was not done',
  async (t, _, calls) => {
    const {ctx, near, far, end} = await opened(calls, 4);
    const first: unknown[] = [];
    const subscription = near
      .mapAsync(value => {
        first.push(value);
        return value === 'a' ? of<unknown>(value) : new Subject<unknown>();
      })
      .subscribe();
    for (const value of 'abc') far.next(value);
    await until(() => first.length === 2);
    subscription.unsubscribe();
    far.complete();
    const second: unknown[] = [];
    await near.consume(value => second.push(value));
    t.deepEqual(
      [first, second],
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
    );
    t.like(near.stats, {received: 3, dropped: 0});
    t.like(far.stats, {sent: 3, dropped: 0, queuedBytes: 0});
    end();
    await ctx.result();
  },
);

test('leaving the scope of a consume that runs rejects it as cancelled, and is no failure of the scope', async t => {
  const pair = await newPair();
  const scope = new Scope('the test’s scope', pair.near.actor.scope);
  const stream = pair.with({window: 1, scope: {[scopeKey]: scope}}).stream(() => counting({count: 0}));
  const work = byHand();
  const consumed = stream.consume(work.fn);
  await until(() => work.begun.length === 1);
  const told = consumed.catch(error => error);
  await scope.leave(false);
  const error = await Promise.race([told, turns(20).then(() => 'it hangs')]);
  t.true(error instanceof ContextCancelled, String(error));
  await turns();
  t.deepEqual(scope.failures, []);
  t.deepEqual(pair.near.actor.scope.failures, []);
  await pair.quiet();
});

for (const failed of [false, true])
  test(`a consume whose scope is left${failed ? ' with an error' : ''} begins no work on what waits`, async t => {
    const pair = await newPair();
    const scope = new Scope('the test’s scope', pair.near.actor.scope);
    const stream = pair.with({scope: {[scopeKey]: scope}}).stream(() => counting({count: 0}));
    const work = byHand();
    const told = stream.consume(work.fn).catch(error => error);
    await until(() => work.begun.length === 1);
    await turns();
    const left = scope.leave(failed);
    await work.done(work.begun[0]);
    await left;
    t.true((await told) instanceof ContextCancelled);
    t.is(work.begun.length, 1);
    await pair.quiet();
  });

test('X5: a consume and a result that nobody asks about are no failure of the scope that is left', async t => {
  const pair = await newPair();
  const scope = new Scope('the test’s scope', pair.near.actor.scope);
  const calls = pair.with({scope: {[scopeKey]: scope}, onExit: 'cancel'});
  let begun = 0;
  void calls.stream(() => counting({count: 0})).consume(() => begun++);
  void calls.run(() => {
    begun++;
    return sleep(1e9);
  });
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return sleep(1e9);
  });
  void ctx.result();
  await until(() => begun > 1);
  await scope.leave(false);
  await turns();
  t.deepEqual(scope.failures, []);
  t.is(scope.cancelled, undefined);
  await pair.quiet();
});
