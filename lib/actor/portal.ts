/**
 * The handle to another actor: every call into it starts here.
 * Floor 5: makes callers on the peer's channel; who owns the actor is told what to do through `PortalOwner`.
 */
import type {Observable, ObservableInput, ObservedValueOf} from 'rxjs';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {Answer, Report} from '../base/answer.js';
import {current} from '../base/current.js';
import {type ActorDied, ContextCancelled, TransportClosed} from '../base/errors.js';
import {checkKeys} from '../base/option-checks.js';
import {innerScope, ownCancel, type Scope, settledScopeError} from '../base/scope.js';
import {type Flow, type FlowOptions, flowOf} from '../context/flow/options.js';
import type {Call, Frames} from '../context/protocol/call.js';
import {Caller} from '../context/protocol/caller.js';
import type {Tap} from '../context/rx/bounded-work.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import {Context, coldContext} from '../context/rx/context.js';
import {pump} from '../context/rx/pump.js';
import {coldStream, type RemoteStream} from '../context/rx/remote-stream.js';
import type {AnyObservable, Source} from '../context/rx/source.js';
import type {FunctionKind} from '../msg/types.js';
import type {Actor} from './actor.js';
import {type Marked, markOf} from './marks.js';
import type {Peer} from './peer.js';

/** Options of every call that `portal.with(…)` makes. */
export interface CallOptions extends FlowOptions {
  /** Aborting it cancels the call; aborted already, it prevents it. */
  readonly signal?: AbortSignal;
  /** Milliseconds in all; then the call is cancelled with reason `deadline`. Default: none. */
  readonly timeout?: number;
  /** What happens to a context that a verb opened when its scope is left normally. Default `wait`. */
  readonly onExit?: 'wait' | 'cancel';
  /** To whom the call belongs: a nursery. Default: the inner of the running scope and the nursery that made the portal. */
  readonly scope?: ScopeHolder;
}

/** Something that has a scope: a nursery. */
export interface ScopeHolder {
  readonly [scopeKey]: Scope;
}
export const scopeKey = Symbol.for('rxtractor/scope');

/**
 * The handle to another actor. Its promises reject, and its streams fail, with
 *
 * - RemoteActorError when the remote function threw: `cause` is what it threw, NotExposed where it may not be called
 * - ContextCancelled when the call was cancelled, by whomever
 * - ActorDied when the actor ended meanwhile, TransportClosed when it had ended before
 * - Unserializable when an argument cannot cross, MessageTypeError when it does not fit its schema, TypeError for a
 *   function of another kind: nothing was sent then
 */
export interface Portal {
  /** Whom it leads to. */
  readonly actor: ActorId;
  /** Calls a task. Resolves with what it returns. */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>>;
  /**
   * Opens a context; resolves when the function has called `ctx.started.next`. Rejects when it never will: with
   * ProtocolError when it returned without.
   */
  openContext<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Promise<Context<Out, In, First, Awaited<R>>>;
  /**
   * Cold: opens a context at subscription, emits it at once, completes with it; unsubscribing cancels it. Subscribed
   * again, it first waits until the one before is gone: `retry` never has two of them.
   */
  context<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Observable<Context<Out, In, First, Awaited<R>>>;
  /** Cold: runs the function at subscription, and for each iterator; unsubscribing cancels it. */
  stream<A extends unknown[], S>(fn: ((...args: A) => S) & Marked<'stream'>, ...args: A): RemoteStream<StreamValue<S>>;
  /**
   * One stage of a pipe, run over there at each subscription; unsubscribing cancels it. An iterable given in place of
   * an Observable is pulled by credit; an Observable may be `bufferBytes` ahead, then `overflow` decides:
   * the call fails with StreamOverrun, unless told otherwise.
   */
  operator<In, A extends unknown[], S>(
    fn: ((source: RemoteStream<In>, ...args: A) => S) & Marked<'operator'>,
    ...args: A
  ): (source: Source<In>) => RemoteStream<StreamValue<S>>;
  /** The same portal with other options for its calls. Throws TypeError or RangeError for what is none. */
  with(options: CallOptions): Portal;
  /**
   * Ends the whole actor. Resolves when it is gone: true when it went by itself, false when it had to be killed.
   * Never rejects. @param reason the `cause` of the ContextCancelled that its callers get
   */
  cancelActor(reason?: unknown): Promise<boolean>;
  /** Never rejects; undefined when `cancelActor`, or the nursery, asked for the end. */
  readonly ended: Promise<ActorDied | undefined>;
}

