/**
 * The portal to an actor that is started again when it has died: calls that are made meanwhile wait for the next incarnation.
 * Floor 6: above `lasting-actor`, whose present portal does the work.
 */
import type {Observable} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {type CallOptions, checkCallOptions, scopeKey} from '../actor/call-options.js';
import type {Marked} from '../actor/marks.js';
import {nameIn, type Portal, type StreamValue, withInternalOptions} from '../actor/portal.js';
import {cancelActorError, notPipedError} from '../actor/portal-errors.js';
import type {ActorId} from '../base/actor-id.js';
import {Answer} from '../base/answer.js';
import {framesAbove} from '../base/call-frames.js';
import {current} from '../base/current.js';
import type {ActorDied} from '../base/errors.js';
import type {OutputLine} from '../base/output-lines.js';
import {innerScope, type Scope, settledScopeError} from '../base/scope.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import type {Context} from '../context/rx/context.js';
import {type Late, lateObservable, lateStream} from '../context/rx/late-source.js';
import {outputOf} from '../context/rx/output.js';
import type {RemoteStream} from '../context/rx/remote-stream.js';
import type {Source} from '../context/rx/source.js';
import {adoptWork} from './adopt-work.js';
import {argumentsNow, awaitTurn} from './await-turn.js';
import type {LastingActor} from './lasting-actor.js';

type VerbOf<A extends unknown[], R> = (portal: Portal, args: A) => Promise<R>;

export class LastingPortal implements Portal {
  /** The actor that has started the other one. */
  readonly #self: Actor;
  readonly #scope: Scope;
  readonly #lasting: LastingActor;
  readonly #options: CallOptions;
  /** The present portal with the options of this one. */
  #bound: {readonly of: Portal; readonly portal: Portal} | undefined;

  /** @param lasting has served @param scope of the nursery */
  constructor(self: Actor, scope: Scope, lasting: LastingActor, options: CallOptions = {}) {
    this.#self = self;
    this.#scope = scope;
    this.#lasting = lasting;
    this.#options = options;
  }

  get actor(): ActorId {
    return (this.#lasting.last as Portal).actor;
  }

  get ended(): Promise<ActorDied | undefined> {
    return this.#lasting.ended;
  }

  get output(): Observable<OutputLine> {
    return outputOf(this.#lasting.output, () => notPipedError(this.actor));
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    return this.#call(fn, args, this.run, (portal, given) => portal.run(fn, ...given));
  }

  openContext<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Promise<Context<Out, In, First, Awaited<R>>> {
    return this.#call(fn, args, this.openContext, (portal, given) => portal.openContext(fn, ...given));
  }

  context<In, Out, First, A extends unknown[], R>(
    fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
    ...args: A
  ): Observable<Context<Out, In, First, Awaited<R>>> {
    return lateObservable(this.#late(fn, portal => portal.context(fn, ...args)));
  }

  stream<A extends unknown[], S>(fn: ((...args: A) => S) & Marked<'stream'>, ...args: A): RemoteStream<StreamValue<S>> {
    return lateStream(this.#late(fn, portal => portal.stream(fn, ...args)));
  }

  operator<In, A extends unknown[], S>(
    fn: ((source: RemoteStream<In>, ...args: A) => S) & Marked<'operator'>,
    ...args: A
  ): (source: Source<In>) => RemoteStream<StreamValue<S>> {
    return source => lateStream(this.#late(fn, portal => portal.operator(fn, ...args)(source)));
  }

  with(options: CallOptions): Portal {
    checkCallOptions(options);
    return new LastingPortal(this.#self, this.#scope, this.#lasting, {...this.#options, ...options});
  }

  cancelActor(reason?: unknown): Promise<boolean> {
    return this.#lasting.cancel(cancelActorError(this.#self.id, this.actor, reason));
  }

  /** A call that gives a promise. @param from the function that the user called */
  #call<A extends unknown[], R>(
    fn: unknown,
    args: A,
    from: (...args: never[]) => unknown,
    verb: VerbOf<A, R>,
  ): Promise<R> {
    const present = this.#present();
    if (present) return verb(withInternalOptions(present, {from}), args);
    const scope = this.#scopeOfCall();
    const frames = framesAbove(from);
    const work = async (): Promise<R> => {
      const given = argumentsNow(this.#self.codec, args);
      return verb(withInternalOptions(await this.#next(fn, scope), {frames}), given);
    };
    const answer = work();
    adoptWork('a call that waits for an actor', answer, scope);
    return Answer.from(scope, answer);
  }

  /** The source of a call that gives an Observable. It is made once for each incarnation. */
  #late<S>(fn: unknown, open: (portal: Portal) => S): Late<S> {
    let opened: {readonly of: Portal; readonly source: S} | undefined;
    const openOnce = (portal: Portal): S => {
      if (opened?.of !== portal) opened = {of: portal, source: open(portal)};
      return opened.source;
    };
    return {
      now: () => {
        const present = this.#present();
        return present && openOnce(present);
      },
      later: async gone => {
        const portal = await this.#next(fn, this.#scopeOfCall(), gone);
        // A call with a limit has only the rest of its time. Otherwise it is one of the calls that the incarnation gets anyway.
        return this.#options.timeout === undefined ? openOnce(this.#present() ?? portal) : open(portal);
      },
      scope: () => this.#scopeOfCall(),
    };
  }

  /** The portal for a call that is made now, with the options of this one. */
  #present(): Portal | undefined {
    const of = this.#lasting.present;
    if (!of) return undefined;
    if (this.#bound?.of !== of) this.#bound = {of, portal: of.with(this.#options)};
    return this.#bound.portal;
  }

  /** The portal of the next incarnation, for a call that waits for it. The wait counts as time of the call. */
  async #next(fn: unknown, scope: Scope, gone?: AbortSignal): Promise<Portal> {
    if (scope.settled) throw settledScopeError(scope);
    const {timeout, signal: given} = this.#options;
    const signal = given && gone ? AbortSignal.any([given, gone]) : (given ?? gone);
    const begun = scope.clock.now();
    const label = this.#labelOf(fn);
    const portal = await awaitTurn(this.#lasting.next(), {label, self: this.#self.id, scope, signal, timeout});
    const rest = timeout === undefined ? {} : {timeout: timeout - (scope.clock.now() - begun)};
    return portal.with({...this.#options, ...rest, scope: {[scopeKey]: scope}});
  }

  #labelOf(fn: unknown): string {
    return `${nameIn(this.#lasting.last as Portal, fn)} in ${this.#lasting.name}`;
  }

  #scopeOfCall(): Scope {
    const {scope} = this.#options;
    return scope ? scope[scopeKey] : innerScope(current()?.scope, this.#scope);
  }
}
