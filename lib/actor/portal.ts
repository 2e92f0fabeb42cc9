/**
 * The handle to another actor: every call into it starts here.
 * Floor 5: above `peer`, on whose channel it makes callers. It tells the owner of the actor through `PortalOwner` to end it.
 */
import type {Observable, ObservableInput, ObservedValueOf} from 'rxjs';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {Answer, Report} from '../base/answer.js';
import type {Frames} from '../base/call-frames.js';
import {current} from '../base/current.js';
import type {ActorDied, ContextCancelled} from '../base/errors.js';
import type {OutputLine, OutputLines} from '../base/output-lines.js';
import {innerScope, type Scope, settledScopeError} from '../base/scope.js';
import {type Flow, flowOf} from '../context/flow/options.js';
import {type Call, refusedAt} from '../context/protocol/call.js';
import {Caller} from '../context/protocol/caller.js';
import {openTask} from '../context/protocol/plain-call.js';
import type {Tap} from '../context/rx/bounded-work.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import {Context, coldContext} from '../context/rx/context.js';
import {outputOf} from '../context/rx/output.js';
import {coldStream, type RemoteStream, type UserEntry} from '../context/rx/remote-stream.js';
import type {AnyObservable, Source} from '../context/rx/source.js';
import type {FunctionKind} from '../msg/types.js';
import {type CallOptions, checkCallOptions, scopeKey} from './call-options.js';
import {feedStage} from './feed-stage.js';
import {markOf} from './mark-table.js';
import type {Marked} from './marks.js';
import type {Peer} from './peer.js';
import {cancelActorError, notPipedError, portalClosedError, wrongVerbError} from './portal-errors.js';

/**
 * The handle to another actor. Its promises reject, and its streams fail, with
 *
 * - RemoteActorError when the remote function threw. Its `cause` is the error that was thrown; NotExposed when the function
 *   may not be called.
 * - ContextCancelled when the call was cancelled.
 * - ActorDied when the actor ended during the call. TransportClosed when it had ended before; `cause` is the ActorDied.
 * - Unserializable when an argument cannot be sent, MessageTypeError when it does not fit its schema, TypeError for a
 *   function of another kind. In these cases nothing was sent.
 *
 * @example
 * ```ts
 * const portal = await nursery.startActor('worker', {expose: [double, countTo]});
 * console.log(await portal.run(double, 21)); // 42
 * portal.stream(countTo, 3).subscribe(console.log);
 * ```
 */
export interface Portal {
  /** The identity of the other actor. With `restart` that of its present incarnation, or else of the last one. */
  readonly actor: ActorId;
  /**
   * Calls a task. Resolves with the value that it returns.
   *
   * @example
   * ```ts
   * const result = await portal.run(double, 21);
   * ```
   */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>>;
  /**
   * Opens a context. Resolves when the remote function has called `ctx.started.next`.
   *
   * Rejects with ProtocolError when the function returned without that call.
   *
   * @example
   * ```ts
   * const context = await portal.openContext(account);
   * await context.openStream().send(20);
   * console.log(context.first, await context.result());
   * ```
   */
  openContext<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Promise<Context<Out, In, First, Awaited<R>>>;
  /**
   * A context as a cold Observable: a subscription opens the context, and emits it at once. It completes with the context.
   * Unsubscribing cancels the context. A subscription first waits until the contexts of those that have ended before it are
   * gone, so that `retry` never has two of them. A subscription that lives has a context of its own, and holds up no other.
   *
   * @example
   * ```ts
   * portal.context(account).pipe(switchMap(context => context.openStream())).subscribe(console.log);
   * ```
   */
  context<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Observable<Context<Out, In, First, Awaited<R>>>;
  /**
   * A cold stream: each subscription, and each iterator, runs the function. Unsubscribing cancels it.
   *
   * @example
   * ```ts
   * for await (const value of portal.stream(countTo, 3)) console.log(value); // 1 2 3
   * ```
   */
  stream<A extends unknown[], S>(fn: ((...args: A) => S) & Marked<'stream'>, ...args: A): RemoteStream<StreamValue<S>>;
  /**
   * One stage of a pipe. Each subscription runs it in the other actor; unsubscribing cancels it. From an iterable it takes a
   * value when the other actor has room for it. An Observable may be `bufferBytes` ahead; beyond that `overflow` decides, and
   * by default the call fails with StreamOverrun.
   *
   * @example
   * ```ts
   * of(1, 2, 3).pipe(portal.operator(times, 10)).subscribe(console.log); // 10 20 30
   * ```
   */
  operator<In, A extends unknown[], S>(
    fn: ((source: RemoteStream<In>, ...args: A) => S) & Marked<'operator'>,
    ...args: A
  ): (source: Source<In>) => RemoteStream<StreamValue<S>>;
  /**
   * The same portal with other options for its calls.
   *
   * @throws TypeError for an option that does not exist, RangeError for a number that is not allowed
   * @example
   * ```ts
   * const result = await portal.with({timeout: 5_000}).run(double, 21);
   * ```
   */
  with(options: CallOptions): Portal;
  /**
   * Ends the whole actor. Resolves when it is gone: true when it went by itself, false when it had to be killed. Never
   * rejects.
   *
   * @param reason the `cause` of the ContextCancelled with which the calls into the actor reject
   * @example
   * ```ts
   * const wentByItself = await portal.cancelActor('the work is done');
   * ```
   */
  cancelActor(reason?: unknown): Promise<boolean>;
  /**
   * Resolves when the actor has ended: with its death, or with undefined when `cancelActor` or the nursery asked for the end.
   * With `restart` that is when the actor is given up, or when its end was asked for. Never rejects.
   */
  readonly ended: Promise<ActorDied | undefined>;
  /**
   * The lines that an actor with `stdio: 'pipe'` prints. It is hot: what was printed before the first subscription is kept, up
   * to 64 KiB of it, the newest. A line of more than 64 KiB comes in several parts. It completes with the actor, after a last
   * line without an end. For an actor that is not piped, or that another one has started, it errors with a
   * TypeError.
   *
   * @example
   * ```ts
   * const portal = await nursery.startActor('worker', {expose: [double], stdio: 'pipe'});
   * portal.output.subscribe(({stream, line}) => console.log(stream, line));
   * ```
   */
  readonly output: Observable<OutputLine>;
}

