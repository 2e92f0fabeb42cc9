/**
 * The callee's end of a context as the called function holds it.
 * Floor 4, room `rx`: the face of RxJS on `callee`; `context` is the other end.
 */
import type {Observable} from 'rxjs';
import type {ActorId} from '../../base/actor-id.js';
import {ProtocolError} from '../../base/errors.js';
import type {Callee} from '../protocol/callee.js';
import {type MsgStream, msgStreamClass, reopenedError, type StreamOptions} from './msg-stream.js';
import {madeOfRxjs} from './rxjs.js';

/** An Observer and an Observable in one, whose terminal behaviour is that of its owner. */
export interface SubjectLike<T> {
  /** Gives a value. */
  next(value: T): void;
  /** Fails it. */
  error(error: unknown): void;
  /** Completes it. */
  complete(): void;
  /** Subscribes to its values. */
  subscribe: Observable<T>['subscribe'];
}

/**
 * The callee's end of a link between two tasks. `In` is what it receives, `Out` what it sends, `First` the value of
 * `started`. The result is what the function returns.
 *
 * @example
 * ```ts
 * const counter = context(async (ctx: CalleeContext<string, number, string>, from: number) => {
 *   ctx.started.next('ready');
 *   const wire = ctx.openStream();
 *   for await (const _command of wire) await wire.send(from++);
 *   return from;
 * });
 * ```
 */
export class CalleeContext<In, Out, First> {
  /**
   * The sync point. `next(first)` resolves the caller's `openContext`, and completes; `error(e)` fails the context. A second
   * `next` throws ProtocolError.
   */
  readonly started: SubjectLike<First>;
  readonly #callee: Callee;
  #stream: MsgStream<In, Out> | undefined;

  /** @internal */
  constructor(callee: Callee) {
    this.#callee = callee;
    this.started = new (startedClass())<First>(callee);
  }

  /**
   * Opens this end of the stream, once, after `started`.
   *
   * @throws ProtocolError before `started` and while it is open, StreamClosed when it was closed, ContextCancelled when the
   * context was cancelled
   */
  openStream(options?: StreamOptions): MsgStream<In, Out> {
    const {scope, link} = this.#callee;
    if (scope.cancelled) throw scope.cancelled;
    if (!link.dialog.started) throw new ProtocolError('ctx.openStream() was called before ctx.started.next(value)');
    if (this.#stream) throw reopenedError(link);
    this.#stream = new (msgStreamClass())(link, scope, options);
    return this.#stream;
  }

  /** Cancels this task. @param reason the `cause` of its ContextCancelled */
  cancel(reason?: unknown): void {
    this.#callee.cancelSelf(reason);
  }

  /** Aborted when this task is to end. It is the same signal as `currentSignal()`. */
  get signal(): AbortSignal {
    return this.#callee.scope.signal;
  }

  /** The actor that called. */
  get peer(): ActorId {
    return this.#callee.peer;
  }
}

/** A ReplaySubject of one, whose value goes to the caller. */
const startedClass = madeOfRxjs<new <First>(callee: Callee) => SubjectLike<First>>(({ReplaySubject}) => {
  return class Started<First> extends ReplaySubject<First> {
    readonly #callee: Callee;

    constructor(callee: Callee) {
      super(1);
      this.#callee = callee;
    }

    override next(value: First): void {
      this.#callee.start(value);
      super.next(value);
      super.complete();
    }

    override error(error: unknown): void {
      this.#callee.link.fail(error);
      super.error(error);
    }
  };
});
