/**
 * The nursery at work: it owns actors and everything opened in its body, and settles only after all of it has ended.
 * Floor 6: above `child-actor`. Errors climb to it from contexts, cancels descend from it to actors; they meet only here.
 */
import type {Observable, ObservableInput} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {scopeKey} from '../actor/call-options.js';
import {type Marked, markOf} from '../actor/marks.js';
import {type Portal, withInternalOptions} from '../actor/portal.js';
import {onAbort} from '../base/abort.js';
import {Answer} from '../base/answer.js';
import {type CancelReason, ContextCancelled, ResourceExhausted, SpawnFailed} from '../base/errors.js';
import {lookedAt} from '../base/hooks.js';
import {type Dependent, ownCancel, Scope} from '../base/scope.js';
import {type Frames, framesAbove} from '../context/protocol/call.js';
import {cold, coldWhile, type Opening} from '../context/rx/cold.js';
import {type ActorOptions, planOf} from './actor-options.js';
import {adoptWork} from './adopt-work.js';
import {ChildActor} from './child-actor.js';
import type {ActorDefaults, ActorStarter, Body, Nursery, NurseryOptions} from './nursery.js';
import {nurseryOutcome} from './nursery-outcome.js';
import {openPool, type Pool, type PoolOwner, type StartedActor} from './pool.js';
import {settleBody} from './settle-body.js';
import {startInTurn} from './start-queue.js';

/** Maximum levels of a tree, because a program that starts itself again and again must come to an end. */
const maxDepth = 32;

export class RunningNursery implements Nursery, PoolOwner, Dependent {
  readonly [scopeKey]: Scope;
  /** Called when nothing of the nursery is left. Set where a scope waits for the nursery, or where it opened a root. */
  release: (() => void | Promise<void>) | undefined;
  readonly #actor: Actor;
  readonly #name: string;
  readonly #children = new Set<ChildActor>();
  #stopListening: () => void;
  #closed: Promise<void> | undefined;
  #isCancelledByUser = false;