/** What comes out of a function that gives a stream. */
export type StreamValue<S> =
  Awaited<S> extends ObservableInput<unknown>
    ? ObservedValueOf<Awaited<S>>
    : Awaited<S> extends AnyObservable<infer T>
      ? T
      : never;

/** The nursery (or the boot) behind a portal. */
export interface PortalOwner {
  readonly scope: Scope;
  readonly ended: Promise<ActorDied | undefined>;
  /** Why the actor's end was asked for, when it was. */
  readonly asked?: ContextCancelled | undefined;
  cancelActor(why: ContextCancelled): Promise<boolean>;
  /** Ends the actor of a task that does not obey; absent for an actor that this one does not own. */
  readonly force?: (why: ContextCancelled, task: string) => Promise<void>;
}

/** The portal of each spawned actor to the one that spawned it. */
const parents = new WeakMap<Actor, Portal>();
export function setParent(actor: Actor, portal: Portal): void {
  parents.set(actor, portal);
}
export function parentOf(actor: Actor): Portal | undefined {
  return parents.get(actor);
}

/** The same for the runtime's own calls: not in the scope that happens to run, which may settle before they do. */
export function parentInActor(actor: Actor): Portal | undefined {
  return parents.get(actor)?.with({scope: {[scopeKey]: actor.scope}});
}

const neverEnds = new Promise<undefined>(() => {});

/** A portal to an actor that this one does not own: it cannot end it, nor is it told of the end. */
export function guestPortal(peer: Peer, scope: Scope): Portal {
  return makePortal(peer, {scope, ended: neverEnds, cancelActor: async () => false});
}

export function makePortal(peer: Peer, owner: PortalOwner, options: CallOptions = {}): Portal {
  return new PortalOf(peer, owner, options);
}

/** What no user gives a portal. */
export interface Terms {
  /** For calls that are made later than the user's: errors show these frames, as those of the call. */
  readonly frames?: Frames | undefined;
  /** Why it takes no more calls, in a few words; undefined while it does. */
  readonly over?: () => string | undefined;
}

/** The same portal on other terms. */
export function onTerms(portal: Portal, terms: Terms): Portal {
  return PortalOf.onTerms(portal as PortalOf, terms);
}

class PortalOf implements Portal {
  readonly #peer: Peer;
  readonly #owner: PortalOwner;
  readonly #options: CallOptions;
  /** Checked and completed once, not at each call. */
  readonly #flow: Flow;
  readonly #terms: Terms;

  constructor(peer: Peer, owner: PortalOwner, options: CallOptions, terms: Terms = {}, flow = flowOf(options)) {
    this.#peer = peer;
    this.#owner = owner;
    this.#options = options;
    this.#flow = flow;
    this.#terms = terms;
  }

  static onTerms(portal: PortalOf, terms: Terms): Portal {
    return new PortalOf(portal.#peer, portal.#owner, portal.#options, {...portal.#terms, ...terms}, portal.#flow);
  }

  get actor(): ActorId {
    return this.#peer.channel.peer as ActorId;
  }

  get ended(): Promise<ActorDied | undefined> {
    return this.#owner.ended;
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    const scope = this.#scope();
    // The promise and the call share one report: whoever awaits the promise is told of the failure of the call.
    const report = new Report(scope);
    return Answer.reported<Awaited<R>>(report, (resolve, reject) => {
      const caller = this.#call('task', fn, args, 'verb', scope, this.run, report);
      caller.onOutcome(outcome =>
        outcome.kind === 'returned' ? resolve(outcome.value as Awaited<R>) : reject(outcome.error),
      );
    });
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
      () => this.#open('stream', fn, args),
      () => this.#scope(),
    );
  }

  operator<In, A extends unknown[], S>(
    fn: ((source: RemoteStream<In>, ...args: A) => S) & Marked<'operator'>,
    ...args: A
  ): (source: Source<In>) => RemoteStream<StreamValue<S>> {
    return source =>
      coldStream(
        () => this.#open('operator', fn, args, source),
        () => this.#scope(),
      );
  }

