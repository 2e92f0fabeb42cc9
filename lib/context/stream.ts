/**
 * Streams as users hold them: Observable, AsyncIterable and, on a context, Observer.
 * Floor 4: the face of RxJS on `inlet` and `outlet`.
 */
import type {Observable, ObservableInput, Observer, Subscription} from 'rxjs';
import {Answer} from '../base/answer.js';
import {ProtocolError, StreamClosed} from '../base/errors.js';
import type {Scope} from '../base/scope.js';
import {checkFlow, type End, type FlowOptions} from './end.js';
import {EndOfStream, feed, InletIterator} from './feed.js';
import type {Inlet} from './inlet.js';
import type {Outlet} from './outlet.js';
import {pump} from './pump.js';
import {madeOfRxjs, rxjs} from './rxjs.js';

/** Values from another actor. */
export interface RemoteStream<T> extends Observable<T>, AsyncIterable<T> {
  /** Each iterator sees every value from its making on. Leaving it early is like unsubscribing. */
  iterate(): AsyncIterableIterator<T>;
}

/**
 * @param values what a subscription gets
 * @param iterate makes an iterator, attached at once
 * @param thrown told when the function of a direct subscriber throws
 */
type NewRemoteStream = new <T>(
  values: Observable<T>,
  iterate: () => AsyncIterableIterator<T>,
  thrown: (error: unknown) => void,
) => RemoteStream<T>;

const remoteStreamClass = madeOfRxjs<NewRemoteStream>(({Observable, Subscriber}) => {
  return class RemoteStreamOf<T> extends Observable<T> implements RemoteStream<T> {
    readonly #iterate: () => AsyncIterableIterator<T>;
    readonly #thrown: (error: unknown) => void;

    constructor(values: Observable<T>, iterate: () => AsyncIterableIterator<T>, thrown: (error: unknown) => void) {
      super(subscriber => values.subscribe(subscriber));
      this.#iterate = iterate;
      this.#thrown = thrown;
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
            this.#thrown(thrown);
          }
        },
        ...(fail && {error: fail}),
        ...(end && {complete: end}),
      });
      return subscriber;
    }

    /** Each iterator sees every value from its making on. Leaving it early is like unsubscribing. */
    iterate(): AsyncIterableIterator<T> {
      return this.#iterate();
    }

    [Symbol.asyncIterator](): AsyncIterableIterator<T> {
      return this.#iterate();
    }
  };
});

/** An opened receiving side: what a subscription or an iterator holds, and gives up when it ends. */
export interface Tap {
  readonly inlet: Inlet;
  /** The consumer is gone: by the stream's end, or before it. */
  readonly leave: () => void;
}

/** A stream that opens at each subscription and for each iterator. */
export function coldStream<T>(open: () => Tap, thrown: (error: unknown) => void): RemoteStream<T> {
  const {Observable: RxObservable} = rxjs();
  const values = new RxObservable<T>(subscriber => {
    const {inlet, leave} = open();
    return received<T>(inlet, leave).subscribe(subscriber);
  });
  const iterate = (): AsyncIterableIterator<T> => {
    const {inlet, leave} = open();
    return new InletIterator<T>(inlet, leave);
  };
  return new (remoteStreamClass())(values, iterate, thrown);
}

/** What a caller sends into a remote stage: one inlet, whoever reads it, and however often. */
export function inputStream<T>(end: End, inlet: Inlet): RemoteStream<T> {
  const {share, Subject} = rxjs();
  return new (remoteStreamClass())<T>(
    received<T>(inlet, () => {}).pipe(share({connector: () => new Subject<T>()})),
    () => new InletIterator<T>(inlet, () => {}),
    error => end.fail(error),
  );
}

/** Rule S4: what closes the receiving side is told from what fails it in one place, and let go in one place. */
function received<T>(inlet: Inlet, leave: () => void): Observable<T> {
  const {Observable: RxObservable, catchError, EMPTY, finalize, throwError} = rxjs();
  return new RxObservable<T>(subscriber => feed(inlet, subscriber)).pipe(
    catchError(error => (error instanceof EndOfStream ? EMPTY : throwError(() => error))),
    finalize(leave),
  );
}

/** What a stream has seen so far. */
export interface StreamStats {
  /** Values that have left this end. */
  readonly sent: number;
  /** Values that have arrived at this end. */
  readonly received: number;
  /** Values that nobody wanted, or that could not leave any more. */
  readonly dropped: number;
  /** Bytes that wait at this end for room. */
  readonly queuedBytes: number;
}

/** Options of `openStream`. */
export interface StreamOptions extends FlowOptions {
  /** What happens when more is pushed than may wait. `error`, the default, fails the context with StreamOverrun. */
  readonly overflow?: 'error';
}

/**
 * One end of a two-way stream: subscribe to it or iterate it to receive; use it as an Observer, or `send`, to
 * send. Unsubscribing and leaving an iterator keep it open.
 */
