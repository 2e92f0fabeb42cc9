// Streams between two actors: half-close, consumers that come and go, credit, sources, and what fails.
import util from 'node:util';
import test from 'ava';
import {catchError, concat, EMPTY, finalize, map, Observable, of, range, retry, take, throwError, toArray} from 'rxjs';
import {
  ContextCancelled,
  type Lagged,
  RemoteActorError,
  StreamClosed,
  StreamOverrun,
  Unserializable,
} from '../../../lib/base/errors.js';
import {Outlet, placeBytes} from '../../../lib/context/flow/outlet.js';
import type {MsgStream} from '../../../lib/context/rx/msg-stream.js';
import type {RemoteStream} from '../../../lib/context/rx/remote-stream.js';
import {over} from '../../kit/over-pair.js';
import {type Callee, type Caller, type Pair, turns, until} from '../../kit/pair.js';

type Wire = MsgStream<unknown, unknown>;
const numbers = (count: number): number[] => Array.from({length: count}, (_, i) => i);
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}
async function all(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const value of source) seen.push(value);
  return seen;
}

/** A context whose far end is held by the test too: its stream, and how to let its function return. */
async function opened(
  calls: ReturnType<Pair['with']>,
  options: {near?: object; far?: object} = {},
): Promise<{
  ctx: Caller;
  near: Wire;
  far: Wire;
  end: (value?: unknown) => void;
  fail: (error: unknown) => void;
  callee: Callee;
}> {
  let held: {far: Wire; callee: Callee; end: (value?: unknown) => void; fail: (error: unknown) => void} | undefined;
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return new Promise((resolve, reject) => {
      callee.signal.addEventListener('abort', () => reject(callee.signal.reason));
      held = {callee, far: callee.openStream(options.far), end: resolve, fail: reject};
    });
  });
  return {ctx, near: ctx.openStream(options.near), ...(held as NonNullable<typeof held>)};
}

over(
  'S1: a sender waits for a receiver that has not opened its end: no credit is granted before',
  async (t, pair, calls) => {
    let sent = false;
    const ctx = await calls.openContext(async callee => {
      callee.started.next(0);
      await callee.openStream().send('hello');
      sent = true;
    });
    await turns();
    t.false(sent);
    t.false(pair.wire.includes('→ Credit'));
    t.is((await ctx.openStream().iterate().next()).value, 'hello');
    await ctx.result();
    t.true(sent);
  },
);

over('S2: complete ends the other side’s receiving, which may go on sending', async (t, _, calls) => {
  const {ctx, near, far, end} = await opened(calls);
  near.complete();
  near.complete();
  t.deepEqual(await all(far), []);
  const seen = all(near);
  await far.send(1);
  far.next(2);
  end('done');
  t.is(await ctx.result(), 'done');
  t.deepEqual(await seen, [1, 2]);
});

over('S2: complete is said behind what waits', async (t, _, calls) => {
  const {ctx, near, far, end} = await opened(calls, {far: {window: 1}});
  for (const value of numbers(10)) near.next(value);
  near.complete();
  t.deepEqual(await all(far), numbers(10));
  end();
  await ctx.result();
});

over('S2: close ends both directions: the other side’s send rejects, its receiving completes', async (t, _, calls) => {
  const {ctx, near, far, end} = await opened(calls);
  await near.close();
  await near.close();
  t.true(near.closed);
  t.deepEqual(await all(far), []);
  t.true((await errorOf(far.send(1))) instanceof StreamClosed);
  t.true((await errorOf(near.send(1))) instanceof StreamClosed);
  t.true(far.closed);
  end('went on');
  t.is(await ctx.result(), 'went on', 'C7, X1: the Return behind the stream arrives, and the task ran on');
});

over('S2: closes that cross, with values on their way, harm nobody', async (t, _, calls) => {
  const {ctx, near, far, end} = await opened(calls);
  near.next(1);
  far.next(2);
  void near.close();
  void far.close();
  await turns();
  end('done');
  t.is(await ctx.result(), 'done');
});

over('S3: what came before anybody subscribed is delivered then, in a microtask', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls);
  for (const value of numbers(3)) far.next(value);
  await until(() => near.stats.received === 3);
  const first: unknown[] = [];
  const second: unknown[] = [];
  near.subscribe({next: value => first.push(value), error: () => {}});
  near.subscribe({next: value => second.push(value), error: () => {}});
  t.deepEqual([first, second], [[], []]);
  await Promise.resolve();
  t.deepEqual([first, second], [numbers(3), numbers(3)]);
  await ctx.cancel();
});

