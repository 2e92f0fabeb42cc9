/**
 * Sources of an actor that is not there at every moment: they wait for it, and then give what its own source gives.
 * Floor 4, room `rx`: above `remote-stream`; the portal of an actor that is started again makes them.
 */
import type {Observable, Subscriber, TeardownLogic} from 'rxjs';
import {Answer} from '../../base/answer.js';
import {checkCount} from '../../base/option-checks.js';
import type {Scope} from '../../base/scope.js';
import {checkConcurrency} from './bounded-work.js';
import {refuse} from './refusal.js';
import {type IterateOptions, type RemoteStream, remoteStreamClass, type WorkOptions} from './remote-stream.js';
import {madeOfRxjs, rxjs} from './rxjs.js';
import type {Source} from './source.js';

/** A source that may have to be waited for. */
export interface Late<S> {
  /** The source, when its actor is there. */
  now(): S | undefined;
  /** Waits for the source. Rejects when the signal aborts, and when the source will never come. */
  later(gone: AbortSignal): Promise<S>;
  /** The scope of the call that the source makes. */
  scope(): Scope;
}

/** An Observable whose subscriptions wait for their source. */
export function lateObservable<T>(late: Late<Observable<T>>): Observable<T> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<T>(subscriber => {
    const source = late.now();
    return source ? source.subscribe(subscriber) : subscribeLater(late, subscriber);
  });
}

function subscribeLater<T>(late: Late<Observable<T>>, subscriber: Subscriber<T>): TeardownLogic {
  const scope = late.scope();
  const gone = new AbortController();
  // Rule T8: leaving the scope normally unsubscribes. When the scope is cancelled, the wait itself fails.
  const release = scope.adopt({
    label: 'a subscription that waits for an actor',
    finish: async () => subscriber.unsubscribe(),
    end: async () => {},
  });
  late.later(gone.signal).then(
    source => {
      if (!subscriber.closed) subscriber.add(source.subscribe(subscriber));
      release();
    },
    error => {
      release();
      refuse(subscriber, error, scope);
    },
  );
  return () => {
    release();
    gone.abort();
  };
}

type NewLateStream = new <T>(late: Late<RemoteStream<T>>) => RemoteStream<T>;

const lateStreamClass = madeOfRxjs<NewLateStream>(() => {
  class LateStream<T> extends remoteStreamClass()<T> implements RemoteStream<T> {
    readonly #late: Late<RemoteStream<T>>;

    constructor(late: Late<RemoteStream<T>>) {
      super({
        values: opened => {
          opened?.((error, unsubscribe, isTold) => {
            unsubscribe();
            if (!isTold) late.scope().fail(error);
          });
          return lateObservable(late);
        },
        open: () => {
          throw new TypeError('a stream that waits for its actor has nothing to open yet');
        },
        scope: late.scope,
      });
      this.#late = late;
    }

    override iterate(options: IterateOptions = {}): AsyncIterableIterator<T> {
      const stream = this.#late.now();
      if (stream) return stream.iterate(options);
      if (options.lag !== undefined) checkCount('iterate(): lag', options.lag, 'values');
      return new LateIterator(gone => this.#late.later(gone).then(found => found.iterate(options)));
    }

    override consume(fn: (value: T) => unknown, options: WorkOptions = {}): Promise<void> {
      const stream = this.#late.now();
      if (stream) return stream.consume(fn, options);
      checkConcurrency(fn, options.concurrency ?? 1);
      const found = this.#late.later(new AbortController().signal);
      return Answer.from(
        this.#late.scope(),
        found.then(it => it.consume(fn, options)),
      );
    }

    override mapAsync<R>(
      fn: (value: T) => Source<R>,
      options: WorkOptions & {readonly ordered?: boolean} = {},
    ): Observable<R> {
      checkConcurrency(fn, options.concurrency ?? 1);
      const {now, later, scope} = this.#late;
      return lateObservable<R>({
        now: () => now()?.mapAsync(fn, options),
        later: async gone => (await later(gone)).mapAsync(fn, options),
        scope,
      });
    }
  }
  return LateStream;
});

/** A stream whose subscriptions, iterators and consumers wait for their source. */
export function lateStream<T>(late: Late<RemoteStream<T>>): RemoteStream<T> {
  return new (lateStreamClass())(late);
}

/** An iterator of a stream that is waited for. Leaving it early ends the wait. */
class LateIterator<T> implements AsyncIterableIterator<T> {
  readonly #gone = new AbortController();
  readonly #iterator: Promise<AsyncIterableIterator<T>>;

  constructor(open: (gone: AbortSignal) => Promise<AsyncIterableIterator<T>>) {
    this.#iterator = open(this.#gone.signal);
    // `next()` rejects with this error. Here it is not unhandled, because the user may call `next()` much later.
    this.#iterator.catch(() => {});
  }

  async next(): Promise<IteratorResult<T>> {
    return (await this.#iterator).next();
  }

  async return(): Promise<IteratorResult<T>> {
    this.#gone.abort();
    const over = {done: true, value: undefined} as const;
    const iterator = await this.#iterator.catch(() => undefined);
    return (await iterator?.return?.()) ?? over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
