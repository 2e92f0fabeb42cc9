/**
 * Values from another actor as users hold them: Observable and AsyncIterable in one.
 * Floor 4: the face of RxJS on `inlet`; `msg-stream` adds the sending half.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Observable, Observer, Subscription} from 'rxjs';
import {Answer} from '../../base/answer.js';
import type {Scope} from '../../base/scope.js';
import type {Inlet} from '../flow/inlet.js';
import type {End} from '../protocol/end.js';
import {checkConcurrency, consume, mapAsync, type Tap} from './bounded-work.js';
import {EndOfStream, feed, InletIterator} from './feed.js';
import {refusing} from './refusal.js';
import {madeOfRxjs, rxjs} from './rxjs.js';
import {markSource, type Source} from './source.js';

/** Where a stream's values come from. */
interface StreamSource<T> {
  /** What a subscription gets. */
  readonly values: Observable<T>;
  /** Opens the receiving side for one iterator, or one `consume`. */
  readonly open: () => Tap;
  /** Told when a subscriber's own function throws, which nobody else is told of (rule S5). */
  readonly thrown: (error: unknown) => void;
  /** To whom a failure goes that nobody asks for. */
  readonly scope: () => Scope;
}

/** Options of `iterate`. */
export interface IterateOptions {
  /**
   * How many values this iterator may be behind without holding back the sender. Further behind it gets `Lagged` once,
   * with the count of what it missed, and goes on from the oldest value that is kept. Default: it holds back.
   */
  readonly lag?: number;
}

/** Options of `consume` and `mapAsync`. */
export interface WorkOptions {
  /** Values that are worked on at a time. Default 1. */
  readonly concurrency?: number;
}

/** Values from another actor. */
export interface RemoteStream<T> extends Observable<T>, AsyncIterable<T> {
  /**
   * Each iterator sees every value from its making on. Leaving it early is like unsubscribing.
   *
   * @throws RangeError for a lag that is no count from 1 on
   */
  iterate(options?: IterateOptions): AsyncIterableIterator<T>;
  /**
   * Calls `fn` for every value; credit returns when it settles, so that the sender is never ahead of the work by more
   * than the window. Resolves at the end of the stream. Rejects with its error, or with what `fn` threw: that fails
   * the context too.
   *
   * @throws TypeError, RangeError for arguments that make no sense
   */
  consume(fn: (value: T) => unknown, options?: WorkOptions): Promise<void>;
  /**
   * What `fn` makes of each value, as `mergeMap` does (or, with `ordered`, `concatMap`), but that it holds back the
   * sender in place of queueing.
   *
   * @throws TypeError, RangeError for arguments that make no sense
   */
  mapAsync<R>(fn: (value: T) => Source<R>, options?: WorkOptions & {readonly ordered?: boolean}): Observable<R>;
}

type NewRemoteStream = new <T>(source: StreamSource<T>) => RemoteStream<T>;