over('S3: a subscriber that leaves keeps the stream open, and the next goes on without loss', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {near: {window: 2}});
  const pumped = far.pump(numbers(20));
  const seen: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    await new Promise<void>(resolve => {
      near.pipe(take(3)).subscribe({next: value => seen.push(value), complete: resolve});
    });
  }
  for await (const value of near) {
    seen.push(value);
    if (seen.length === 15) break;
  }
  t.false(near.closed);
  seen.push(...(await all(near)));
  await pumped;
  t.deepEqual(seen, numbers(20));
  await ctx.cancel();
});

over('several consumers each see every value in order, and the slowest holds the credit', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {near: {window: 2}});
  const pushed: unknown[] = [];
  near.subscribe({next: value => pushed.push(value), error: () => {}});
  const [fast, slow] = [near.iterate(), near.iterate()];
  const pumped = far.pump(numbers(10));
  const quick = all(fast);
  await turns();
  t.true(pushed.length <= 2, 'the slow one has taken nothing');
  t.deepEqual(await all(slow), numbers(10));
  t.deepEqual(await quick, numbers(10));
  await pumped;
  t.deepEqual(pushed, numbers(10));
  await ctx.cancel();
});

over('S4: catchError sees the remote error, and finalize runs once', async (t, _, calls) => {
  const {ctx, near, far, fail} = await opened(calls);
  const log: unknown[] = [];
  far.next(1);
  near
    .pipe(
      finalize(() => log.push('finalized')),
      catchError(error => {
        log.push((error as RemoteActorError).cause);
        return of('instead');
      }),
    )
    .subscribe({next: value => log.push(value), complete: () => log.push('complete')});
  await turns();
  const why = new RangeError('remote');
  fail(why);
  await until(() => log.includes('complete'));
  t.is(log[0], 1);
  t.true(log[1] instanceof RangeError);
  t.deepEqual(log.slice(2).sort(), ['complete', 'finalized', 'instead']);
  t.true((await errorOf(ctx.result())) instanceof RemoteActorError);
});

over('S4: a retry of a stream that has ended does not starve the loop', async (t, _, calls) => {
  const {ctx, near, fail} = await opened(calls);
  fail(new Error('gone'));
  await errorOf(ctx.result());
  let tries = 0;
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await new Promise<void>(resolve => {
    const source = new Observable(subscriber => {
      tries++;
      return near.subscribe(subscriber);
    });
    source.pipe(retry({count: 50})).subscribe({error: () => resolve()});
  });
  t.is(tries, 51);
  t.true(turned, 'the loop turned while it retried');
});

