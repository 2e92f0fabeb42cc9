// The last words of a function that was told to end: its result counts, unless its time is over. And the end of its stream.
import test from 'ava';
import {concat, finalize, NEVER, range, Subject, throwError} from 'rxjs';
import {scopeKey} from '../../../lib/actor/call-options.js';
import {Clock, realTime} from '../../../lib/base/clock.js';
import {ContextCancelled, RemoteActorError} from '../../../lib/base/errors.js';
import {Scope} from '../../../lib/base/scope.js';
import {type Calls, over} from '../../kit/over-pair.js';
import {type Callee, type Caller, newPair, type Pair, turns, until} from '../../kit/pair.js';

/** A context whose function ends when the test says how, whatever it is told. */
async function held(calls: Calls): Promise<{ctx: Caller; callee: Callee; end: (value: unknown) => void}> {
  let far: {callee: Callee; end: (value: unknown) => void} | undefined;
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return new Promise(resolve => {
      far = {callee, end: resolve};
    });
  });
  return {ctx, ...(far as NonNullable<typeof far>)};
}

/** All that a reader sees: the values, then `complete` or the error. */
async function readAll(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const value of source) seen.push(value);
    return [...seen, 'complete'];
  } catch (error) {
    return [...seen, error];
  }
}

over('C5: a result that a function gives although it was told to end is kept', async (t, _, calls) => {
  const {ctx, callee, end} = await held(calls);
  const gone = ctx.cancel('enough');
  await until(() => callee.signal.aborted);
  end('last word');
  t.true(await gone);
  t.is(await ctx.result(), 'last word');
});

over('C5, E7: also with an open stream, which ends with the cancellation', async (t, pair, calls) => {
  const {ctx, callee, end} = await held(calls);
  const read = readAll(ctx.openStream({window: 2}).iterate());
  const wire = callee.openStream();
  await wire.send(1);
  const gone = ctx.cancel('enough');
  await until(() => callee.signal.aborted);
  end('last word');
  t.true(await gone);
  t.is(await ctx.result(), 'last word');
  const [first, error] = await read;
  t.is(first, 1);
  t.true(error instanceof ContextCancelled, String(error));
  t.like(error as object, {reason: 'requested', cause: 'enough', acked: true});
  t.is((error as ContextCancelled).canceller?.id, pair.near.actor.id.id);
});

over('C5: a stream that the function completed before the cancel is complete', async (t, _, calls) => {
  const {ctx, callee, end} = await held(calls);
  const read = readAll(ctx.openStream().iterate());
  const wire = callee.openStream();
  await wire.send(1);
  wire.complete();
  t.deepEqual(await read, [1, 'complete']);
  void ctx.cancel();
  await until(() => callee.signal.aborted);
  end('last word');
  t.is(await ctx.result(), 'last word');
});

over('E7: a stream that a cancelled function closes does not look complete', async (t, _, calls) => {
  const {ctx, callee, end} = await held(calls);
  const read = readAll(ctx.openStream().iterate());
  const wire = callee.openStream();
  await wire.send(1);
  void ctx.cancel();
  await until(() => callee.signal.aborted);
  await wire.close();
  end('last word');
  const [, error] = await read;
  t.true(error instanceof ContextCancelled, String(error));
  t.is(await ctx.result(), 'last word');
});

over('C5: a result that waits for room behind pushed values is kept when a cancel comes', async (t, _, calls) => {
  const {ctx, callee, end} = await held(calls);
  const reader = ctx.openStream({window: 1}).iterate();
  const wire = callee.openStream();
  for (let n = 0; n < 3; n++) wire.next(n);
  end('last word');
  await turns();
  void ctx.cancel();
  const [first, error] = await readAll(reader);
  t.is(first, 0);
  t.true(error instanceof ContextCancelled, String(error));
  t.is(await ctx.result(), 'last word');
});

over('C5: a function that cancels itself may give a result nevertheless', async (t, pair, calls) => {
  const {ctx, callee, end} = await held(calls);
  const read = readAll(ctx.openStream().iterate());
  callee.openStream().next(1);
  await turns();
  callee.cancel('no more');
  end('last word');
  t.is(await ctx.result(), 'last word');
  const [first, error] = await read;
  t.is(first, 1);
  t.is((error as ContextCancelled).canceller?.id, pair.far.actor.id.id);
});

over('C5: a real error that a function throws although it was told to end is kept', async (t, _, calls) => {
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    callee.openStream();
    await new Promise(resolve => callee.signal.addEventListener('abort', resolve));
    throw new RangeError('real');
  });
  t.true(await ctx.cancel());
  t.true((await t.throwsAsync(ctx.result(), {instanceOf: RemoteActorError}))?.cause instanceof RangeError);
});

/** Calls whose time is over when the test says so. */
function timed(pair: Pair): {calls: Calls; expire: () => void} {
  const ms = 1e6;
  const scope = new Scope('the body', pair.near.actor.scope);
  let expire: (() => void) | undefined;
  const time = {
    ...realTime,
    setTimeout: (fn: () => void, wait: number) => {
      if (wait !== ms) return setTimeout(fn, wait);
      expire = fn;
      return undefined;
    },
  };
  scope.ownClock = new Clock(time as unknown as typeof realTime);
  return {calls: pair.with({timeout: ms, scope: {[scopeKey]: scope}}), expire: () => expire?.()};
}

