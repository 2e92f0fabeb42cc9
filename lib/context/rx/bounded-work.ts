/**
 * Consumers that take their time: `consume` and `mapAsync`. The credit of a value returns when the work on it is done.
 * Floor 4, room `rx`: beside `feed`, on the log of the same inlet.
 */

import type {Observable} from 'rxjs';
import {isThenable, whenSettled} from '../../base/foreign.js';
import {checkCount} from '../../base/option-checks.js';
import type {Scope} from '../../base/scope.js';
import {type Consumer, type Inlet, isValue, type StreamEnd} from '../flow/inlet.js';
import {inPlace} from './in-place.js';
import {refusing} from './refusal.js';
import {rxjs} from './rxjs.js';
import {observableOf, type Source} from './source.js';

/** An open receiving side. A subscription or an iterator holds it, and gives it up when it ends. */
export interface Tap {
  readonly inlet: Inlet;
  /** The consumer is gone, at the end of the stream or before it. */
  readonly leave: () => void;
  /** The code of the consumer threw. The context ends with that error. @param isTold whether somebody is told of it */
  readonly fail: (error: unknown, isTold: boolean) => void;
}

/** The work on one value. */
interface Job {
  isDone: boolean;
}

/** Works on at most `size` values at a time. A value is consumed when the work on it, and on all values before it, is done. */
class BoundedWork implements Consumer {
  readonly mutable: boolean;
  readonly #inlet: Inlet;
  readonly #size: number;
  readonly #work: (value: unknown, done: () => void) => void;
  readonly #ended: (end: StreamEnd) => void;
  readonly #jobs: Job[] = [];
  readonly #run = inPlace(() => this.#handOut());
  #running = 0;
  #isOver = false;
  #isMuted = false;
  #isBusy = false;

  constructor(
    inlet: Inlet,
    size: number,
    work: (value: unknown, done: () => void) => void,
    ended: (end: StreamEnd) => void,
    mutable: boolean,
  ) {
    this.mutable = mutable;
    this.#inlet = inlet;
    this.#size = size;
    this.#work = work;
    this.#ended = ended;
    inlet.attach(this);
    queueMicrotask(() => this.ready());
  }

  /** A promise waits for this one. */
  get isWaiting(): boolean {
    return !this.mutable && this.#running === 0;
  }

  /** Takes no more values; those on which the work is not done go back. Returns false when it had left before. */
  leave(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#inlet.detach(this);
    return true;
  }

  mute(): void {
    this.#isMuted = true;
    this.ready();
  }

  ready(): void {
    // Work that is done at once comes back here. Then the running loop goes on, and no second one begins.
    if (!this.#isBusy) this.#run();
  }

  #handOut(): void {
    this.#isBusy = true;
    while (!this.#isOver) {
      const item = this.#next();
      if (item === undefined) break;
      if (isValue(item)) {
        if (this.#running >= this.#size) break;
        this.#start(item.value);
      } else {
        // A failure is told at once, a regular end when the work on the last value is done.
        if (this.#jobs.length > 0 && !('error' in item)) break;
        this.leave();
        this.#ended(item);
      }
    }
    this.#isBusy = false;
  }

  /** A muted consumer takes the end alone, unless the stream was completed: then an end without the values would not be true. */
  #next(): {readonly value: unknown} | StreamEnd | undefined {
    const end = this.#inlet.ended;
    return this.#isMuted && !(end && !('error' in end)) ? end : this.#inlet.peek(this, this.#jobs.length);
  }

  #start(value: unknown): void {
    const job: Job = {isDone: false};
    this.#jobs.push(job);
    this.#running++;
    this.#work(value, () => this.#finish(job));
  }

  #finish(job: Job): void {
    if (job.isDone || this.#isOver) return;
    job.isDone = true;
    this.#running--;
    while (this.#jobs[0]?.isDone) {
      this.#jobs.shift();
      this.#inlet.advance(this);
    }
    this.ready();
  }
}

/** @throws TypeError without a function, RangeError for a concurrency that is not a count from 1 on */
export function checkConcurrency(fn: unknown, concurrency: number): void {
  if (typeof fn !== 'function') throw new TypeError('a function is needed');
  if (concurrency !== Number.POSITIVE_INFINITY) checkCount('concurrency', concurrency, 'values');
}

/**
 * Calls `fn` for every value, for at most `concurrency` values at a time. The credit of a value returns when `fn` settles.
 * Resolves at the end of the stream. Rejects with the error of the stream, or with the error that `fn` threw.
 */
export function consume<T>(
  tap: Tap,
  fn: (value: T) => unknown,
  concurrency: number,
  resolve: () => void,
  reject: (error: unknown) => void,
): void {
  const fail = (error: unknown): void => {
    if (!work.leave()) return;
    reject(error);
    tap.fail(error, true);
  };
  const work = new BoundedWork(
    tap.inlet,
    concurrency,
    (value, done) => {
      const made = attempt(() => fn(value as T));
      if ('error' in made) fail(made.error);
      else if (isThenable(made.value)) void whenSettled(made.value, done, fail);
      else done();
    },
    end => {
      if ('error' in end) reject(end.error);
      else resolve();
      tap.leave();
    },
    // Not mutable, because the promise would hang.
    false,
  );
}