over('S4: a subscription to a stream that has failed before it is told what to retry', async (t, _, calls) => {
  const {ctx, near, fail} = await opened(calls);
  const subscribed = (): Promise<unknown> => errorOf(near.forEach(() => {}));
  const inTime = subscribed();
  fail(new RangeError('gone'));
  const original = (await errorOf(ctx.result())) as RemoteActorError;
  t.is(await inTime, original);
  const late = (await subscribed()) as RemoteActorError;
  t.true(late instanceof RemoteActorError);
  t.true(late instanceof Error && util.types.isNativeError(late));
  t.regex(late.message, /^RangeError: gone \(.*portal\.stream\(\) or portal\.context\(\)/);
  t.true(late.stack?.includes(late.message));
  t.deepEqual(
    [late.code, late.cause, late.type, late.path],
    [original.code, original.cause, original.type, original.path],
  );
  t.notRegex(original.message, /portal/);
  t.is(await subscribed(), late);
});

over('S4, E7: so is one to a stream that was cancelled', async (t, _, calls) => {
  const {ctx, near} = await opened(calls);
  await ctx.cancel('mine');
  const late = (await errorOf(near.forEach(() => {}))) as ContextCancelled;
  t.true(late instanceof ContextCancelled);
  t.like(late, {reason: 'requested', cause: 'mine', acked: true});
  t.regex(late.message, /portal\.stream\(\) or portal\.context\(\)/);
});

over('S5: a throw in a direct subscriber fails its context, and no other', async (t, _, calls) => {
  const [one, other] = [await opened(calls), await opened(calls)];
  const mine = new Error('mine');
  one.near.subscribe(() => {
    throw mine;
  });
  one.far.next(1);
  t.is(await errorOf(one.ctx.result()), mine);
  await until(() => one.callee.signal.aborted);
  other.far.next(1);
  t.is((await other.near.iterate().next()).value, 1);
  await other.ctx.cancel();
});

// Alone, because warnings belong to the whole process.
over(
  'S6: after the peer has closed, next drops, counts and warns once',
  async (t, _, calls) => {
    const {ctx, near, far} = await opened(calls);
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    await far.close();
    await until(() => near.closed);
    near.next(1);
    near.next(2);
    await turns();
    process.off('warning', note);
    t.is(near.stats.dropped, 2);
    t.is(warnings.filter(warning => (warning as Error & {code: string}).code === 'ERR_STREAM_CLOSED').length, 1);
    await ctx.cancel();
  },
  test.serial,
);

over('S7: so does a stream that is opened only after its peer has completed it and failed', async (t, _, calls) => {
  let fail = (_error: unknown): void => {};
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    callee.openStream().complete();
    return new Promise((_, reject) => {
      fail = reject;
    });
  });
  const failed = new Promise(resolve => ctx.signal.addEventListener('abort', resolve));
  fail(new RangeError('later'));
  await failed;
  await errorOf(ctx.result());
  const error = await errorOf(ctx.openStream().iterate().next());
  t.true((error as RemoteActorError).cause instanceof RangeError);
});

over(
  'E7: every pending and later read of a cancelled context ends with ContextCancelled, the own cancel included',
  async (t, _, calls) => {
    const {ctx, near} = await opened(calls);
    const pending = errorOf(near.iterate().next());
    const subscribed = errorOf(
      new Promise((resolve, reject) => near.subscribe({error: reject, complete: () => resolve(1)})),
    );
    await ctx.cancel();
    for (const error of [await pending, await subscribed, await errorOf(near.iterate().next())])
      t.true(error instanceof ContextCancelled, String(error));
  },
);

over('E7: so does a read of a stream that was completed before the cancel', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls);
  far.complete();
  t.deepEqual(await all(near), []);
  await ctx.cancel();
  t.true((await errorOf(near.iterate().next())) instanceof ContextCancelled);
});

over('E7: sends that wait reject with the cancellation', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {far: {window: 1}});
  void far;
  await near.send(1);
  const waiting = errorOf(near.send(2));
  await ctx.cancel();
  t.true((await waiting) instanceof ContextCancelled);
  t.true((await errorOf(near.send(3))) instanceof ContextCancelled);
});

over('F2: an iterable is asked only when there is credit, and let go when the stream closes', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {far: {window: 2}});
  let asked = 0;
  let returned = false;
  function* source(): Generator<number> {
    try {
      for (;;) yield asked++;
    } finally {
      returned = true;
    }
  }
  const pumped = errorOf(near.pump(source()));
  await turns();
  t.is(asked, 2);
  const reader = far.iterate();
  await reader.next();
  await turns();
  t.is(asked, 3);
  t.false(returned);
  await far.close();
  t.true((await pumped) instanceof StreamClosed);
  t.true(returned);
  await ctx.cancel();
});

over('F2: an async iterable too is asked only when there is credit', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {far: {window: 3}});
  let asked = 0;
  const pumped = near.pump(
    (async function* () {
      while (asked < 10) yield asked++;
    })(),
  );
  await turns();
  t.is(asked, 3);
  t.deepEqual(await all(far), numbers(10));
  await pumped;
  await ctx.cancel();
});

over('F2: an Observable is unsubscribed at once when it overruns, also in a synchronous burst', async (t, _, calls) => {
  const {ctx, near, callee} = await opened(calls, {near: {bufferBytes: 1_000}});
  let made = 0;
  let unsubscribed = false;
  const burst = new Observable<string>(subscriber => {
    while (made < 1_000_000 && !subscriber.closed) {
      made++;
      subscriber.next('x'.repeat(98));
    }
    return () => {
      unsubscribed = true;
    };
  });
  const error = await errorOf(near.pump(burst));
  t.true(error instanceof StreamOverrun, String(error));
  t.regex((error as Error).message, /iterable/);
  t.true(unsubscribed);
  t.true(made < 1_050, `${made} values were made`);
  t.is(await errorOf(ctx.result()), error, 'F3: the context fails at both ends');
  await until(() => callee.signal.aborted);
});

