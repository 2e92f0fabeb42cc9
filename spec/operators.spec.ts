// RxJS operators over remote functions: what the subscriber sees, and what becomes of the function. Each has a spec for
// the completion, the error and the unsubscription. docs/guide/operators.md has the same words in its table.
import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {
  bufferTime,
  catchError,
  concatMap,
  delay,
  finalize,
  mergeMap,
  NEVER,
  type Observable,
  observeOn,
  of,
  repeat,
  retry,
  Subject,
  type Subscription,
  share,
  switchMap,
  TimeoutError,
  takeUntil,
  timeout,
  using,
  VirtualTimeScheduler,
  zip,
} from 'rxjs';
import {RemoteActorError} from '../lib/base/errors.js';
import type {RemoteStream} from '../lib/context/rx/remote-stream.js';
import {newPair, type Pair, turns, until} from './kit/pair.js';
import {Remote} from './kit/remote.js';

const endings = ['completes', 'errors', 'unsubscribes'] as const;
type Ending = (typeof endings)[number];
interface Scene {
  readonly pair: Pair;
  readonly calls: ReturnType<Pair['with']>;
}

/** The statements of the specs below, by operator: the rows of the page's table. */
const suite = new Map<string, Map<Ending, string>>();

/** One cell of the table. At its end no call may run, and nothing be open on the channel. */
function when(
  operator: string,
  ending: Ending,
  says: string,
  check: (t: ExecutionContext, scene: Scene) => Promise<void>,
): void {
  const row = suite.get(operator) ?? new Map<Ending, string>();
  suite.set(operator, row.set(ending, says));
  test(`${operator}, ${ending}: ${says}`, async t => {
    const pair = await newPair();
    await check(t, {pair, calls: pair.with({})});
    await pair.quiet();
    t.deepEqual(pair.near.actor.scope.failures, []);
  });
}

/** A remote function whose calls the spec holds in its hand. */
class Held {
  readonly #runs: Subject<number>[] = [];
  readonly remote = Remote.pushing(call => {
    const values = new Subject<number>();
    this.#runs[call - 1] = values;
    return values;
  });

  /** Waits for a call, and gives what it returned. */
  async call(number = 1): Promise<Subject<number>> {
    await until(
      () => this.#runs[number - 1]?.observed === true,
      () => `call ${number} was not made; so far: ${this.remote.log.join()}`,
    );
    return this.#runs[number - 1] as Subject<number>;
  }
}

/** A subscriber that keeps what it was told. */
class Seen {
  readonly log: unknown[] = [];
  error: unknown;
  subscription: Subscription | undefined;

  static by(source: Observable<unknown>): Seen {
    const seen = new Seen();
    seen.subscription = source.subscribe({
      next: value => seen.log.push(value),
      error: error => {
        seen.error = error;
        seen.log.push('error');
      },
      complete: () => seen.log.push('complete'),
    });
    return seen;
  }

  async until(length: number): Promise<void> {
    await until(
      () => this.log.length >= length,
      () => `the subscriber saw ${this.log.join()} only`,
    );
  }

  leave(): void {
    this.subscription?.unsubscribe();
  }
}

/** How a function ended that was called so often: of all calls, so many were cancelled. */
async function ended(
  t: ExecutionContext,
  {pair}: Scene,
  remote: Remote,
  calls: number,
  cancelled: number,
): Promise<void> {
  await until(
    () => remote.opened === calls && remote.running === 0,
    () => `${remote.running} of ${remote.opened} calls run: ${remote.log.join()}`,
  );
  await pair.quiet();
  t.like(remote, {opened: calls, ended: calls, aborted: cancelled});
}

const cancels = ({pair}: Scene): number => pair.wire.filter(line => line === '→ Cancel').length;
const failed = (): Error => new RangeError('failed');
function isFailed(t: ExecutionContext, error: unknown): void {
  t.true(error instanceof RemoteActorError && error.cause instanceof RangeError, String(error));
}

