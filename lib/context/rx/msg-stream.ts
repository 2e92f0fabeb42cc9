/**
 * The stream of a context as users hold it: what comes in, and an Observer for what goes out.
 * Floor 4: above `remote-stream`, the face of RxJS on `outlet`.
 */
import type {Observer} from 'rxjs';
import {Answer} from '../../base/answer.js';
import {ProtocolError, StreamClosed} from '../../base/errors.js';
import type {Scope} from '../../base/scope.js';
import type {Inlet} from '../flow/inlet.js';
import {type FlowOptions, flowOf} from '../flow/options.js';
import type {Outlet} from '../flow/outlet.js';
import type {End} from '../protocol/end.js';
import {pump} from './pump.js';
import {openedStream, type RemoteStream, remoteStreamClass} from './remote-stream.js';
import {madeOfRxjs} from './rxjs.js';
import type {Source} from './source.js';

/** What a stream has seen so far. */
export interface StreamStats {
  /** Values that have left this end. */
  readonly sent: number;
  /** Values that have arrived at this end. */
  readonly received: number;
  /** Values that nobody wanted, that `overflow` dropped, or that could not leave any more. */
  readonly dropped: number;
  /** Bytes that wait at this end for room. */
  readonly queuedBytes: number;
}

/** Options of `openStream`. */
export type StreamOptions = FlowOptions;

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
   * Pushes a value: never waits. It queues up to `bufferBytes`; beyond that `overflow` decides: the context fails
   * with StreamOverrun, unless told otherwise.
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
  pump(source: Source<Out>, options?: {readonly complete?: boolean}): Promise<void>;
  /** Ends both directions: values that still come are dropped, and the peer's `send` rejects. Idempotent, never rejects. */
  close(): Promise<void>;
  /** Whether the stream is over in both directions: closed here, by the peer, or ended with its context. */
  readonly closed: boolean;
  readonly stats: StreamStats;
}

/** Opens the stream: grants credit from here on. */
type NewMsgStream = new <In, Out>(end: End, scope: Scope, options?: StreamOptions) => MsgStream<In, Out>;

export const msgStreamClass = madeOfRxjs<NewMsgStream>(({Subject}) => {
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
      flowOf(options);
      const inlet = end.makeInlet(options);
      // The in half of the pair of Subjects is the one that its subscribers share.
      super(openedStream(end, inlet, scope));
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

    pump(source: Source<Out>, options: {readonly complete?: boolean} = {}): Promise<void> {
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