/** The values of a function that gives a stream. */
export type StreamValue<S> =
  Awaited<S> extends ObservableInput<unknown>
    ? ObservedValueOf<Awaited<S>>
    : Awaited<S> extends AnyObservable<infer T>
      ? T
      : never;

/** The owner of the actor behind a portal: a nursery, or a boot. */
export interface PortalOwner {
  readonly scope: Scope;
  readonly ended: Promise<ActorDied | undefined>;
  /** Why the end of the actor was asked for. Undefined until then. */
  readonly asked?: ContextCancelled | undefined;
  /** The lines that the actor prints, where this actor reads them. */
  readonly output?: OutputLines | undefined;
  cancelActor(why: ContextCancelled): Promise<boolean>;
  /** Ends the actor of a task that does not obey a cancel. Absent when this actor does not own the other one. */
  readonly force?: (why: ContextCancelled, task: string) => Promise<void>;
}

const neverEnds = new Promise<undefined>(() => {});

/** A portal to an actor that this one does not own: it cannot end that actor, and is not told when that ends. */
export function guestPortal(peer: Peer, scope: Scope): Portal {
  return makePortal(peer, {scope, ended: neverEnds, cancelActor: async () => false});
}

export function makePortal(peer: Peer, owner: PortalOwner, options: CallOptions = {}): Portal {
  return new PeerPortal(peer, owner, options);
}

/** Options of a portal that the runtime sets, and no user. */
export interface InternalOptions {
  /** The frames of the user's call, when the runtime calls later than the user: errors show them. */
  readonly frames?: Frames | undefined;
  /** The function that the user called, when it is not one of this portal: errors show the frames above it. */
  readonly from?: ((...args: never[]) => unknown) | undefined;
  /** Says in a few words why the portal takes no more calls; undefined while it does. */
  readonly over?: () => string | undefined;
}

/** The same portal with other internal options. */
export function withInternalOptions(portal: Portal, options: InternalOptions): Portal {
  return PeerPortal.withInternal(portal as PeerPortal, options);
}

/** How messages for people name a function of the other actor. @throws TypeError when it is not marked */
export function nameIn(portal: Portal, fn: unknown): string {
  return PeerPortal.nameIn(portal as PeerPortal, fn);
}

class PeerPortal implements Portal {
  readonly #peer: Peer;
  readonly #owner: PortalOwner;
  readonly #options: CallOptions;
  /** The flow options, checked and completed once instead of at each call. */
  readonly #flow: Flow;
  readonly #internal: InternalOptions;

  constructor(
    peer: Peer,
    owner: PortalOwner,
    options: CallOptions,
    internal: InternalOptions = {},
    flow = flowOf(options),
  ) {
    this.#peer = peer;
    this.#owner = owner;
    this.#options = options;
    this.#flow = flow;
    this.#internal = internal;
  }