when('share', 'completes', 'one call serves all subscribers; a later one makes a new call', async (t, scene) => {
  const source = new Held();
  const shared = scene.calls.stream(source.remote.call).pipe(share());
  const [one, two] = [Seen.by(shared), Seen.by(shared)];
  const call = await source.call();
  call.next(1);
  call.complete();
  await two.until(2);
  t.deepEqual(
    [one.log, two.log],
    [
      [1, 'complete'],
      [1, 'complete'],
    ],
  );
  await ended(t, scene, source.remote, 1, 0);
  const later = Seen.by(shared);
  (await source.call(2)).complete();
  await later.until(1);
  await ended(t, scene, source.remote, 2, 0);
  t.is(cancels(scene), 0);
});

when('share', 'errors', 'all get the one error; a later subscriber makes a new call', async (t, scene) => {
  const source = new Held();
  const shared = scene.calls.stream(source.remote.call).pipe(share());
  const [one, two] = [Seen.by(shared), Seen.by(shared)];
  (await source.call()).error(failed());
  await two.until(1);
  isFailed(t, one.error);
  t.is(one.error, two.error);
  await ended(t, scene, source.remote, 1, 0);
  const later = Seen.by(shared);
  (await source.call(2)).complete();
  await later.until(1);
  await ended(t, scene, source.remote, 2, 0);
  t.is(cancels(scene), 0);
});

when('share', 'unsubscribes', 'the last to leave cancels the call, and no one before', async (t, scene) => {
  const source = new Held();
  const shared = scene.calls.stream(source.remote.call).pipe(share());
  const [one, two] = [Seen.by(shared), Seen.by(shared)];
  const call = await source.call();
  one.leave();
  await turns();
  t.is(cancels(scene), 0);
  call.next(1);
  await two.until(1);
  two.leave();
  await ended(t, scene, source.remote, 1, 1);
  t.is(cancels(scene), 1);
  t.deepEqual([one.log, two.log], [[], [1]]);
});

when('retry', 'completes', 'there is one call', async (t, scene) => {
  const source = new Held();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(retry(2)));
  const call = await source.call();
  call.next(1);
  call.complete();
  await seen.until(2);
  t.deepEqual(seen.log, [1, 'complete']);
  await ended(t, scene, source.remote, 1, 0);
});

when('retry', 'errors', 'calls again when the failed call has ended, its finalizers included', async (t, scene) => {
  const source = new Held();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(retry(2)));
  for (const number of [1, 2, 3]) {
    const call = await source.call(number);
    call.next(number);
    await seen.until(number);
    call.error(failed());
  }
  await seen.until(4);
  t.deepEqual(seen.log, [1, 2, 3, 'error']);
  isFailed(t, seen.error);
  t.deepEqual(source.remote.log, ['call 1', 'end 1', 'call 2', 'end 2', 'call 3', 'end 3']);
  await ended(t, scene, source.remote, 3, 0);
  t.is(cancels(scene), 0);
});

when('retry', 'unsubscribes', 'cancels the call that runs, and makes no other', async (t, scene) => {
  const source = new Held();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(retry()));
  (await source.call()).error(failed());
  await source.call(2);
  seen.leave();
  await ended(t, scene, source.remote, 2, 1);
  t.deepEqual(seen.log, []);
  t.is(cancels(scene), 1);
});

when('repeat', 'completes', 'calls again when the call has ended, its finalizers included', async (t, scene) => {
  const source = new Held();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(repeat(2)));
  for (const number of [1, 2]) {
    const call = await source.call(number);
    call.next(number);
    call.complete();
  }
  await seen.until(3);
  t.deepEqual(seen.log, [1, 2, 'complete']);
  t.deepEqual(source.remote.log, ['call 1', 'end 1', 'call 2', 'end 2']);
  await ended(t, scene, source.remote, 2, 0);
  t.is(cancels(scene), 0);
});

when('repeat', 'errors', 'the error ends it: no other call is made', async (t, scene) => {
  const source = new Held();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(repeat()));
  (await source.call()).complete();
  (await source.call(2)).error(failed());
  await seen.until(1);
  isFailed(t, seen.error);
  await turns();
  await ended(t, scene, source.remote, 2, 0);
});

when('repeat', 'unsubscribes', 'cancels the call that runs, and makes no other', async (t, scene) => {
  const source = new Held();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(repeat()));
  (await source.call()).complete();
  await source.call(2);
  seen.leave();
  await ended(t, scene, source.remote, 2, 1);
  t.deepEqual(seen.log, []);
});