  constructor(actor: Actor, parent: Scope, options: NurseryOptions) {
    if (actor.importing) throw openedAtImportError(actor);
    this.#actor = actor;
    this.#name = options.name ?? 'a nursery';
    const scope = new Scope(`${this.#name} in ${actor.id.name}`, parent);
    this[scopeKey] = scope;
    scope.onCancel(why => void this.#reapAll(why));
    this.#stopListening = onAbort(options.signal, reason => this.#cancelScope('requested', reason));
  }

  /** For explanations of a long wait. */
  get label(): string {
    return this[scopeKey].label;
  }

  get signal(): AbortSignal {
    return this[scopeKey].signal;
  }

  startActor(name: string, options: ActorOptions): Promise<Portal> {
    return Answer.from(this[scopeKey], this.#start(name, options));
  }

  actor(name: string, options: ActorOptions): Observable<Portal>;
  actor<R>(name: string, options: ActorOptions, use: (portal: Portal) => ObservableInput<R>): Observable<R>;
  actor(name: string, options: ActorOptions, use?: (portal: Portal) => ObservableInput<unknown>): Observable<unknown> {
    const scope = this[scopeKey];
    const open: Opening<Portal> = failed => {
      const {portal, gone, close} = this.spawn(name, options, failed);
      void gone.then(asked => asked && failed(asked));
      return {resource: portal, close: () => close(this.#unsubscribedError(name))};
    };
    return use ? coldWhile(scope, open, use) : cold(scope, open);
  }

  openPool(size: number, options: ActorOptions): Promise<Pool> {
    return this.#openPool('worker', size, options);
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    return this.#runInOwnActor({}, fn, args, framesAbove(this.run, 0));
  }

  with(defaults: ActorDefaults): ActorStarter {
    const {timeout: _timeout, name = 'worker', ...own} = defaults;
    const run: Nursery['run'] = (fn, ...args) => this.#runInOwnActor(defaults, fn, args, framesAbove(run, 0));
    const actor = (name: string, options: ActorOptions, use?: (portal: Portal) => ObservableInput<unknown>) =>
      use ? this.actor(name, {...own, ...options}, use) : this.actor(name, {...own, ...options});
    return {
      run,
      actor: actor as Nursery['actor'],
      startActor: (name, options) => this.startActor(name, {...own, ...options}),
      openPool: (size, options) => this.#openPool(name, size, {...own, ...options}),
    };
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#isCancelledByUser = true;
    this.#cancelScope('requested', reason);
    await Promise.all([...this.#children].map(child => child.gone));
  }

  /** Runs the body, and settles after everything that it started has ended. */
  async runBody<T>(body: Body<T>): Promise<T> {
    const scope = this[scopeKey];
    const thrown: unknown[] = [];
    let value: T | undefined;
    try {
      // A signal that was aborted before prevents the body.
      scope.check();
      value = await this.#actor.run(scope, () => settleBody(() => body(this), scope));
    } catch (failure) {
      // While the tree is still there.
      const error = await this.#shown(failure);
      thrown.push(error);
      scope.cancel(
        new ContextCancelled(`${this.#name} was cancelled because its body failed`, {
          canceller: undefined,
          reason: 'scope',
          cause: error,
        }),
      );
    }
    await this.#close(thrown.length > 0);
    const failure = this.#outcome(thrown);
    if (failure) throw await this.#shown(failure.error);
    return value as T;
  }

  /** Leaves an `await using` block. It cannot know whether the block threw, so it cancels what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelScope('scope', undefined);
    await this.#close(true);
    const failure = this.#outcome([]);
    if (failure) throw failure.error;
  }

  finish(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  async end(why: ContextCancelled): Promise<void> {
    this[scopeKey].cancel(why);
    await this.#close(true);
  }

  /** Ends the nursery because the process was told to end. Resolves when all its actors are gone. */
  shutdown(why: ContextCancelled): Promise<void> {
    this[scopeKey].cancel(why);
    return this.#reapAll(why);
  }

  /**
   * Starts a child whose unasked death goes to `onDeath`: the nursery, or the pool or the subscription that owns it.
   *
   * @throws TypeError for wrong options, ContextCancelled when the nursery has been cancelled
   */
  spawn(name: string, options: ActorOptions, onDeath: (error: unknown) => void): StartedActor {
    const plan = planOf(name, options, this.#actor.tree);
    const scope = this[scopeKey];
    scope.check();
    if (this.#actor.tree.depth >= maxDepth)
      throw new ResourceExhausted(`a tree of actors may be ${maxDepth} levels deep`, {what: 'depth'});
    const child = new ChildActor(this.#actor, plan, scope, onDeath);
    this.#children.add(child);
    const stopListening = onAbort(options.signal, cause => {
      void child.cancelActor(this.#ownCancel(`actor ${name} was cancelled by its signal`, cause));
    });
    const gone = child.gone.then(() => {
      this.#children.delete(child);
      stopListening();
      return child.asked;
    });
    return {portal: startInTurn(child), gone, close: why => child.cancelActor(why)};
  }

  /** Makes the nursery wait for work that a verb began, and hear of its failure when nobody has asked for the result. */
  own<T>(label: string, work: Promise<T>): Promise<T> {
    const scope = this[scopeKey];
    adoptWork(label, work, scope);
    return Answer.owned(scope, (resolve, reject) => {
      work.then(resolve, error => {
        // A cancel that this actor has asked for is not a failure of its scope.
        if (error instanceof ContextCancelled && error.canceller?.id === this.#actor.id.id) ownCancel(error);
        reject(error);
      });
    });
  }

  async #start(name: string, options: ActorOptions): Promise<Portal> {
    return this.spawn(name, options, error => this[scopeKey].fail(error)).portal;
  }

  #openPool(name: string, size: number, options: ActorOptions): Promise<Pool> {
    return Answer.from(this[scopeKey], openPool(this, name, size, options));
  }

  #runInOwnActor<A extends unknown[], R>(
    defaults: ActorDefaults,
    fn: ((...args: A) => R) & Marked<'task'>,
    args: A,
    frames: Frames | undefined,
  ): Promise<Awaited<R>> {
    const work = async (): Promise<Awaited<R>> => {
      const mark = markOf(fn);
      if (mark.kind !== 'task')
        throw new TypeError(`${mark.name} is marked with ${mark.kind}(): nursery.run() takes a task`);
      const {signal, timeout, name = fn.name || 'task', ...options} = defaults;
      const portal = await this.#start(name, {...options, expose: options.expose ?? [fn], ...(signal && {signal})});
      try {
        return await withInternalOptions(portal, {frames})
          .with({scope: this, ...(signal && {signal}), ...(timeout !== undefined && {timeout})})
          .run(fn, ...args);
      } finally {
        await portal.cancelActor();
      }
    };
    return this.own('a one-shot actor', work());
  }

  #close(failed: boolean): Promise<void> {
    this.#closed ??= this.#leave(failed);
    return this.#closed;
  }

  async #leave(failed: boolean): Promise<void> {
    const scope = this[scopeKey];
    await scope.leave(failed);
    await this.#awaitDaemons();
    await this.#reapAll(
      scope.cancelled ?? new ContextCancelled(`${this.#name} has ended`, {canceller: this.#actor.id, reason: 'scope'}),
    );
    this.#stopListening();
    const failure = this.release && this.#outcome([]);
    if (failure) await this.#shown(failure.error);
    await this.release?.();
    scope.settle();
  }

  /** Daemons keep the nursery open until it is cancelled or they are. */
  async #awaitDaemons(): Promise<void> {
    const scope = this[scopeKey];
    const daemons = [...this.#children].filter(child => child.plan.daemon);
    if (daemons.length === 0 || scope.cancelled) return;
    await scope.orCancelled(Promise.all(daemons.map(child => child.gone))).catch(() => {});
  }

  async #reapAll(why: ContextCancelled): Promise<void> {
    await Promise.all([...this.#children].map(child => child.cancelActor(why)));
  }

  #outcome(thrown: readonly unknown[]): {readonly error: unknown} | undefined {
    const {failures, cancelled} = this[scopeKey];
    const failure = nurseryOutcome([...failures, ...thrown], `${this.#name} of ${this.#actor.id.name}`);
    if (failure) return failure;
    // The nursery ends with a cancel by somebody else. A cancel by its own user is not an error when the body absorbs it.
    const isByOthers = cancelled && !this.#isCancelledByUser && cancelled.reason !== 'scope';
    return isByOthers ? {error: cancelled} : undefined;
  }

  /** In debug mode, somebody looks at an error before it leaves a root. */
  #shown(error: unknown): unknown {
    const scope = this[scopeKey];
    const isOfRoot = this.#actor.root && scope.parent === this.#actor.scope;
    return isOfRoot ? lookedAt(this.#actor.id.id, scope, error, shown => shown) : error;
  }

  #cancelScope(reason: CancelReason, cause: unknown): void {
    this[scopeKey].cancel(
      new ContextCancelled(`${this.#name} was cancelled`, {canceller: this.#actor.id, reason, cause}),
    );
  }

  #unsubscribedError(name: string): ContextCancelled {
    return this.#ownCancel(
      `actor ${name} was let go by its subscriber, as firstValueFrom() and take(1) do with the first value. nursery.startActor() starts one that stays`,
    );
  }

  #ownCancel(message: string, cause?: unknown): ContextCancelled {
    return ownCancel(new ContextCancelled(message, {canceller: this.#actor.id, reason: 'requested', cause}));
  }
}

/** A module that opens a nursery while it is imported would fork for ever. The actor is refused, even if it catches this. */
function openedAtImportError(actor: Actor): SpawnFailed {
  actor.importFailure ??= new SpawnFailed(
    `a nursery cannot be opened while the modules of actor ${actor.id.name} are imported: guard the program with main()`,
    {phase: 'import'},
  );
  return actor.importFailure;
}