  static withInternal(portal: PeerPortal, options: InternalOptions): Portal {
    const internal = {...portal.#internal, ...options};
    return new PeerPortal(portal.#peer, portal.#owner, portal.#options, internal, portal.#flow);
  }

  static nameIn(portal: PeerPortal, fn: unknown): string {
    return portal.#peer.functions.nameOf(markOf(fn));
  }

  get actor(): ActorId {
    return this.#peer.channel.peer as ActorId;
  }

  get ended(): Promise<ActorDied | undefined> {
    return this.#owner.ended;
  }

  get output(): Observable<OutputLine> {
    return outputOf(this.#owner.output, () => notPipedError(this.actor));
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    const scope = this.#scope();
    // The promise and the call share one report: whoever awaits the promise is told of the failure of the call.
    const report = new Report(scope);
    return Answer.reported<unknown>(report, (resolve, reject) => {
      this.#begin('task', fn, args, 'verb', scope, this.run, report, call =>
        openTask(this.#peer.channel, call, resolve, reject),
      );
    }) as Promise<Awaited<R>>;
  }

  openContext<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Promise<Context<Out, In, First, Awaited<R>>> {
    const scope = this.#scope();
    return Answer.owned(scope, (resolve, reject) => {
      const caller = this.#call('context', fn, args, 'verb', scope, this.openContext);
      const opened = new Context<Out, In, First, Awaited<R>>(caller);
      caller.onStarted(failure => {
        if (!failure) {
          resolve(opened);
          return;
        }
        // From here on the promise tells of the failure, and not the context.
        caller.report.isAsked = true;
        reject(failure.error);
      });
    });
  }

  context<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Observable<Context<Out, In, First, Awaited<R>>> {
    return coldContext(
      () => this.#scope(),
      scope => this.#call('context', fn, args, 'subscription', scope),
    );
  }

  stream<A extends unknown[], S>(fn: ((...args: A) => S) & Marked<'stream'>, ...args: A): RemoteStream<StreamValue<S>> {
    return coldStream(
      from => this.#open('stream', fn, args, from),
      () => this.#scope(),
    );
  }

  operator<In, A extends unknown[], S>(
    fn: ((source: RemoteStream<In>, ...args: A) => S) & Marked<'operator'>,
    ...args: A
  ): (source: Source<In>) => RemoteStream<StreamValue<S>> {
    return source =>
      coldStream(
        from => this.#open('operator', fn, args, from, source),
        () => this.#scope(),
      );
  }

  with(options: CallOptions): Portal {
    checkCallOptions(options);
    return new PeerPortal(this.#peer, this.#owner, {...this.#options, ...options}, this.#internal);
  }

  cancelActor(reason?: unknown): Promise<boolean> {
    return this.#owner.cancelActor(cancelActorError(this.#peer.actor.id, this.actor, reason));
  }

  /** Opens a stream or operator call for one subscriber or iterator. */
  #open(
    kind: 'stream' | 'operator',
    fn: unknown,
    args: unknown[],
    from: UserEntry | undefined,
    source?: Source<unknown>,
  ): Tap {
    const caller = this.#call(kind, fn, args, 'subscription', this.#scope(), from);
    if (source !== undefined) feedStage(caller, this.#options, source);
    return {
      inlet: caller.link.halves.makeInlet({}),
      leave: () => caller.unsubscribe(),
      fail: (error, isTold) => caller.fail(error, isTold),
    };
  }

  /** @throws TypeError for a function of another kind, and whatever `Caller` throws */
  #call(
    kind: FunctionKind,
    fn: unknown,
    args: readonly unknown[],
    openedBy: Call['openedBy'],
    scope: Scope,
    from: NonNullable<Call['from']> = this.#call,
  ): Caller {
    const open = (call: Call): Caller => new Caller(this.#peer.channel, call);
    return this.#begin(kind, fn, args, openedBy, scope, from, undefined, open);
  }

  #begin<T>(
    kind: FunctionKind,
    fn: unknown,
    args: readonly unknown[],
    openedBy: Call['openedBy'],
    scope: Scope,
    from: NonNullable<Call['from']>,
    report: Report | undefined,
    open: (call: Call) => T,
  ): T {
    const entry = this.#internal.frames ?? this.#internal.from ?? from;
    try {
      const mark = markOf(fn);
      if (mark.kind !== kind) throw wrongVerbError(this.#peer.functions.nameOf(mark), mark.kind);
      const {channel} = this.#peer;
      const {asked} = this.#owner;
      // Checked before the channel, which ends with the scope, because this error says what the user can do.
      if (scope.settled) throw settledScopeError(scope);
      // The actor's subscription or signal has ended it: that says more than the failure of a call into an actor that ends.
      if (asked?.reason === 'requested') throw asked;
      const over = this.#internal.over?.();
      if (channel.closed || over !== undefined) throw portalClosedError(this.actor, channel.closed, over);
      const {signal, timeout, onExit} = this.#options;
      const force = this.#owner.force;
      const ref = this.#peer.functions.refOf(mark);
      return open({
        kind,
        fn: ref,
        name: this.#peer.functions.nameOf(mark),
        args,
        openedBy,
        report,
        from: entry,
        scope,
        flow: this.#flow,
        schemas: mark.schemas,
        signal,
        timeout,
        onExit,
        cancelBound: this.#peer.actor.tree.timeouts.exit,
        force: force && (why => force(why, this.#peer.functions.nameOf(mark))),
        understood: typeof ref === 'number' ? undefined : () => this.#peer.functions.heard(mark),
      });
    } catch (error) {
      const place = (): string => `calling ${this.#peer.functions.nameOf(markOf(fn))} in ${formatActor(this.actor)}`;
      throw refusedAt(place, entry, error);
    }
  }

  #scope(): Scope {
    const {scope} = this.#options;
    return scope ? scope[scopeKey] : innerScope(current()?.scope, this.#owner.scope);
  }
}