when('timeout', 'completes', 'in time: the clock stops, nothing is cancelled', async (t, scene) => {
  const source = new Held();
  const scheduler = new VirtualTimeScheduler();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(timeout({each: 10, scheduler})));
  const call = await source.call();
  call.next(1);
  call.complete();
  await seen.until(2);
  scheduler.flush();
  t.deepEqual(seen.log, [1, 'complete']);
  await ended(t, scene, source.remote, 1, 0);
  t.is(cancels(scene), 0);
});

when('timeout', 'errors', 'in time: the error is that of the function', async (t, scene) => {
  const source = new Held();
  const scheduler = new VirtualTimeScheduler();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(timeout({each: 10, scheduler})));
  (await source.call()).error(failed());
  await seen.until(1);
  scheduler.flush();
  t.deepEqual(seen.log, ['error']);
  isFailed(t, seen.error);
  await ended(t, scene, source.remote, 1, 0);
});

when(
  'timeout',
  'unsubscribes',
  'cancels the call; so does the end of the time, with TimeoutError',
  async (t, scene) => {
    const source = new Held();
    const scheduler = new VirtualTimeScheduler();
    const timed = scene.calls.stream(source.remote.call).pipe(timeout({each: 10, scheduler}));
    const left = Seen.by(timed);
    const call = await source.call();
    call.next(1);
    await left.until(1);
    left.leave();
    await ended(t, scene, source.remote, 1, 1);
    scheduler.flush();
    t.deepEqual(left.log, [1]);

    const late = Seen.by(timed);
    await source.call(2);
    scheduler.flush();
    t.deepEqual(late.log, ['error']);
    t.true(late.error instanceof TimeoutError);
    await ended(t, scene, source.remote, 2, 2);
    t.is(cancels(scene), 2);
  },
);

when('takeUntil', 'completes', 'the call that would notify is cancelled', async (t, scene) => {
  const [source, notifier] = [new Held(), new Held()];
  const stop = scene.calls.stream(notifier.remote.call);
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(takeUntil(stop)));
  await notifier.call();
  (await source.call()).complete();
  await seen.until(1);
  t.deepEqual(seen.log, ['complete']);
  await ended(t, scene, source.remote, 1, 0);
  await ended(t, scene, notifier.remote, 1, 1);
});

when('takeUntil', 'errors', 'the call that would notify is cancelled', async (t, scene) => {
  const [source, notifier] = [new Held(), new Held()];
  const stop = scene.calls.stream(notifier.remote.call);
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(takeUntil(stop)));
  await notifier.call();
  (await source.call()).error(failed());
  await seen.until(1);
  isFailed(t, seen.error);
  await ended(t, scene, source.remote, 1, 0);
  await ended(t, scene, notifier.remote, 1, 1);
});

when('takeUntil', 'unsubscribes', 'cancels both calls; a notification does too, and completes', async (t, scene) => {
  const [source, notifier] = [new Held(), new Held()];
  const until$ = scene.calls.stream(source.remote.call).pipe(takeUntil(scene.calls.stream(notifier.remote.call)));
  const left = Seen.by(until$);
  await source.call();
  await notifier.call();
  left.leave();
  await ended(t, scene, source.remote, 1, 1);
  await ended(t, scene, notifier.remote, 1, 1);
  t.deepEqual(left.log, []);

  const stopped = Seen.by(until$);
  await source.call(2);
  (await notifier.call(2)).next(0);
  await stopped.until(1);
  t.deepEqual(stopped.log, ['complete']);
  await ended(t, scene, source.remote, 2, 2);
  await ended(t, scene, notifier.remote, 2, 2);
});

when('switchMap', 'completes', 'each value cancels the call made for the one before', async (t, scene) => {
  const [outer, inner] = [new Held(), new Held()];
  const seen = Seen.by(
    scene.calls.stream(outer.remote.call).pipe(switchMap(() => scene.calls.stream(inner.remote.call))),
  );
  const call = await outer.call();
  call.next(1);
  const first = await inner.call();
  call.next(2);
  const second = await inner.call(2);
  await until(() => !first.observed);
  t.is(inner.remote.aborted, 1);
  call.complete();
  second.next(22);
  await seen.until(1);
  second.complete();
  await seen.until(2);
  t.deepEqual(seen.log, [22, 'complete']);
  await ended(t, scene, outer.remote, 1, 0);
  await ended(t, scene, inner.remote, 2, 1);
  t.is(cancels(scene), 1);
});

