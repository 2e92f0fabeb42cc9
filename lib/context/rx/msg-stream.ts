/**
 * The stream of a context as users hold it: a pair of Subjects, one for the values that come in, one for those that leave.
 * Floor 4, room `rx`: above `remote-stream`; the face of RxJS on `outlet`.
 */
import type {Observer} from 'rxjs';
import {Answer} from '../../base/answer.js';
import {beginAtCall, framesAbove} from '../../base/call-frames.js';
import {MessageTypeError, ProtocolError, StreamClosed, Unserializable} from '../../base/errors.js';
import {checkBoolean, checkKeys} from '../../base/option-checks.js';
import type {Scope} from '../../base/scope.js';
import type {Inlet} from '../flow/inlet.js';
import {type FlowOptions, flowOf} from '../flow/options.js';
import type {Outlet} from '../flow/outlet.js';
import type {Link} from '../protocol/link.js';
import {pump} from './pump.js';
import {openedStream, type RemoteStream, remoteStreamClass} from './remote-stream.js';
import {madeOfRxjs} from './rxjs.js';
import type {Source} from './source.js';

/** Counts of one end of a stream. */
export interface StreamStats {
  /** Values that have left this end. */
  readonly sent: number;
  /** Values that have arrived at this end. */
  readonly received: number;
  /** Values that no consumer wanted, that `overflow` dropped, or that could not leave any more. */
  readonly dropped: number;
  /** Bytes that wait at this end for room, as they count against `bufferBytes`. */
  readonly queuedBytes: number;
}

/** Options of `send`. */
export interface SendOptions {
  /** Whether the memory of the value is given away instead of copied. Default: false. */
  readonly transfer?: boolean | undefined;
}

/** Options of `openStream`. */
export type StreamOptions = FlowOptions;

/**
 * One end of a two-way stream. To receive, subscribe to it or iterate it. To send, call `send`, or use it as an Observer.
 * Unsubscribing, and leaving an iterator, keep it open.
 *
 * @example
 * ```ts
 * const wire = context.openStream();
 * source$.subscribe(wire);
 * wire.pipe(take(3)).subscribe(value => console.log(value));
 * ```
 */
export interface MsgStream<In, Out> extends RemoteStream<In>, Observer<Out>, AsyncDisposable {
  /**
   * Sends a value; resolves when the receiver has granted room for it. The value is encoded in this call, so that it may be changed
   * afterwards.
   *
   * @param options `transfer: true` gives the memory of the value away: the library does not copy a large Buffer, typed array or
   * ArrayBuffer that is the value itself. Every ArrayBuffer that is in the value, or under a view in it that has all of it,
   * is detached in this call: its views are empty then. A view of a part of its memory is copied, as a small Buffer is that shares the pool
   * of Node. Default: false
   * @throws Unserializable when the value cannot cross; the stream goes on, and nothing was given away
   * @throws StreamClosed after `complete()`, `close()`, or the peer's `close()`
   */
  send(value: Out, options?: SendOptions): Promise<void>;
  /**
   * Pushes a value, and never waits. Values queue up to `bufferBytes`. Beyond that `overflow` decides; by default the
   * context fails with StreamOverrun.
   *
   * @throws StreamClosed after this end's own `complete()` or `close()`
   */
  next(value: Out): void;
  /** This end sends no more. It may still receive. */
  complete(): void;
  /** Fails the whole context at both ends. */
  error(error: unknown): void;
  /**
   * Sends all values of a source. An iterable is pulled as there is room; an Observable is pushed within the bound.
   * Rejects with the error of the source, while the context goes on. Completes the stream afterwards, unless `complete` is
   * false.
   */
  pump(source: Source<Out>, options?: {readonly complete?: boolean}): Promise<void>;
  /** Ends both directions. Values that still come are dropped, and the peer's `send` rejects. May be called again; never rejects. */
  close(): Promise<void>;
  /** Whether the stream is over in both directions: closed here, by the peer, or ended with its context. */
  readonly closed: boolean;
  /** Counts of this end so far. */
  readonly stats: StreamStats;
}

/** Opens the stream, which grants credit from then on. */
type NewMsgStream = new <In, Out>(link: Link, scope: Scope, options?: StreamOptions) => MsgStream<In, Out>;

export const msgStreamClass = madeOfRxjs<NewMsgStream>(({Subject}) => {
  const RemoteStreamOf = remoteStreamClass();
  return class MsgStreamOf<In, Out> extends RemoteStreamOf<In> implements MsgStream<In, Out> {
    readonly #link: Link;
    readonly #inlet: Inlet;
    readonly #outlet: Outlet;
    readonly #scope: Scope;
    /** The Subject for values that leave. The one for values that come in is in `openedStream`, where subscribers share it. */
    readonly #out = new Subject<Out>();
    #hasWarned = false;

    constructor(link: Link, scope: Scope, options: StreamOptions = {}) {
      flowOf(options);
      const inlet = link.halves.makeInlet(options);
      super(openedStream(link, inlet, scope));
      this.#link = link;
      this.#scope = scope;
      this.#inlet = inlet;
      this.#outlet = link.halves.makeOutlet(options);
      if (!inlet.opened) inlet.open();
      this.#out.subscribe({
        next: value => {
          link.halves.push(this.#outlet, value);
        },
        error: error => link.fail(error),
        complete: () => this.#outlet.stop(),
      });
    }

    send(value: Out, options: SendOptions = {}): Promise<void> {
      try {
        const isGiven = checkedTransfer(options);
        // A closed stream refuses the value first, because the encoding would take the memory from the caller for nothing.
        if (isGiven && this.#outlet.closed) throw this.#outlet.closed.error;
        const bytes = this.#link.halves.encode(value, isGiven);
        if (this.#outlet.trySend(bytes)) return sentAlready;
        return Answer.owned<void>(this.#scope, (resolve, reject) =>
          this.#outlet.waitToSend(bytes, {resolve: () => resolve(), reject}),
        );
      } catch (error) {
        if (error instanceof Unserializable || error instanceof MessageTypeError)
          beginAtCall(error, this.#link.role.place, framesAbove(this.send));
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
      // A throw would reach an Observable that nobody unsubscribes. So the value is dropped and counted, with one warning.
      this.#outlet.dropped++;
      if (!this.#hasWarned) {
        this.#hasWarned = true;
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
        pump(this.#link, this.#outlet, source).then(() => {
          if (options.complete ?? true) this.complete();
        }),
      );
    }

    async close(): Promise<void> {
      this.#link.halves.close();
    }

    [Symbol.asyncDispose](): Promise<void> {
      return this.close();
    }

    get closed(): boolean {
      const {dialog, outcome} = this.#link;
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

function checkedTransfer(options: SendOptions): boolean {
  checkKeys(options, sendOptions, 'send(): ');
  const {transfer = false} = options;
  checkBoolean('transfer', transfer);
  return transfer;
}
const sendOptions: ReadonlySet<string> = new Set(['transfer']);

const sentAlready: Promise<void> = Promise.resolve();

/** The stream was opened before: a context has one. */
export function reopenedError({outcome, dialog}: Link): Error {
  return outcome || dialog.receiving === 'closed'
    ? new StreamClosed('the stream of this context is closed and cannot be opened again')
    : new ProtocolError('the stream of this context is open already: a context has one');
}