over(
  'F3: next beyond bufferBytes never throws: the context fails with StreamOverrun at both ends',
  async (t, _, calls) => {
    const {ctx, near, callee} = await opened(calls, {near: {bufferBytes: 100}, far: {window: 1}});
    for (let i = 0; i < 5 && !near.closed; i++) near.next('x'.repeat(48));
    t.true((await errorOf(ctx.result())) instanceof StreamOverrun);
    await until(() => callee.signal.aborted);
    t.is(((callee.signal.reason as ContextCancelled).cause as RemoteActorError).type, 'StreamOverrun');
  },
);

over('F3: send waits for room, in order with what was pushed', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {far: {window: 1}});
  const log: number[] = [];
  for (const value of numbers(4)) void near.send(value).then(() => log.push(value));
  near.next(4);
  await turns();
  t.deepEqual(log, [0]);
  near.complete();
  t.deepEqual(await all(far), numbers(5));
  t.deepEqual(log, numbers(4));
  await ctx.cancel();
});

over('F6: what happens to a value after next and send changes nothing', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {far: {window: 1}});
  const object = {n: 1};
  const binary = new Uint8Array(20_000).fill(1);
  near.next(object);
  const sent = near.send(object);
  near.next(binary);
  near.complete();
  object.n = 2;
  binary.fill(2);
  const [first, second, third] = await all(far);
  await sent;
  t.deepEqual([first, second], [{n: 1}, {n: 1}]);
  t.true((third as Uint8Array).every(byte => byte === 1));
  await ctx.cancel();
});

over(
  'K77: a value that cannot cross is refused by send: that call alone, and no number is taken',
  async (t, _, calls) => {
    const {ctx, near, far} = await opened(calls);
    await near.send(1);
    const error = await errorOf(near.send({deep: [() => 1]}));
    t.true(error instanceof Unserializable);
    await near.send(2);
    near.complete();
    t.deepEqual(await all(far), [1, 2]);
    t.is(near.stats.sent, 2);
    await ctx.cancel();
  },
);

over('K77: pushed by next it fails the context at both ends', async (t, _, calls) => {
  const {ctx, near, callee} = await opened(calls);
  near.next(() => 1);
  t.true((await errorOf(ctx.result())) instanceof Unserializable);
  await until(() => callee.signal.aborted);
});

over('the error of a pumped source is told to the pump: the context lives', async (t, _, calls) => {
  const {ctx, near, far, end} = await opened(calls);
  const mine = new Error('source');
  t.is(await errorOf(near.pump(throwError(() => mine))), mine);
  t.is(
    await errorOf(
      near.pump(
        (function* () {
          yield 1;
          throw mine;
        })(),
      ),
    ),
    mine,
  );
  await near.send(2);
  near.complete();
  t.deepEqual(await all(far), [1, 2]);
  end('alive');
  t.is(await ctx.result(), 'alive');
});

over('pump completes the stream behind its source, unless it is told not to', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls);
  await near.pump([1, 2], {complete: false});
  await near.pump(of(3));
  t.deepEqual(await all(far), [1, 2, 3]);
  await ctx.cancel();
});

over(
  'a pump that is over leaves no listener behind, whatever its source was',
  async (t, _, calls) => {
    const {onClosed} = Outlet.prototype;
    let listening = 0;
    Outlet.prototype.onClosed = function (listener) {
      const stop = onClosed.call(this, listener);
      listening++;
      return () => {
        listening--;
        stop();
      };
    };
    t.teardown(() => {
      Outlet.prototype.onClosed = onClosed;
    });
    const {ctx, near, far} = await opened(calls);
    const seen = all(far);
    const before = listening;
    await near.pump(of(1), {complete: false});
    await near.pump([2], {complete: false});
    await errorOf(near.pump(throwError(() => new Error('source'))));
    t.is(listening, before);
    near.complete();
    t.deepEqual(await seen, [1, 2]);
    await ctx.cancel();
  },
  test.serial,
);