/** Resolves when the running function is told to end. */
const toldToEnd = (callee: {readonly signal: AbortSignal}): Promise<unknown> =>
  new Promise(resolve => callee.signal.addEventListener('abort', resolve));

over('X10: a result that comes later than the timeout does not count', async (t, pair) => {
  const {calls, expire} = timed(pair);
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    callee.openStream();
    await toldToEnd(callee);
    return 'late';
  });
  expire();
  const error = await t.throwsAsync(ctx.result(), {instanceOf: ContextCancelled});
  t.like(error, {reason: 'deadline', acked: true});
});

over('X10: nor does a `started` that comes later', async (t, pair) => {
  const {calls, expire} = timed(pair);
  let begun = false;
  const opening = t.throwsAsync(
    calls.openContext(async callee => {
      begun = true;
      await toldToEnd(callee);
      callee.started.next('late');
      return 'late';
    }),
    {instanceOf: ContextCancelled},
  );
  await until(() => begun);
  expire();
  t.is((await opening).reason, 'deadline');
});

over('X10: an error that comes later than the timeout is attached to the deadline', async (t, pair) => {
  const {calls, expire} = timed(pair);
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    await toldToEnd(callee);
    throw new RangeError('clean-up');
  });
  expire();
  const error = await t.throwsAsync(ctx.result(), {instanceOf: ContextCancelled});
  t.is(error.reason, 'deadline');
  t.deepEqual(
    error.suppressed.map(other => (other as Error).message),
    ['clean-up'],
  );
});

const failing = (): unknown =>
  concat(
    range(0, 1_500),
    throwError(() => new RangeError('over there')),
  );
for (const [kind, open] of Object.entries({
  stream: (calls: Calls) => calls.stream(failing),
  operator: (calls: Calls) => calls.operator(failing)(NEVER),
}))
  over(`S5: the error of a function marked with ${kind}() comes behind all its values`, async (t, _, calls) => {
    const seen = await readAll(open(calls));
    t.is(seen.length, 1_501);
    t.is(seen.at(-2), 1_499);
    t.true((seen.at(-1) as RemoteActorError).cause instanceof RangeError);
  });

over('S5: a cancel cuts short the wait of an error for the values before it', async (t, pair) => {
  let ended = 0;
  const calls = pair.with({window: 2});
  const reader = calls
    .stream(() =>
      concat(
        range(0, 10),
        throwError(() => new RangeError('over there')),
      ).pipe(finalize(() => ended++)),
    )
    .iterate();
  t.is((await reader.next()).value, 0);
  await until(() => ended === 1);
  t.true(pair.open > 0);
  await reader.return?.();
});

over('S5: the error of a context overtakes the values that wait', async (t, _, calls) => {
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    const wire = callee.openStream();
    for (let n = 0; n < 5; n++) wire.next(n);
    await turns();
    throw new RangeError('over there');
  });
  const reader = ctx.openStream({window: 2}).iterate();
  await t.throwsAsync(ctx.result(), {instanceOf: RemoteActorError});
  t.deepEqual((await readAll(reader)).slice(0, -1), [0, 1]);
});

for (const [kind, open] of Object.entries({
  'a cold stream': (calls: Calls) => calls.stream(() => [1, 2]),
  'a context': async (calls: Calls) => {
    const ctx = await calls.openContext(callee => {
      callee.started.next(0);
      callee.openStream().next(1);
    });
    const wire = ctx.openStream();
    await until(() => wire.closed);
    return wire;
  },
}))
  test(`S5, T9: a throw in a subscriber of ${kind} goes to the owner when the context has ended before`, async t => {
    const pair = await newPair();
    const mine = new Error('mine');
    const stream = await open(pair.with({}));
    stream.subscribe(() => {
      throw mine;
    });
    const {scope} = pair.near.actor;
    await until(() => scope.failures.length > 0);
    t.deepEqual(scope.failures, [mine]);
    await pair.quiet();
  });

over(
  'S5: a throw in a subscriber of a cold stream fails its context, and its `error` is told',
  async (t, pair, calls) => {
    const values = new Subject<number>();
    let reason: unknown;
    const told: unknown[] = [];
    const mine = new Error('mine');
    calls
      .stream(() => values.pipe(finalize(() => told.push('ended'))))
      .subscribe({
        next: value => {
          told.push(value);
          throw mine;
        },
        error: error => told.push(error),
      });
    pair.tap((from, at, frame) => {
      if (from === 'near' && at === 'written') reason = frame.kind;
    });
    await until(() => values.observed);
    values.next(1);
    values.next(2);
    await until(() => told.includes('ended'));
    t.deepEqual(told, [1, mine, 'ended']);
    t.truthy(reason);
    t.is(await calls.run(() => 'serves on'), 'serves on');
  },
);
