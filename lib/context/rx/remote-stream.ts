/**
 * Values from another actor as users hold them: an Observable and an AsyncIterable in one.
 * Floor 4, room `rx`: the face of RxJS on `inlet`; `msg-stream` adds the sending half.
 */
import type {Observable, Observer, OperatorFunction, Subscription} from 'rxjs';
import {Answer} from '../../base/answer.js';
import {inherits} from '../../base/foreign.js';
import {checkCount} from '../../base/option-checks.js';
import type {Scope} from '../../base/scope.js';
import type {Inlet} from '../flow/inlet.js';
import type {Link} from '../protocol/link.js';
import {checkConcurrency, consume, mapAsync, type Tap} from './bounded-work.js';
import {EndOfStream, feed, InletIterator} from './feed.js';
import {observerInPlace} from './in-place.js';
import {refusing} from './refusal.js';
import {madeOfRxjs, rxjs} from './rxjs.js';
import {markSource, type Source} from './source.js';

/** A function that a user calls: the frames of errors begin with its caller. */
export type UserEntry = (...args: never[]) => unknown;

/** The origin of a stream's values. */
interface StreamSource<T> {
  /** The values for a subscription. `opened` is called with what to do when the code of the subscriber throws. */
  readonly values: (opened?: (thrown: Thrown) => void) => Observable<T>;
  /** Opens the receiving side for one iterator, or one `consume`. @param from the function that the user called */
  readonly open: (from?: UserEntry) => Tap;
  /** The scope that fails with an error that nobody asks for. */
  readonly scope: () => Scope;
}

/**
 * The code of a direct subscriber threw: unsubscribes it, and fails the context (rule S5).
 *
 * @param isTold whether the subscriber itself is told of the error
 */
type Thrown = (error: unknown, unsubscribe: () => void, isTold: boolean) => void;

/** Options of `iterate`. */
export interface IterateOptions {
  /**
   * How many values this iterator may be behind. An iterator that is further behind gets `Lagged` once, with the count of
   * the values that it missed, and goes on from the oldest value that is kept. Default: the iterator holds back the sender.
   */
  readonly lag?: number;
}

/** Options of `consume` and `mapAsync`. */
export interface WorkOptions {
  /** How many values are worked on at a time. Default: 1. */
  readonly concurrency?: number;
}

/**
 * Values from another actor.
 *
 * @example
 * ```ts
 * const ticks$ = portal.stream(ticks, 100);
 * ticks$.pipe(take(3)).subscribe(n => console.log(n));
 * for await (const n of ticks$) if (n > 3) break;
 * ```
 */
export interface RemoteStream<T> extends Observable<T>, AsyncIterable<T> {
  /**
   * As in RxJS. Behind a remote stage, which `portal.operator()` gives, comes a remote stream again: it can be iterated too.
   *
   * @example
   * ```ts
   * for await (const text of portal.stream(countTo, 3).pipe(map(n => n + 1), other.operator(spell))) console.log(text);
   * ```
   */
  readonly pipe: RemotePipe<T> & Observable<T>['pipe'];
  /**
   * An iterator. It sees every value from the moment in which it is made. Leaving it early is like unsubscribing.
   *
   * @throws RangeError for a lag that is not a count from 1 on
   */
  iterate(options?: IterateOptions): AsyncIterableIterator<T>;
  /**
   * Calls `fn` for every value. The credit of a value returns when `fn` settles, so that the sender is never ahead of the
   * work by more than the window. Resolves at the end of the stream. Rejects with the error of the stream, or with the error
   * that `fn` threw, which fails the context too.
   *
   * @throws TypeError, RangeError for arguments that make no sense
   */
  consume(fn: (value: T) => unknown, options?: WorkOptions): Promise<void>;
  /**
   * The values of the source that `fn` makes of each value: like `mergeMap`, or with `ordered` like `concatMap`. Unlike
   * these it holds back the sender instead of queueing.
   *
   * @throws TypeError, RangeError for arguments that make no sense
   */
  mapAsync<R>(fn: (value: T) => Source<R>, options?: WorkOptions & {readonly ordered?: boolean}): Observable<R>;
}

/** One stage of a pipe that runs in another actor: what `portal.operator()` gives. */
export type RemoteStage<In, Out> = (source: Observable<In>) => RemoteStream<Out>;

/** `pipe` with a remote stage at its end: at run time it gives what the last operator gives. */
export interface RemotePipe<T> {
  /** The remote stage alone. */
  <R>(last: RemoteStage<T, R>): RemoteStream<R>;
  /** One operator before the remote stage. */
  <A, R>(a: OperatorFunction<T, A>, last: RemoteStage<A, R>): RemoteStream<R>;
  /** Two operators before it. */
  <A, B, R>(a: OperatorFunction<T, A>, b: OperatorFunction<A, B>, last: RemoteStage<B, R>): RemoteStream<R>;
  /** Three operators before it. */
  <A, B, C, R>(
    a: OperatorFunction<T, A>,
    b: OperatorFunction<A, B>,
    c: OperatorFunction<B, C>,
    last: RemoteStage<C, R>,
  ): RemoteStream<R>;
  /** Four operators before it. */
  <A, B, C, D, R>(
    a: OperatorFunction<T, A>,
    b: OperatorFunction<A, B>,
    c: OperatorFunction<B, C>,
    d: OperatorFunction<C, D>,
    last: RemoteStage<D, R>,
  ): RemoteStream<R>;
}