when('switchMap', 'errors', 'an error of either cancels the other', async (t, scene) => {
  const [outer, inner] = [new Held(), new Held()];
  const mapped = scene.calls.stream(outer.remote.call).pipe(switchMap(() => scene.calls.stream(inner.remote.call)));
  const one = Seen.by(mapped);
  (await outer.call()).next(1);
  (await inner.call()).error(failed());
  await one.until(1);
  isFailed(t, one.error);
  await ended(t, scene, outer.remote, 1, 1);
  await ended(t, scene, inner.remote, 1, 0);

  const two = Seen.by(mapped);
  const call = await outer.call(2);
  call.next(1);
  await inner.call(2);
  call.error(failed());
  await two.until(1);
  isFailed(t, two.error);
  await ended(t, scene, outer.remote, 2, 1);
  await ended(t, scene, inner.remote, 2, 1);
});

when('switchMap', 'unsubscribes', 'cancels both calls', async (t, scene) => {
  const [outer, inner] = [new Held(), new Held()];
  const seen = Seen.by(
    scene.calls.stream(outer.remote.call).pipe(switchMap(() => scene.calls.stream(inner.remote.call))),
  );
  (await outer.call()).next(1);
  await inner.call();
  seen.leave();
  await ended(t, scene, outer.remote, 1, 1);
  await ended(t, scene, inner.remote, 1, 1);
  t.deepEqual(seen.log, []);
});

when('concatMap', 'completes', 'one call at a time; the next is made when it has ended', async (t, scene) => {
  const inner = new Held();
  const seen = Seen.by(
    scene.calls.stream(() => of(1, 2, 3)).pipe(concatMap(() => scene.calls.stream(inner.remote.call))),
  );
  for (const number of [1, 2, 3]) {
    const call = await inner.call(number);
    call.next(number);
    call.complete();
  }
  await seen.until(4);
  t.deepEqual(seen.log, [1, 2, 3, 'complete']);
  t.deepEqual(inner.remote.log, ['call 1', 'end 1', 'call 2', 'end 2', 'call 3', 'end 3']);
  await ended(t, scene, inner.remote, 3, 0);
  t.is(cancels(scene), 0);
});

when('concatMap', 'errors', 'cancels the outer call, and makes none for what waits', async (t, scene) => {
  const [outer, inner] = [new Held(), new Held()];
  const seen = Seen.by(
    scene.calls.stream(outer.remote.call).pipe(concatMap(() => scene.calls.stream(inner.remote.call))),
  );
  const call = await outer.call();
  for (const value of [1, 2, 3]) call.next(value);
  (await inner.call()).error(failed());
  await seen.until(1);
  isFailed(t, seen.error);
  await ended(t, scene, outer.remote, 1, 1);
  await ended(t, scene, inner.remote, 1, 0);
});

when('concatMap', 'unsubscribes', 'cancels both calls, and makes none for what waits', async (t, scene) => {
  const [outer, inner] = [new Held(), new Held()];
  const seen = Seen.by(
    scene.calls.stream(outer.remote.call).pipe(concatMap(() => scene.calls.stream(inner.remote.call))),
  );
  const call = await outer.call();
  for (const value of [1, 2, 3]) call.next(value);
  await inner.call();
  seen.leave();
  await ended(t, scene, outer.remote, 1, 1);
  await ended(t, scene, inner.remote, 1, 1);
  t.deepEqual(seen.log, []);
});

when('mergeMap', 'completes', 'a call for each value, all at a time', async (t, scene) => {
  const inner = new Held();
  const seen = Seen.by(
    scene.calls.stream(() => of(1, 2, 3)).pipe(mergeMap(() => scene.calls.stream(inner.remote.call))),
  );
  for (const number of [3, 2, 1]) (await inner.call(number)).next(number);
  await seen.until(3);
  t.is(inner.remote.together, 3);
  for (const number of [1, 2, 3]) (await inner.call(number)).complete();
  await seen.until(4);
  t.deepEqual(seen.log, [3, 2, 1, 'complete']);
  await ended(t, scene, inner.remote, 3, 0);
  t.is(cancels(scene), 0);
});