over('source$.subscribe(wire) sends, and an error of it fails the context at both ends', async (t, _, calls) => {
  const {ctx, near, far, callee} = await opened(calls);
  const mine = new RangeError('source');
  const seen: unknown[] = [];
  far.subscribe({next: value => seen.push(value), error: () => {}});
  concat(
    of(1, 2),
    throwError(() => mine),
  ).subscribe(near);
  t.is(await errorOf(ctx.result()), mine);
  await until(() => callee.signal.aborted);
  t.deepEqual(seen, [1, 2]);
  t.true(((callee.signal.reason as ContextCancelled).cause as RemoteActorError).cause instanceof RangeError);
});

over('what a function pushed before it returned arrives before its result', async (t, _, calls) => {
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    const wire = callee.openStream();
    for (const value of numbers(100)) wire.next(value);
    return 'done';
  });
  const seen = all(ctx.openStream({window: 3}));
  t.is(await ctx.result(), 'done');
  t.deepEqual(await seen, numbers(100));
});

over('a large value goes in pieces, whatever the window', async (t, _, calls) => {
  const {ctx, near, far} = await opened(calls, {far: {windowBytes: 1_000}});
  const large = Uint8Array.from({length: 1_000_000}, (_, i) => i % 251);
  await near.send(large);
  const reader = far.iterate();
  t.is(Buffer.compare((await reader.next()).value as Uint8Array, large), 0);
  await near.send('next');
  t.is((await reader.next()).value, 'next');
  await ctx.cancel();
});

over('stream(): an iterable is pulled; leaving early cancels the task and lets the source go', async (t, pair) => {
  let made = 0;
  let returned = false;
  function* source(): Generator<number> {
    try {
      for (;;) yield made++;
    } finally {
      returned = true;
    }
  }
  const values = pair.with({window: 1}).stream(source);
  t.deepEqual(await new Promise(resolve => values.pipe(take(3), toArray()).subscribe(resolve)), [0, 1, 2]);
  await until(() => returned);
  t.true(made <= 4, `${made} were made for 3 that were wanted`);
});

over('stream(): break in a for await cancels the task', async (t, _, calls) => {
  let ended = false;
  const values = calls.stream(
    () =>
      new Observable(subscriber => {
        subscriber.next(1);
        return () => {
          ended = true;
        };
      }),
  );
  for await (const value of values) {
    t.is(value, 1);
    break;
  }
  await until(() => ended);
});

over('stream(): an error comes behind exactly the values before it; the end needs no value', async (t, _, calls) => {
  const seen: unknown[] = [];
  const error = await errorOf(
    new Promise((resolve, reject) => {
      calls
        .stream(() =>
          concat(
            range(0, 5),
            throwError(() => new RangeError('after five')),
          ),
        )
        .subscribe({next: value => seen.push(value), error: reject, complete: () => resolve(0)});
    }),
  );
  t.deepEqual(seen, numbers(5));
  t.true((error as RemoteActorError).cause instanceof RangeError);
  t.deepEqual(await all(calls.stream(() => EMPTY)), []);
});

over('operator(): one stage of a pipe, pulled through', async (t, pair) => {
  let asked = 0;
  function* source(): Generator<number> {
    while (asked < 1_000) yield asked++;
  }
  const doubled = pair
    .with({window: 2})
    .operator((values: RemoteStream<number>) => values.pipe(map(value => 2 * value)));
  const iterator = doubled(source())[Symbol.asyncIterator]();
  t.deepEqual([(await iterator.next()).value, (await iterator.next()).value], [0, 2]);
  await iterator.return?.();
});

over(
  'operator(): an error of the source that the stage lets through comes back as the original object',
  async (t, _, calls) => {
    const mine = Object.assign(new RangeError('mine'), {detail: Symbol('not for the wire')});
    const passing = calls.operator((values: RemoteStream<number>) => values.pipe(map(value => value + 1)));
    const seen: unknown[] = [];
    const error = await errorOf(
      new Promise((resolve, reject) => {
        concat(
          of(1, 2),
          throwError(() => mine),
        )
          .pipe(passing)
          .subscribe({next: value => seen.push(value), error: reject, complete: () => resolve(0)});
      }),
    );
    t.deepEqual(seen, [2, 3]);
    t.is(error, mine);
  },
);

