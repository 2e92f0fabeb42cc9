/**
 * The caller's end of a context as users hold it.
 * Floor 4, room `rx`: the face of RxJS on `caller`; `callee-context` is the other end.
 */
import type {Observable} from 'rxjs';
import {type ActorId, formatActor} from '../../base/actor-id.js';
import {Answer} from '../../base/answer.js';
import {ContextCancelled, ProtocolError} from '../../base/errors.js';
import type {Scope} from '../../base/scope.js';
import type {Caller} from '../protocol/caller.js';
import {successive, type Tenancy} from './cold.js';
import {observerInPlace, sourceInPlace} from './in-place.js';
import {type MsgStream, msgStreamClass, reopenedError, type StreamOptions} from './msg-stream.js';
import {refusing} from './refusal.js';
import {rxjs} from './rxjs.js';

/**
 * The caller's end of a link between two tasks. `In` is what it receives, `Out` what it sends, `First` the value of
 * `started`, `Result` what the function returns.
 *
 * @example
 * ```ts
 * const context = await portal.openContext(counter, 10);
 * const wire = context.openStream();
 * await wire.send('next');
 * wire.complete();
 * const last = await context.result();
 * ```
 */
export class Context<In, Out, First, Result> implements AsyncDisposable {
  /** The sync point: emits the value of `started` once and completes, for late subscribers too; or it fails. */
  readonly started: Observable<First>;
  readonly #caller: Caller;
  #stream: MsgStream<In, Out> | undefined;
  #controller: AbortController | undefined;
  /** Set when the subscription of a cold context has ended before the context: the error of every later use. */
  #unsubscribed: ContextCancelled | undefined;