/** The results of `fn`, which works on at most `concurrency` values at a time. With `ordered` they keep the order of the values. */
export function mapAsync<T, R>(
  open: () => Tap,
  scopeOf: () => Scope,
  fn: (value: T) => Source<R>,
  concurrency: number,
  ordered: boolean,
): Observable<R> {
  const {Observable: RxObservable, Subject, takeUntil} = rxjs();
  const openFor = refusing(scopeOf);
  return new RxObservable<R>(subscriber => {
    const tap = openFor(subscriber, open);
    if (!tap) return undefined;
    // A Subject instead of a Subscription, because it ends an inner source also while that is still subscribing.
    const gone = new Subject<void>();
    const lanes: Lane<R>[] = [];
    const fail = (error: unknown): void => {
      // Before the subscriber leaves, which would cancel the call of a cold stream instead.
      if (work.leave()) tap.fail(error, true);
      subscriber.error(error);
    };
    const work = new BoundedWork(
      tap.inlet,
      concurrency,
      (value, done) => {
        const lane: Lane<R> = {waiting: [], done: undefined};
        if (ordered) lanes.push(lane);
        const made = attempt(() => observableOf<R>(fn(value as T)));
        if ('error' in made) {
          fail(made.error);
          return;
        }
        made.value.pipe(takeUntil(gone)).subscribe({
          next: result => (!ordered || lanes[0] === lane ? subscriber.next(result) : lane.waiting.push(result)),
          error: fail,
          complete: () => {
            if (ordered) settleLane(lanes, lane, done, result => subscriber.next(result));
            else done();
          },
        });
      },
      end => ('error' in end ? subscriber.error(end.error) : subscriber.complete()),
      true,
    );
    return () => {
      work.leave();
      tap.leave();
      // The last one, because it runs teardowns of the user's sources, and these may throw.
      gone.next();
    };
  });
}

function attempt<V>(fn: () => V): {readonly value: V} | {readonly error: unknown} {
  try {
    return {value: fn()};
  } catch (error) {
    return {error};
  }
}

/** The results of one value, which wait until those of the earlier values were given. */
interface Lane<R> {
  readonly waiting: R[];
  /** Set when the work on the value is done. */
  done: (() => void) | undefined;
}

/** The work of a lane is done. This lane, and the lanes behind it that are done too, give their results in turn. */
function settleLane<R>(lanes: Lane<R>[], lane: Lane<R>, done: () => void, next: (result: R) => void): void {
  lane.done = done;
  while (lanes[0]?.done) {
    const first = lanes.shift();
    // Before the work on the next value begins, because that may be done at once and come back here.
    for (const result of lanes[0]?.waiting.splice(0) ?? []) next(result);
    first?.done?.();
  }
}

/** `mapAsync` on any source. A source that is not a stream of ours cannot be slowed down, so that its values queue. */
export function mapOver<T, R>(
  source: Observable<T>,
  fn: (value: T) => Source<R>,
  concurrency: number,
  ordered: boolean,
): Observable<R> {
  checkConcurrency(fn, concurrency);
  const own = source as Partial<Pick<AsyncMappable<T>, 'mapAsync'>>;
  if (typeof own.mapAsync === 'function') return own.mapAsync(fn, {concurrency, ordered});
  const {mergeMap, Observable: RxObservable} = rxjs();
  const work = (value: T): Observable<R> => observableOf(fn(value));
  if (!ordered) return observableOf<T>(source).pipe(mergeMap(work, concurrency));
  return new RxObservable<R>(subscriber => {
    const lanes: Lane<R>[] = [];
    return observableOf<T>(source)
      .pipe(
        mergeMap(value => {
          const lane: Lane<R> = {waiting: [], done: undefined};
          lanes.push(lane);
          return new RxObservable<R>(out =>
            work(value).subscribe({
              next: result => (lanes[0] === lane ? out.next(result) : lane.waiting.push(result)),
              error: error => out.error(error),
              complete: () =>
                settleLane(
                  lanes,
                  lane,
                  () => out.complete(),
                  result => subscriber.next(result),
                ),
            }),
          );
        }, concurrency),
      )
      .subscribe(subscriber);
  });
}

/** The result of a call, as an Observable whose unsubscription aborts the call. */
export function cancellable<R>(call: (signal: AbortSignal) => PromiseLike<R>): Observable<R> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<R>(subscriber => {
    const controller = new AbortController();
    let isOver = false;
    call(controller.signal).then(
      value => {
        isOver = true;
        subscriber.next(value);
        subscriber.complete();
      },
      error => {
        isOver = true;
        subscriber.error(error);
      },
    );
    return () => {
      if (!isOver) controller.abort();
    };
  });
}

interface AsyncMappable<T> {
  mapAsync<R>(fn: (value: T) => Source<R>, options: {concurrency: number; ordered: boolean}): Observable<R>;
}