  with(options: CallOptions): Portal {
    checkOptions(options);
    return new PortalOf(this.#peer, this.#owner, {...this.#options, ...options}, this.#terms);
  }

  cancelActor(reason?: unknown): Promise<boolean> {
    const self = this.#peer.actor.id;
    const why = new ContextCancelled(`${formatActor(this.actor)} was cancelled by ${formatActor(self)}`, {
      canceller: self,
      reason: 'actor',
      cause: reason,
      actor: this.actor,
    });
    return this.#owner.cancelActor(ownCancel(why));
  }

  /** Opens a stream or operator call for one subscriber or iterator. */
  #open(kind: 'stream' | 'operator', fn: unknown, args: unknown[], source?: Source<unknown>): Tap {
    const caller = this.#call(kind, fn, args, 'subscription', this.#scope());
    if (source !== undefined) feedStage(caller, this.#options, source);
    const leave = (): void => {
      if (!caller.link.outcome) void caller.cancel('requested', undefined);
    };
    return {
      inlet: caller.link.halves.makeInlet({}),
      leave,
      // The cancel is what the remote end sees; whoever consumed is told of the error itself.
      fail: leave,
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
    report?: Report,
  ): Caller {
    const mark = markOf(fn);
    if (mark.kind !== kind)
      throw new TypeError(
        `${this.#peer.nameOf(mark)} is marked with ${mark.kind}(): call it with ${verbOf[mark.kind]}`,
      );
    const {channel} = this.#peer;
    const {asked} = this.#owner;
    // Before the channel, which has ended with the scope: what can be done about it is what is said.
    if (scope.settled) throw settledScopeError(scope);
    // Its subscription or its signal has ended it: that says more than what comes of a call into an actor that ends.
    if (asked?.reason === 'requested') throw asked;
    const over = this.#terms.over?.() ?? (channel.closed && 'its actor, or the connection to it, has ended');
    if (over !== undefined) {
      throw new TransportClosed(`the portal to ${formatActor(this.actor)} is closed: ${over}`, {
        kind: 'closed',
        cause: channel.closed,
        actor: this.actor,
      });
    }
    const {signal, timeout, onExit} = this.#options;
    const force = this.#owner.force;
    return new Caller(channel, {
      kind,
      fn: this.#peer.refOf(mark),
      name: this.#peer.nameOf(mark),
      args,
      openedBy,
      report,
      from: this.#terms.frames ?? from,
      scope,
      flow: this.#flow,
      schemas: mark.schemas,
      signal,
      timeout,
      onExit,
      cancelBound: this.#peer.actor.tree.timeouts.exit,
      force: force && (why => force(why, this.#peer.nameOf(mark))),
      understood: () => this.#peer.heard(mark),
    });
  }

  #scope(): Scope {
    const {scope} = this.#options;
    return scope ? scope[scopeKey] : innerScope(current()?.scope, this.#owner.scope);
  }
}

const callOptions = new Set([
  'signal',
  'timeout',
  'onExit',
  'scope',
  'window',
  'windowBytes',
  'bufferBytes',
  'overflow',
]);

/** @throws TypeError for an option that is not there, RangeError for a number that is none */
export function checkOptions(options: CallOptions): void {
  checkKeys(options, callOptions, 'portal.with(): ');
  if (Number.isNaN(options.timeout)) throw new RangeError('timeout is a number of milliseconds, not NaN');
}

const verbOf = {
  task: 'run()',
  stream: 'stream()',
  operator: 'operator()',
  context: 'openContext() or context()',
} as const;

/** Sends a source into a remote stage. Its error goes to the stage, which may handle it; the context lives on. */
function feedStage(caller: Caller, flow: FlowOptions, source: Source<unknown>): void {
  const outlet = caller.link.halves.makeOutlet(flow);
  pump(caller.link, outlet, source).then(
    () => outlet.stop(),
    (error: unknown) => {
      // Where the outlet was closed first, the failure is the outcome's, not the source's.
      if (outlet.closed) return;
      caller.sourceError = {error};
      outlet.stop({error});
    },
  );
}