  /** @internal */
  constructor(caller: Caller) {
    this.#caller = caller;
    const {ReplaySubject} = rxjs();
    const started = new ReplaySubject<First>(1);
    caller.onStarted(failure => {
      if (failure) return started.error(this.#told(failure.error));
      try {
        started.next(caller.first?.value as First);
      } finally {
        started.complete();
      }
    });
    this.started = sourceInPlace(started);
  }

  /** The value of `started`. @throws ProtocolError before it has come */
  get first(): First {
    const {first} = this.#caller;
    if (!first) throw this.#unsubscribed ?? notStartedError(this.peer);
    return first.value as First;
  }

  /**
   * Opens this end of the stream. A context has one stream, which can be opened once.
   *
   * @throws StreamClosed when it was closed, ProtocolError when it is open, ContextCancelled when the context was cancelled
   *
   * @example
   * ```ts
   * const wire = context.openStream({window: 16});
   * for await (const value of wire) console.log(value);
   * ```
   */
  openStream(options?: StreamOptions): MsgStream<In, Out> {
    const {link, call} = this.#caller;
    if (this.#unsubscribed) throw this.#unsubscribed;
    const {outcome} = link;
    if (outcome?.kind === 'failed' && outcome.error instanceof ContextCancelled) throw outcome.error;
    if (this.#stream) throw reopenedError(link);
    this.#stream = new (msgStreamClass())(link, call.scope, {...call.flow, ...options});
    return this.#stream;
  }

  /**
   * The value that the remote function returned: the 'return' message. It may be called at any time, and any number of
   * times. It drains the stream: values that no consumer wants are dropped, and counted in the stream's `stats`.
   *
   * Rejects with RemoteActorError when the function threw, ContextCancelled when it was cancelled, ActorDied or
   * TransportClosed when its actor or the channel ended.
   *
   * @example
   * ```ts
   * const total = await context.result();
   * ```
   */
  result(): Promise<Result> {
    const caller = this.#caller;
    caller.link.halves.makeInlet(caller.call.flow).drain();
    return Answer.reported<Result>(caller.report, (resolve, reject) => {
      caller.onOutcome(outcome =>
        outcome.kind === 'returned' ? resolve(outcome.value as Result) : reject(this.#told(outcome.error)),
      );
    });
  }

  /**
   * Asks the remote function to end. Resolves true when it has ended, its clean-up included; false when that takes longer
   * than `timeout` ms (default: `timeouts.exit`, 1 600). Never rejects, and may be called any number of times.
   *
   * @param reason the `cause` of the ContextCancelled
   *
   * @example
   * ```ts
   * const isGone = await context.cancel('enough', {timeout: 500});
   * ```
   */
  cancel(reason?: unknown, options: {readonly timeout?: number} = {}): Promise<boolean> {
    return this.#caller.cancel('requested', reason, options.timeout);
  }

  /** Cancels the context, because an `await using` block cannot know whether it failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#caller.end(
      new ContextCancelled('the block that opened the context was left', {
        canceller: this.#caller.link.channel.self,
        reason: 'scope',
      }),
    );
  }

  /** Aborted when the context ends by a cancel or an error. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#caller.onOutcome(outcome => {
        if (outcome.kind === 'failed') controller.abort(outcome.error);
      });
    }
    return this.#controller.signal;
  }

  /** The actor in which the function runs. */
  get peer(): ActorId {
    return this.#caller.link.channel.peer as ActorId;
  }

  /** Whether this end has asked the function to end. */
  get cancelCalled(): boolean {
    return this.#caller.isCancelled;
  }

  /** Whether the remote function has ended after a cancel. */
  get cancelAcked(): boolean {
    return this.#caller.isCancelled && this.#caller.hasEnded;
  }

  /** The actor that cancelled the context, when it has ended by a cancel. */
  get canceller(): ActorId | undefined {
    const {outcome} = this.#caller.link;
    return outcome?.kind === 'failed' && outcome.error instanceof ContextCancelled
      ? outcome.error.canceller
      : undefined;
  }

  /** @internal The subscription of a cold context has ended before the context. */
  unsubscribed(why: ContextCancelled): void {
    this.#unsubscribed = why;
  }

  /** The cancellation that follows the end of a subscription says that it is the end of a subscription. */
  #told(error: unknown): unknown {
    return error instanceof ContextCancelled ? (this.#unsubscribed ?? error) : error;
  }
}

/** Opens a context at subscription, emits it at once, and completes with it. Unsubscribing cancels the context. */
export function coldContext<In, Out, First, Result>(
  scopeOf: () => Scope,
  open: (scope: Scope) => Caller,
): Observable<Context<In, Out, First, Result>> {
  const openFor = refusing(scopeOf);
  const label = 'a context that is subscribed to';
  return successive<Context<In, Out, First, Result>>(scopeOf, label, (subscriber, scope): Tenancy => {
    let caller: Caller | undefined;
    let context: Context<In, Out, First, Result> | undefined;
    const begin = (): void => {
      caller = openFor(subscriber, () => open(scope));
      if (!caller) return;
      context = new Context(caller);
      subscriber.next(context);
      const observer = observerInPlace(subscriber);
      caller.onOutcome(outcome => (outcome.kind === 'returned' ? observer.complete() : observer.error(outcome.error)));
    };
    const close = (): Promise<unknown> | undefined => {
      if (caller && !caller.link.outcome) context?.unsubscribed(unsubscribedError(caller));
      return caller?.cancel('requested', undefined);
    };
    const leave = async (isFailing: boolean): Promise<void> => {
      // The context itself is a dependent of the scope too. When the scope fails, the subscriber gets the error from there.
      if (!(isFailing && caller)) subscriber.unsubscribe();
    };
    return {begin, close, leave};
  });
}

function notStartedError(actor: ActorId): ProtocolError {
  return new ProtocolError(
    'the remote function has not called started yet: subscribe to context.started, or use openContext()',
    {actor},
  );
}

function unsubscribedError({call, link}: Caller): ContextCancelled {
  const actor = link.channel.peer as ActorId;
  return new ContextCancelled(
    `${call.name} in ${formatActor(actor)} was cancelled: its subscription has ended, as that of firstValueFrom() or take(1) does with the first value. portal.openContext() opens a context that stays`,
    {canceller: link.channel.self, reason: 'requested', actor},
  );
}