export const remoteStreamClass = madeOfRxjs<NewRemoteStream>(({Observable, Subscriber}) => {
  class RemoteStreamOf<T> extends Observable<T> implements RemoteStream<T> {
    readonly #source: StreamSource<T>;

    constructor(source: StreamSource<T>) {
      super(subscriber => source.values.subscribe(subscriber));
      this.#source = source;
    }

    /** As in RxJS, but that an observer's own `next` that throws fails the context (rule S5), and not the process. */
    override subscribe(
      observer?: Partial<Observer<T>> | ((value: T) => void) | null,
      error?: ((error: unknown) => void) | null,
      complete?: (() => void) | null,
    ): Subscription {
      if (observer instanceof Subscriber) return super.subscribe(observer);
      const given: Partial<Observer<T>> = typeof observer === 'function' || !observer ? {} : observer;
      const next = typeof observer === 'function' ? observer : given.next?.bind(given);
      const fail = error ?? given.error?.bind(given);
      const end = complete ?? given.complete?.bind(given);
      const subscriber: Subscription = new Observable<T>(inner => super.subscribe(inner)).subscribe({
        next: value => {
          try {
            next?.(value);
          } catch (thrown) {
            subscriber.unsubscribe();
            this.#source.thrown(thrown);
          }
        },
        ...(fail && {error: fail}),
        ...(end && {complete: end}),
      });
      return subscriber;
    }

    iterate(options: IterateOptions = {}): AsyncIterableIterator<T> {
      const {lag} = options;
      if (lag !== undefined && !(Number.isSafeInteger(lag) && lag >= 1))
        throw new RangeError(`iterate(): lag is a number of values from 1 on, not ${lag}`);
      const {inlet, leave} = this.#source.open();
      return new InletIterator<T>(inlet, leave, lag);
    }

    [Symbol.asyncIterator](): AsyncIterableIterator<T> {
      return this.iterate();
    }

    consume(fn: (value: T) => unknown, options: WorkOptions = {}): Promise<void> {
      const {concurrency = 1} = options;
      checkConcurrency(fn, concurrency);
      return Answer.owned<void>(this.#source.scope(), (resolve, reject) =>
        consume(this.#source.open(), fn, concurrency, resolve, reject),
      );
    }

    mapAsync<R>(fn: (value: T) => Source<R>, options: WorkOptions & {readonly ordered?: boolean} = {}): Observable<R> {
      const {concurrency = 1, ordered = false} = options;
      checkConcurrency(fn, concurrency);
      return mapAsync(this.#source.open, this.#source.scope, fn, concurrency, ordered);
    }
  }
  markSource(RemoteStreamOf.prototype);
  return RemoteStreamOf;
});

/** A stream that opens at each subscription and for each iterator. */
export function coldStream<T>(open: () => Tap, scope: () => Scope): RemoteStream<T> {
  const {Observable: RxObservable} = rxjs();
  const openFor = refusing(scope);
  const values = new RxObservable<T>(subscriber => {
    const tap = openFor(subscriber, open);
    return tap && received<T>(tap.inlet, tap.leave).subscribe(subscriber);
  });
  return new (remoteStreamClass())({values, open, thrown: error => scope().fail(error), scope});
}

/** What a caller sends into a remote stage: one inlet, whoever reads it, and however often. */
export function inputStream<T>(end: End, inlet: Inlet, scope: Scope): RemoteStream<T> {
  return new (remoteStreamClass())<T>(openedStream(end, inlet, scope));
}

/** A stream of an inlet that is there already: subscribers share one Subject, iterators have places of their own. */
export function openedStream<T>(end: End, inlet: Inlet, scope: Scope): StreamSource<T> {
  const {Observable: RxObservable, share, Subject} = rxjs();
  const shared = received<T>(inlet, () => {}).pipe(share({connector: () => new Subject<T>()}));
  let subscribers = 0;
  return {
    values: new RxObservable<T>(subscriber => {
      // Values reach the first in its own async context: the others join it there, and are called in theirs.
      const isFirst = subscribers++ === 0;
      subscriber.add(() => subscribers--);
      return shared.subscribe(isFirst ? subscriber : inPlace(subscriber));
    }),
    open: () => ({
      inlet,
      leave: () => {},
      fail: error => {
        end.asked = true;
        end.fail(error);
      },
    }),
    thrown: error => end.fail(error),
    scope: () => scope,
  };
}

/** An observer that is called in the async context of this call (rule C12). */
function inPlace<T>(observer: Observer<T>): Observer<T> {
  const here = AsyncLocalStorage.snapshot();
  return {
    next: value => here(() => observer.next(value)),
    error: error => here(() => observer.error(error)),
    complete: () => here(() => observer.complete()),
  };
}

/** Rule S4: what closes the receiving side is told from what fails it in one place, and let go in one place. */
function received<T>(inlet: Inlet, leave: () => void): Observable<T> {
  const {Observable: RxObservable, catchError, EMPTY, finalize, throwError} = rxjs();
  return new RxObservable<T>(subscriber => feed(inlet, subscriber)).pipe(
    catchError(error => (error instanceof EndOfStream ? EMPTY : throwError(() => error))),
    finalize(leave),
  );
}
