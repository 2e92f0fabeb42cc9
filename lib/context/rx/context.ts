/**
 * The link between two tasks as users hold it: `Context` at the caller, `CalleeContext` in the function.
 * Floor 4: the face of RxJS on `caller` and `callee`.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Observable} from 'rxjs';
import {type ActorId, formatActor} from '../../base/actor-id.js';
import {Answer} from '../../base/answer.js';
import {ContextCancelled, ProtocolError} from '../../base/errors.js';
import type {Scope} from '../../base/scope.js';
import type {Callee} from '../protocol/callee.js';
import type {Caller} from '../protocol/caller.js';
import {type MsgStream, msgStreamClass, reopened, type StreamOptions} from './msg-stream.js';
import {refusing} from './refusal.js';
import {madeOfRxjs, rxjs} from './rxjs.js';

/** The caller's end. `In` is what it receives, `Out` what it sends. */
export class Context<In, Out, First, Result> implements AsyncDisposable {
  /** The sync point: one value, then completion, for late subscribers too; or the error in its place. */
  readonly started: Observable<First>;
  readonly #caller: Caller;
  #stream: MsgStream<In, Out> | undefined;
  #controller: AbortController | undefined;

  constructor(caller: Caller) {
    this.#caller = caller;
    const {Observable: RxObservable} = rxjs();
    this.started = new RxObservable<First>(subscriber => {
      const here = AsyncLocalStorage.snapshot();
      caller.onStarted(failure =>
        here(() => {
          if (failure) {
            subscriber.error(told(caller, failure.error));
            return;
          }
          subscriber.next(caller.first?.value as First);
          subscriber.complete();
        }),
      );
    });
  }

  /** The value of `started`. @throws ProtocolError before it has come */
  get first(): First {
    const first = this.#caller.first;
    if (!first)
      throw (
        letGo.get(this.#caller) ??
        new ProtocolError(
          'the remote function has not called started yet: subscribe to context.started, or use openContext()',
          {actor: this.peer},
        )
      );
    return first.value as First;
  }

  /**
   * Opens this end of the stream, once.
   *
   * @throws StreamClosed when it was closed, ProtocolError when it is open, ContextCancelled when the context was cancelled
   */
  openStream(options?: StreamOptions): MsgStream<In, Out> {
    const why = letGo.get(this.#caller);
    if (why) throw why;
    const outcome = this.#caller.outcome;
    if (outcome?.kind === 'failed' && outcome.error instanceof ContextCancelled) throw outcome.error;
    if (this.#stream) throw reopened(this.#caller);
    this.#stream = new (msgStreamClass())(this.#caller, this.#caller.call.scope, {
      ...this.#caller.call.flow,
      ...options,
    });
    return this.#stream;
  }

  /**
   * What the remote function returned. May be called at any time and often. Drains what is in flight: values that
   * no consumer wants are dropped, and counted in the stream's `stats`.
   *
   * Rejects with RemoteActorError when it threw, ContextCancelled when it was cancelled, ActorDied or
   * TransportClosed when its actor or the channel ended.
   */
  result(): Promise<Result> {
    const caller = this.#caller;
    caller.asked = true;
    caller.makeInlet(caller.call.flow).drain();
    return Answer.owned<Result>(caller.call.scope, (resolve, reject) => {
      caller.onOutcome(outcome =>
        outcome.kind === 'returned' ? resolve(outcome.value as Result) : reject(told(caller, outcome.error)),
      );
    });
  }

  /**
   * Asks the remote function to end. Resolves true when it has, its clean-up included; false when that takes longer
   * than `timeout` ms (default: `timeouts.exit`, 1 600). Never rejects; may be called often.
   */
  cancel(reason?: unknown, options: {readonly timeout?: number} = {}): Promise<boolean> {
    return this.#caller.cancel('requested', reason, options.timeout);
  }

  /** Leaving an `await using` block cannot know whether the block failed: it cancels. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#caller.end(
      new ContextCancelled('the block that opened the context was left', {
        canceller: this.#caller.channel.self,
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

  /** The actor whose function it is. */
  get peer(): ActorId {
    return this.#caller.peer;
  }

  /** Whether this end has asked the function to end. */
  get cancelCalled(): boolean {
    return this.#caller.cancelCalled;
  }

  /** Whether the remote function has ended after a cancel. */
  get cancelAcked(): boolean {
    return this.#caller.cancelCalled && this.#caller.hasEnded;
  }

  /** Who cancelled it, once it has ended by that. */
  get canceller(): ActorId | undefined {
    const outcome = this.#caller.outcome;
    return outcome?.kind === 'failed' && outcome.error instanceof ContextCancelled
      ? outcome.error.canceller
      : undefined;
  }
}

/** Contexts whose subscription has ended before them, and what their use is answered with. */
const letGo = new WeakMap<Caller, ContextCancelled>();

/** The cancellation that follows when a subscription has ended says so. */
function told(caller: Caller, error: unknown): unknown {
  return error instanceof ContextCancelled ? (letGo.get(caller) ?? error) : error;
}

function letGoBySubscriber({call, channel, peer}: Caller): ContextCancelled {
  return new ContextCancelled(
    `${call.name} in ${formatActor(peer)} was cancelled: its subscription has ended, as that of firstValueFrom() or take(1) does with the first value. portal.openContext() opens a context that stays`,
    {canceller: channel.self, reason: 'requested', actor: peer},
  );
}

/**
 * Opens a context at subscription, emits it at once and completes with it; unsubscribing cancels it. A new
 * subscription waits until the context of the one before is gone (rule X9), so that two never hold one port or one lock.
 */
export function coldContext<In, Out, First, Result>(
  scopeOf: () => Scope,
  open: (scope: Scope) => Caller,
): Observable<Context<In, Out, First, Result>> {
  const {Observable: RxObservable} = rxjs();
  const openFor = refusing(scopeOf);
  let last: Promise<void> | undefined;
  return new RxObservable(subscriber => {
    const scope = scopeOf();
    const before = last;
    let caller: Caller | undefined;
    let free!: () => void;
    const gone = new Promise<void>(resolve => {
      free = () => {
        if (last === gone) last = undefined;
        resolve();
      };
    });
    last = gone;
    const begin = (): void => {
      caller = openFor(subscriber, () => open(scope));
      if (!caller) return;
      // A subscription always counts as asked.
      caller.asked = true;
      subscriber.next(new Context(caller));
      const here = AsyncLocalStorage.snapshot();
      caller.onOutcome(outcome =>
        here(() => (outcome.kind === 'returned' ? subscriber.complete() : subscriber.error(outcome.error))),
      );
    };
    // Leaving the scope unsubscribes: the subscriber sees nothing. The context itself the scope awaits as one of its own.
    const leave = async (): Promise<void> => subscriber.unsubscribe();
    const release = scope.adopt({
      label: 'a context that is subscribed to',
      finish: leave,
      end: async () => (caller ? undefined : leave()),
    });
    if (before) void before.then(() => subscriber.closed || begin());
    else begin();
    return () => {
      if (caller && !caller.outcome) letGo.set(caller, letGoBySubscriber(caller));
      const ended = caller ? caller.cancel('requested', undefined) : before;
      release();
      // Not in this turn of the loop: a retry of what fails at once must not keep it from turning.
      void Promise.resolve(ended).then(() => scope.clock.soon(free));
    };
  });
}

/** An Observer whose terminal behaviour is its owner's. */
export interface SubjectLike<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
  subscribe: Observable<T>['subscribe'];
}