when('mergeMap', 'errors', 'the error of one cancels the others, and the outer call', async (t, scene) => {
  const [outer, inner] = [new Held(), new Held()];
  const seen = Seen.by(
    scene.calls.stream(outer.remote.call).pipe(mergeMap(() => scene.calls.stream(inner.remote.call))),
  );
  const call = await outer.call();
  for (const value of [1, 2, 3]) call.next(value);
  await inner.call(3);
  (await inner.call(2)).error(failed());
  await seen.until(1);
  isFailed(t, seen.error);
  await ended(t, scene, outer.remote, 1, 1);
  await ended(t, scene, inner.remote, 3, 2);
  t.is(cancels(scene), 3);
});

when('mergeMap', 'unsubscribes', 'cancels all calls', async (t, scene) => {
  const [outer, inner] = [new Held(), new Held()];
  const seen = Seen.by(
    scene.calls.stream(outer.remote.call).pipe(mergeMap(() => scene.calls.stream(inner.remote.call))),
  );
  const call = await outer.call();
  for (const value of [1, 2, 3]) call.next(value);
  await inner.call(3);
  seen.leave();
  await ended(t, scene, outer.remote, 1, 1);
  await ended(t, scene, inner.remote, 3, 3);
  t.deepEqual(seen.log, []);
});

when('catchError', 'completes', 'the handler is not called', async (t, scene) => {
  const source = new Held();
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(catchError(() => of('handled'))));
  const call = await source.call();
  call.next(1);
  call.complete();
  await seen.until(2);
  t.deepEqual(seen.log, [1, 'complete']);
  await ended(t, scene, source.remote, 1, 0);
});

when('catchError', 'errors', 'the handler gets RemoteActorError, when the call has ended', async (t, scene) => {
  const [source, other] = [new Held(), new Held()];
  const handle = (error: unknown): Observable<unknown> => {
    isFailed(t, error);
    t.is(source.remote.running, 0);
    return scene.calls.stream(other.remote.call);
  };
  const seen = Seen.by(scene.calls.stream(source.remote.call).pipe(catchError(handle)));
  const call = await source.call();
  call.next(1);
  call.error(failed());
  const replacement = await other.call();
  replacement.next(2);
  replacement.complete();
  await seen.until(3);
  t.deepEqual(seen.log, [1, 2, 'complete']);
  await ended(t, scene, source.remote, 1, 0);
  await ended(t, scene, other.remote, 1, 0);
  t.is(cancels(scene), 0);
});

when('catchError', 'unsubscribes', 'cancels the call that runs, also that of the handler', async (t, scene) => {
  const [source, other] = [new Held(), new Held()];
  let handled = 0;
  const handle = (): Observable<unknown> => {
    handled++;
    return scene.calls.stream(other.remote.call);
  };
  const caught = scene.calls.stream(source.remote.call).pipe(catchError(handle));
  const one = Seen.by(caught);
  await source.call();
  one.leave();
  await ended(t, scene, source.remote, 1, 1);
  t.is(handled, 0, 'a cancel of one’s own is no error');

  const two = Seen.by(caught);
  (await source.call(2)).error(failed());
  await other.call();
  two.leave();
  await ended(t, scene, source.remote, 2, 1);
  await ended(t, scene, other.remote, 1, 1);
  t.deepEqual([...one.log, ...two.log], []);
});

for (const [ending, says] of [
  ['completes', 'runs once, behind the finalizers of the function'],
  ['errors', 'runs once, behind the finalizers of the function'],
  ['unsubscribes', 'runs at once; the finalizers of the function follow'],
] as const) {
  when('finalize', ending, says, async (t, scene) => {
    const source = new Held();
    const log: string[] = [];
    const seen = Seen.by(
      scene.calls.stream(source.remote.call).pipe(
        finalize(() => {
          log.push(`near, ${source.remote.running} running`);
        }),
      ),
    );
    const call = await source.call();
    if (ending === 'completes') call.complete();
    else if (ending === 'errors') call.error(failed());
    else seen.leave();
    if (ending === 'unsubscribes') t.deepEqual(log, ['near, 1 running']);
    await ended(t, scene, source.remote, 1, ending === 'unsubscribes' ? 1 : 0);
    if (ending !== 'unsubscribes') t.deepEqual(log, ['near, 0 running']);
    t.is(log.length, 1);
  });
}