export interface MsgStream<In, Out> extends RemoteStream<In>, Observer<Out>, AsyncDisposable {
  /**
   * Sends a value; resolves when the receiver has granted room for it.
   *
   * @throws Unserializable when the value cannot cross: this call alone is refused
   * @throws StreamClosed after `complete()`, `close()`, or the peer's `close()`
   */
  send(value: Out): Promise<void>;
  /**
   * Pushes a value: never waits. It queues up to `bufferBytes`; beyond that the context fails with StreamOverrun.
   *
   * @throws StreamClosed after this end's own `complete()` or `close()`
   */
  next(value: Out): void;
  /** I send no more; I may still receive. */
  complete(): void;
  /** Fails the whole context, at both ends. */
  error(error: unknown): void;
  /**
   * Sends all of a source: iterables are pulled as there is room, Observables pushed within the bound. Rejects with
   * the source's error; the context goes on. Completes the stream afterwards unless told otherwise.
   */
  pump(source: ObservableInput<Out>, options?: {readonly complete?: boolean}): Promise<void>;
  /** Ends both directions: values that still come are dropped, and the peer's `send` rejects. Idempotent, never rejects. */
  close(): Promise<void>;
  /** Whether the stream is over in both directions: closed here, by the peer, or ended with its context. */
  readonly closed: boolean;
  readonly stats: StreamStats;
}

/** Opens the stream: grants credit from here on. */
type NewMsgStream = new <In, Out>(end: End, scope: Scope, options?: StreamOptions) => MsgStream<In, Out>;

export const msgStreamClass = madeOfRxjs<NewMsgStream>(({share, Subject}) => {
  const RemoteStreamOf = remoteStreamClass();
  return class MsgStreamOf<In, Out> extends RemoteStreamOf<In> implements MsgStream<In, Out> {
    readonly #end: End;
    readonly #inlet: Inlet;
    readonly #outlet: Outlet;
    readonly #scope: Scope;
    /** The out half of the pair of Subjects. */
    readonly #out = new Subject<Out>();
    #warned = false;

    constructor(end: End, scope: Scope, options: StreamOptions = {}) {
      checkFlow(options);
      const inlet = end.makeInlet(options);
      super(
        // The in half of the pair of Subjects: one, shared by all subscribers.
        received<In>(inlet, () => {}).pipe(share({connector: () => new Subject<In>()})),
        () => new InletIterator<In>(inlet, () => {}),
        error => end.fail(error),
      );
      this.#end = end;
      this.#scope = scope;
      this.#inlet = inlet;
      this.#outlet = end.makeOutlet(options);
      if (!inlet.opened) inlet.open();
      this.#out.subscribe({
        next: value => {
          end.push(this.#outlet, value);
        },
        error: error => end.fail(error),
        complete: () => this.#outlet.stop(),
      });
    }

    send(value: Out): Promise<void> {
      try {
        const bytes = this.#end.encode(value);
        if (this.#outlet.trySend(bytes)) return sentAlready;
        return Answer.owned<void>(this.#scope, (resolve, reject) =>
          this.#outlet.waitToSend(bytes, {resolve: () => resolve(), reject}),
        );
      } catch (error) {
        return Answer.from<void>(this.#scope, Promise.reject(error));
      }
    }

    next(value: Out): void {
      const closed = this.#outlet.closed;
      if (!closed) {
        this.#out.next(value);
        return;
      }
      if (closed.byUs) throw closed.error;
      // A throw would reach an Observable that nobody unsubscribes: drop, count, and say so once.
      this.#outlet.dropped++;
      if (!this.#warned) {
        this.#warned = true;
        process.emitWarning('values are pushed into a stream that its peer has ended: they are dropped', {
          code: 'ERR_STREAM_CLOSED',
        });
      }
    }

    complete(): void {
      this.#out.complete();
    }

    error(error: unknown): void {
      this.#out.error(error);
    }

    pump(source: ObservableInput<Out>, options: {readonly complete?: boolean} = {}): Promise<void> {
      return Answer.from<void>(
        this.#scope,
        pump(this.#end, this.#outlet, source).then(() => {
          if (options.complete ?? true) this.complete();
        }),
      );
    }

    async close(): Promise<void> {
      this.#end.closeStream();
    }

    [Symbol.asyncDispose](): Promise<void> {
      return this.close();
    }

    get closed(): boolean {
      const {dialog, outcome} = this.#end;
      return outcome !== undefined || dialog.receiving === 'closed' || dialog.sending === 'refused';
    }

    get stats(): StreamStats {
      return {
        sent: this.#outlet.sent,
        received: this.#inlet.received,
        dropped: this.#inlet.dropped + this.#outlet.dropped,
        queuedBytes: this.#outlet.queuedBytes,
      };
    }
  };
});

const sentAlready: Promise<void> = Promise.resolve();

/** Why a stream cannot be opened again. */
export function reopened(end: End): Error {
  return end.outcome || end.dialog.receiving === 'closed'
    ? new StreamClosed('the stream of this context is closed and cannot be opened again')
    : new ProtocolError('the stream of this context is open already: a context has one');
}