type NewRemoteStream = new <T>(source: StreamSource<T>) => RemoteStream<T>;

export const remoteStreamClass = madeOfRxjs<NewRemoteStream>(({Observable, Subscriber}) => {
  class RemoteStreamOf<T> extends Observable<T> {
    readonly #source: StreamSource<T>;

    constructor(source: StreamSource<T>) {
      super(subscriber => source.values().subscribe(subscriber));
      this.#source = source;
    }

    /**
     * As in RxJS, with one difference: when the `next` of an observer throws, that fails the context (rule S5), not the process.
     * The observer's own `error` is told. Without one it is whoever else holds the context, or else the owner.
     */
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
      let thrown: Thrown | undefined;
      const values = this.#source.values(opened => {
        thrown = opened;
      });
      const subscriber: Subscription = values.subscribe({
        next: value => {
          try {
            next?.(value);
          } catch (failure) {
            thrown?.(failure, () => subscriber.unsubscribe(), fail !== undefined);
            fail?.(failure);
          }
        },
        ...(fail && {error: fail}),
        ...(end && {complete: end}),
      });
      return subscriber;
    }

    iterate(options: IterateOptions = {}): AsyncIterableIterator<T> {
      const {lag} = options;
      if (lag !== undefined) checkCount('iterate(): lag', lag, 'values');
      const {inlet, leave} = this.#source.open(this.iterate);
      return new InletIterator<T>(inlet, leave, lag);
    }

    [Symbol.asyncIterator](): AsyncIterableIterator<T> {
      return this.iterate();
    }

    consume(fn: (value: T) => unknown, options: WorkOptions = {}): Promise<void> {
      const {concurrency = 1} = options;
      checkConcurrency(fn, concurrency);
      return Answer.owned<void>(this.#source.scope(), (resolve, reject) =>
        consume(this.#source.open(this.consume), fn, concurrency, resolve, reject),
      );
    }

    mapAsync<R>(fn: (value: T) => Source<R>, options: WorkOptions & {readonly ordered?: boolean} = {}): Observable<R> {
      const {concurrency = 1, ordered = false} = options;
      checkConcurrency(fn, concurrency);
      return mapAsync(this.#source.open, this.#source.scope, fn, concurrency, ordered);
    }
  }
  markSource(RemoteStreamOf.prototype);
  // `pipe` is that of RxJS. Only its type says more here.
  return RemoteStreamOf as unknown as NewRemoteStream;
});

/** A stream that opens a call at each subscription, and for each iterator. */
export function coldStream<T>(open: (from?: UserEntry) => Tap, scope: () => Scope): RemoteStream<T> {
  const RemoteStreamOf = remoteStreamClass();
  const {Observable: RxObservable} = rxjs();
  const openFor = refusing(scope);
  const values: StreamSource<T>['values'] = opened =>
    new RxObservable<T>(subscriber => {
      const tap = openFor(subscriber, () => open(RemoteStreamOf.prototype.subscribe));
      if (!tap) return undefined;
      opened?.((error, unsubscribe, isTold) => {
        // In this order, because the unsubscription would cancel the call instead.
        tap.fail(error, isTold);
        unsubscribe();
      });
      return received<T>(tap.inlet, tap.leave).subscribe(subscriber);
    });
  return new RemoteStreamOf({values, open, scope});
}

/** The values that a caller sends into a remote stage: one inlet for all its readers. */
export function inputStream<T>(link: Link, inlet: Inlet, scope: Scope): RemoteStream<T> {
  return new (remoteStreamClass())<T>(openedStream(link, inlet, scope));
}

/** A stream over an open inlet. Its subscribers share one Subject; each iterator has a position of its own. */
export function openedStream<T>(link: Link, inlet: Inlet, scope: Scope): StreamSource<T> {
  const {Observable: RxObservable, share, Subject} = rxjs();
  const shared = received<T>(inlet, () => {}).pipe(share({connector: () => new Subject<T>()}));
  let subscribers = 0;
  const values = new RxObservable<T>(subscriber => {
    // Values reach the first subscriber in its own async context. The others join it there, and are called in theirs (rule C12).
    const isFirst = subscribers++ === 0;
    subscriber.add(() => subscribers--);
    return shared.subscribe(isFirst ? subscriber : observerInPlace(subscriber));
  });
  const tap: Tap = {inlet, leave: () => {}, fail: (error, isTold) => link.failFor(scope, error, isTold)};
  return {
    values: opened => {
      opened?.((error, unsubscribe, isTold) => {
        unsubscribe();
        tap.fail(error, isTold);
      });
      return values;
    },
    open: () => tap,
    scope: () => scope,
  };
}

/** Rule S4: `catchError` tells what closes the stream from what fails it, and `finalize` runs the close. Both stand only here. */
function received<T>(inlet: Inlet, leave: () => void): Observable<T> {
  const {Observable: RxObservable, catchError, EMPTY, finalize, throwError} = rxjs();
  return new RxObservable<T>(subscriber => feed(inlet, subscriber)).pipe(
    catchError(error => (inherits(error, EndOfStream) ? EMPTY : throwError(() => error))),
    finalize(leave),
  );
}
