/**
 * Consumers that take their time: `consume` and `mapAsync`, whose credit returns when the work on a value is done.
 * Floor 4: beside `feed`; on the same log.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Observable} from 'rxjs';
import {isThenable} from '../../base/answer.js';
import type {Scope} from '../../base/scope.js';
import {type Consumer, type Inlet, isValue, type StreamEnd} from '../flow/inlet.js';
import {refusing} from './refusal.js';
import {rxjs} from './rxjs.js';
import {observableOf, type Source} from './source.js';

/** An opened receiving side: what a subscription or an iterator holds, and gives up when it ends. */
export interface Tap {
  readonly inlet: Inlet;
  /** The consumer is gone: by the stream's end, or before it. */
  readonly leave: () => void;
  /** The consumer's work failed, and somebody is told: the context ends with it. */
  readonly fail: (error: unknown) => void;
}

/** One value that is being worked on. */
interface Job {
  done: boolean;
}

/** Hands out at most `size` values at a time; each is consumed once it, and all before it, are done. */
class Crew implements Consumer {
  readonly mutable: boolean;
  readonly #inlet: Inlet;
  readonly #size: number;
  readonly #work: (value: unknown, done: () => void) => void;
  readonly #ended: (end: StreamEnd) => void;
  readonly #jobs: Job[] = [];
  /** Whatever brings a value: the work on it runs in the async context in which it was asked for (rule C12). */
  readonly #here = AsyncLocalStorage.snapshot();
  #running = 0;
  #over = false;
  #muted = false;
  #busy = false;

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

  /** Takes no more; what is not done goes back. False when it has left before. */
  leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#inlet.detach(this);
    return true;
  }

  mute(): void {
    this.#muted = true;
    this.ready();
  }

  ready(): void {
    // A job that is done at once comes back here: the loop goes on, it does not nest.
    if (!this.#busy) this.#here(() => this.#handOut());
  }

  #handOut(): void {
    this.#busy = true;
    while (!this.#over) {
      const item = this.#next();
      if (item === undefined) break;
      if (isValue(item)) {
        if (this.#running >= this.#size) break;
        this.#start(item.value);
      } else {
        // A failure is told at once, a regular end when the last job is done.
        if (this.#jobs.length > 0 && !('error' in item)) break;
        this.leave();
        this.#ended(item);
      }
    }
    this.#busy = false;
  }

  /** Once muted no value, unless the stream was completed after all: an end without them would not be true. */
  #next(): {readonly value: unknown} | StreamEnd | undefined {
    const end = this.#inlet.ended;
    return this.#muted && !(end && !('error' in end)) ? end : this.#inlet.peek(this, this.#jobs.length);
  }

  #start(value: unknown): void {
    const job: Job = {done: false};
    this.#jobs.push(job);
    this.#running++;
    this.#work(value, () => this.#finish(job));
  }

  #finish(job: Job): void {
    if (job.done || this.#over) return;
    job.done = true;
    this.#running--;
    while (this.#jobs[0]?.done) {
      this.#jobs.shift();
      this.#inlet.advance(this);
    }
    this.ready();
  }
}

/** @throws TypeError, RangeError */
export function checkConcurrency(fn: unknown, concurrency: number): void {
  if (typeof fn !== 'function') throw new TypeError('a function is needed');
  if (!(concurrency >= 1 && (Number.isInteger(concurrency) || concurrency === Number.POSITIVE_INFINITY)))
    throw new RangeError(`concurrency is a number of values from 1 on, not ${concurrency}`);
}

/**
 * Calls `fn` for every value, at most `concurrency` at a time, and returns credit when it settles. Resolves at the
 * end of the stream; rejects with its error, or with what `fn` threw.
 */
export function consume<T>(
  tap: Tap,
  fn: (value: T) => unknown,
  concurrency: number,
  resolve: () => void,
  reject: (error: unknown) => void,
): void {
  const fail = (error: unknown): void => {
    if (!crew.leave()) return;
    reject(error);
    tap.fail(error);
  };
  const crew = new Crew(
    tap.inlet,
    concurrency,
    (value, done) => {
      const made = attempt(() => fn(value as T));
      if ('error' in made) fail(made.error);
      else if (isThenable(made.value)) made.value.then(done, fail);
      else done();
    },
    end => {
      if ('error' in end) reject(end.error);
      else resolve();
      tap.leave();
    },
    // The promise would hang.
    false,
  );
}

/** What `fn` makes of each value, at most `concurrency` at a time; in the order of the values where `ordered`. */
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
    // Not a Subscription: it ends an inner source also while that is still subscribing.
    const gone = new Subject<void>();
    const lanes: Lane<R>[] = [];
    const crew = new Crew(
      tap.inlet,
      concurrency,
      (value, done) => {
        const lane: Lane<R> = {waiting: [], done: undefined};
        if (ordered) lanes.push(lane);
        const made = attempt(() => observableOf<R>(fn(value as T)));
        if ('error' in made) {
          subscriber.error(made.error);
          tap.fail(made.error);
          return;
        }
        made.value.pipe(takeUntil(gone)).subscribe({
          next: result => (!ordered || lanes[0] === lane ? subscriber.next(result) : lane.waiting.push(result)),
          error: error => {
            subscriber.error(error);
            tap.fail(error);
          },
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
      crew.leave();
      gone.next();
      tap.leave();
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

/** The results of one value that wait for those of earlier values. */
interface Lane<R> {
  readonly waiting: R[];
  /** Set when the value's work is done. */
  done: (() => void) | undefined;
}

/** A lane is done: it, and those behind it that are, give what they have in turn. */
function settleLane<R>(lanes: Lane<R>[], lane: Lane<R>, done: () => void, next: (result: R) => void): void {
  lane.done = done;
  while (lanes[0]?.done) {
    const first = lanes.shift();
    // Before the next value is begun: that may be done at once, and come back here.
    for (const result of lanes[0]?.waiting.splice(0) ?? []) next(result);
    first?.done?.();
  }
}

/** `mapAsync` on any source: what is no stream of ours cannot be slowed, and queues. */
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

/** What a call gives, as an Observable whose unsubscription aborts it. */
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