for (const [ending, says] of [
  ['completes', 'releases the resource over there, then the one here'],
  ['errors', 'releases the resource over there, then the one here'],
  ['unsubscribes', 'releases the resource here at once; the one over there follows'],
] as const) {
  when('using', ending, says, async (t, scene) => {
    const log: string[] = [];
    const resource = (where: string) => () => {
      log.push(`${where} opened`);
      return {unsubscribe: () => log.push(`${where} released`)};
    };
    const held = new Held();
    const far = Remote.pushing(() => using(resource('far'), held.remote.call as () => Observable<number>));
    const seen = Seen.by(using(resource('near'), () => scene.calls.stream(far.call)));
    const call = await held.call();
    if (ending === 'completes') call.complete();
    else if (ending === 'errors') call.error(failed());
    else seen.leave();
    await ended(t, scene, far, 1, ending === 'unsubscribes' ? 1 : 0);
    const released = ['far released', 'near released'];
    if (ending === 'unsubscribes') released.reverse();
    t.deepEqual(log, ['near opened', 'far opened', ...released]);
    t.deepEqual(seen.log, ending === 'completes' ? ['complete'] : ending === 'errors' ? ['error'] : []);
  });
}

const window = 4;
const values = 100;
/** A pipeline that subscribes to a source of many values, and never lets one of them through. */
const stuck: Record<string, {bounded: boolean; subscribe: (source: RemoteStream<number>) => unknown}> = {
  concatMap: {bounded: false, subscribe: source => source.pipe(concatMap(() => NEVER)).subscribe()},
  mergeMap: {bounded: false, subscribe: source => source.pipe(mergeMap(() => NEVER, 1)).subscribe()},
  zip: {bounded: false, subscribe: source => zip(source, NEVER).subscribe()},
  delay: {bounded: false, subscribe: source => source.pipe(delay(1, new VirtualTimeScheduler())).subscribe()},
  observeOn: {bounded: false, subscribe: source => source.pipe(observeOn(new VirtualTimeScheduler())).subscribe()},
  bufferTime: {bounded: false, subscribe: source => source.pipe(bufferTime(1, new VirtualTimeScheduler())).subscribe()},
  mapAsync: {bounded: true, subscribe: source => source.mapAsync(() => NEVER).subscribe()},
  consume: {bounded: true, subscribe: source => void source.consume(() => new Promise(() => {})).catch(() => {})},
  'for await': {bounded: true, subscribe: source => void source.iterate()},
};
for (const [name, {bounded, subscribe}] of Object.entries(stuck)) {
  const title = bounded ? 'holds back the sender: it is a window ahead at most' : 'takes all that comes, and keeps it';
  test(`${name} that gets nothing done ${title}`, async t => {
    const pair = await newPair();
    const remote = Remote.counting(values);
    subscribe(pair.with({window}).stream(remote.call) as RemoteStream<number>);
    const expected = bounded ? window : values;
    await until(
      () => remote.made >= expected,
      () => `${remote.made} were made`,
    );
    await turns(50);
    t.is(remote.made, expected);
  });
}

const page = readFileSync(new URL('../../docs/guide/operators.md', import.meta.url), 'utf8');
const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '').trim();
/** Rows of a table that opens with this heading cell: its cells as plain text. */
function rowsBelow(heading: string): string[][] {
  const lines = page.split('\n');
  const from = lines.findIndex(line => line.startsWith(`| ${heading} |`)) + 2;
  const length = lines.slice(from).findIndex(line => !line.startsWith('|'));
  return lines.slice(from, from + length).map(line => line.split('|').slice(1, -1).map(plain));
}

test('the table of operators in the guide is this suite, word for word', t => {
  const rows = [...suite].map(([operator, row]) => [operator, ...endings.map(ending => row.get(ending))]);
  t.deepEqual(rowsBelow('the source …'), rows);
});

test('the table of operators that hold values in the guide has those that do here', t => {
  const holding = Object.entries(stuck).flatMap(([name, {bounded}]) => (bounded ? [] : [name]));
  t.deepEqual(
    rowsBelow('operator').map(([name]) => name),
    holding,
  );
});