over('operator(): a stage may handle an error of the source', async (t, _, calls) => {
  const handling = calls.operator((values: RemoteStream<number>) =>
    values.pipe(catchError(error => of((error as RemoteActorError).message))),
  );
  const [first, second] = await all(
    handling(
      concat(
        of(1),
        throwError(() => new Error('handled')),
      ),
    ) as AsyncIterable<unknown>,
  );
  t.is(first, 1);
  t.regex(second as string, /handled/);
});

over('operator(): leaving early unsubscribes the source', async (t, _, calls) => {
  let unsubscribed = false;
  const source = new Observable<number>(subscriber => {
    subscriber.next(1);
    return () => {
      unsubscribed = true;
    };
  });
  const through = calls.operator((values: RemoteStream<number>) => values);
  await new Promise<void>(resolve => source.pipe(through, take(1)).subscribe({complete: resolve}));
  await until(() => unsubscribed);
  t.pass();
});

/** As many bytes as ten values of one byte take while they wait. */
const forTen = 10 * (1 + placeBytes);
for (const [overflow, expected] of [
  ['latest', [0, 1, 99]],
  ['dropOldest', [0, 1, ...numbers(100).slice(90)]],
] as const) {
  over(`F3: portal.with reaches the callee of a remote stream: ${overflow}, and bufferBytes`, async (t, pair) => {
    const source = pair.with({window: 2, overflow, bufferBytes: forTen}).stream(() => range(0, 100));
    t.deepEqual(await all(source), [...expected]);
  });

  over(
    `F3, F8: with ${overflow} received and dropped are what was pushed, and sends arrive all`,
    async (t, _, calls) => {
      const {ctx, near, far, end} = await opened(calls, {near: {window: 2}, far: {overflow, bufferBytes: forTen}});
      const sends: Promise<void>[] = [];
      for (const n of numbers(100)) {
        if (n % 10 === 5) sends.push(far.send(n));
        else far.next(n);
      }
      far.complete();
      const seen = await all(near);
      await Promise.all(sends);
      t.is(near.stats.received, seen.length);
      t.is(near.stats.received + far.stats.dropped, 100);
      t.true(far.stats.dropped > 50);
      t.deepEqual(
        seen.filter(n => (n as number) % 10 === 5),
        numbers(10).map(n => n * 10 + 5),
      );
      t.deepEqual(
        seen,
        [...seen].sort((a, b) => (a as number) - (b as number)),
      );
      t.is(seen.at(-1), 99);
      end();
      await ctx.result();
    },
  );
}

over('F3: portal.with reaches the callee of a remote stream: bufferBytes alone', async (t, pair) => {
  const error = await errorOf(all(pair.with({window: 2, bufferBytes: 10}).stream(() => range(0, 100))));
  t.true(error instanceof RemoteActorError && error.cause instanceof StreamOverrun, String(error));
});

over('F3: the caller’s own end of an operator follows the policy too', async (t, pair) => {
  const calls = pair.with({window: 2, overflow: 'latest'});
  t.deepEqual(await all(range(0, 100).pipe(calls.operator(source => source)) as RemoteStream<unknown>), [99]);
});

over('an overflow policy that is none is refused where it is given', async (t, pair, calls) => {
  const bad = {overflow: 'drop' as 'error'};
  t.throws(() => pair.with(bad), {instanceOf: TypeError, message: /overflow/});
  const other = await calls.openContext(callee => callee.started.next(0));
  t.throws(() => other.openStream(bad), {instanceOf: TypeError, message: /overflow/});
  await other.result();
});

for (const lag of [2, 50]) {
  over(`B1: an iterator with a lag of ${lag} holds back no sender whose window is 4`, async (t, _, calls) => {
    const {ctx, near, far, end} = await opened(calls, {near: {window: 4}});
    const slow = near.iterate({lag});
    const fast = all(near.iterate());
    await far.pump(numbers(40));
    t.deepEqual(await fast, numbers(40));
    if (lag < 40) t.is(((await errorOf(slow.next())) as Lagged).missed, 38);
    t.deepEqual(await all(slow), numbers(40).slice(-lag));
    end();
    await ctx.result();
  });
}

for (const lag of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
  over(`B1: a lag of ${lag} is refused, and nothing is opened`, async (t, pair, calls) => {
    t.throws(() => calls.stream(() => [1]).iterate({lag}), {instanceOf: RangeError, message: /lag/});
    t.is(pair.open, 0);
  });
}