/** The callee's end. `In` is what it receives, `Out` what it sends; its result is what the function returns. */
export class CalleeContext<In, Out, First> {
  /**
   * The sync point. `next(first)` lets the caller's `openContext` resolve, and completes; `error(e)` fails the
   * context. A second `next` throws ProtocolError.
   */
  readonly started: SubjectLike<First>;
  readonly #callee: Callee;
  #stream: MsgStream<In, Out> | undefined;

  constructor(callee: Callee) {
    this.#callee = callee;
    this.started = new (startedClass())<First>(callee);
  }

  /**
   * Opens this end of the stream, once, after `started`.
   *
   * @throws ProtocolError before `started` and while it is open, StreamClosed when it was closed, ContextCancelled
   * when the context was cancelled
   */
  openStream(options?: StreamOptions): MsgStream<In, Out> {
    const callee = this.#callee;
    if (callee.scope.cancelled) throw callee.scope.cancelled;
    if (!callee.dialog.started) throw new ProtocolError('ctx.openStream() was called before ctx.started.next(value)');
    if (this.#stream) throw reopened(callee);
    this.#stream = new (msgStreamClass())(callee, callee.scope, options);
    return this.#stream;
  }

  /** Cancels this very task. @param reason the `cause` of its ContextCancelled */
  cancel(reason?: unknown): void {
    this.#callee.cancelSelf(reason);
  }

  /** Aborted when this task is to end; the same as `currentSignal()`. */
  get signal(): AbortSignal {
    return this.#callee.scope.signal;
  }

  /** The actor that called. */
  get peer(): ActorId {
    return this.#callee.peer;
  }
}

/** A ReplaySubject of one whose value goes to the caller. */
const startedClass = madeOfRxjs<new <First>(callee: Callee) => SubjectLike<First>>(({ReplaySubject}) => {
  return class Started<First> extends ReplaySubject<First> {
    readonly #callee: Callee;

    constructor(callee: Callee) {
      super(1);
      this.#callee = callee;
    }

    override next(value: First): void {
      this.#callee.started(value);
      super.next(value);
      super.complete();
    }

    override error(error: unknown): void {
      this.#callee.fail(error);
      super.error(error);
    }
  };
});
