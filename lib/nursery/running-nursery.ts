/**
 * The nursery at work: it owns actors and everything opened in its body, and settles only after all of it has ended.
 * Floor 6: above `child-actor`. Errors climb to it from contexts, cancels descend from it to actors; they meet only here.
 */
import type {Observable, ObservableInput} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {checkTimeout, scopeKey} from '../actor/call-options.js';
import {markOf} from '../actor/mark-table.js';
import type {Marked} from '../actor/marks.js';
import {type Portal, withInternalOptions} from '../actor/portal.js';
import {onAbort} from '../base/abort.js';
import {Answer} from '../base/answer.js';
import {type Frames, framesAbove} from '../base/call-frames.js';
import {current} from '../base/current.js';
import {type ActorDied, type CancelReason, ContextCancelled} from '../base/errors.js';
import {thrownText} from '../base/foreign.js';
import {lookedAt} from '../base/hooks.js';
import {log} from '../base/log.js';
import {type Dependent, isCancelBy, ownCancel, Scope} from '../base/scope.js';
import {cold, coldWhile, type Opening} from '../context/rx/cold.js';
import {type ActorOptions, planOf} from './actor-options.js';
import {adoptWork} from './adopt-work.js';
import {placers} from './backends/spawner.js';
import {ChildActor} from './child-actor.js';
import {LastingActor, type LastingOwner} from './lasting-actor.js';
import {LastingPortal} from './lasting-portal.js';
import type {ActorDefaults, ActorStarter, Body, Nursery, NurseryOptions} from './nursery.js';
import {nurseryOutcome} from './nursery-outcome.js';
import {openPool, type Pool, type PoolOwner} from './pool.js';
import {checkDepth, checkImported} from './refusals.js';
import type {RestartOptions} from './restart-policy.js';
import {settleBody} from './settle-body.js';
import {idsInPlace, startInTurn} from './start-queue.js';
import type {OnDeath, StartedActor} from './started-actor.js';

const restartText =
  'restart is an option of startActor(): an actor() is started again by retry(), a pool replaces its workers, and run() is one call';

export class RunningNursery implements Nursery, PoolOwner, Dependent {
  readonly [scopeKey]: Scope;
  /** Called when nothing of the nursery is left. Set where a scope waits for the nursery, or where it opened a root. */
  release: (() => void | Promise<void>) | undefined;
  readonly #actor: Actor;
  readonly #name: string;
  readonly #children = new Set<ChildActor>();
  /** The actors that are started again when they have died, and whether each is a daemon. */
  readonly #lasting = new Map<LastingActor, boolean>();
  #stopListening: () => void;
  #closed: Promise<void> | undefined;
  #isCancelledByUser = false;
  /** For the ends of which of its actors it waits. */
  #awaits: 'none' | 'daemons' | 'all' = 'none';

  constructor(actor: Actor, parent: Scope, options: NurseryOptions) {
    checkImported(actor);
    this.#actor = actor;
    this.#name = options.name ?? 'a nursery';
    const scope = new Scope(`${this.#name} in ${actor.id.name}`, parent);
    this[scopeKey] = scope;
    scope.onCancel(why => void this.#reapAll(why));
    this.#stopListening = onAbort(options.signal, reason => this.#cancelScope('requested', reason));
  }

  /** The actor in which the nursery is. */
  get runtime(): Actor {
    return this.#actor;
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
      let death: ActorDied | undefined;
      const {portal, gone, close} = this.spawn(name, options, (error, how) => {
        death = how;
        failed(error);
      });
      void gone.then(asked => asked && failed(asked));
      const over = (): string | undefined =>
        death && `${death.message}; its subscription is being retried, and gives another portal then, or has failed`;
      const resource = portal.then(served => withInternalOptions(served, {over}));
      return {resource, close: () => close(this.#unsubscribedError(name))};
    };
    return use ? coldWhile(scope, open, use) : cold(scope, open);
  }

  openPool(size: number, options: ActorOptions): Promise<Pool> {
    return this.#openPool('worker', size, options);
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    return this.#runInOwnActor({}, fn, args, framesAbove(this.run));
  }

  with(defaults: ActorDefaults): ActorStarter {
    checkTimeout(defaults.timeout);
    const {timeout: _timeout, name = 'worker', ...own} = defaults;
    const run: Nursery['run'] = (fn, ...args) => this.#runInOwnActor(defaults, fn, args, framesAbove(run));
    const actor = (name: string, options: ActorOptions, use?: (portal: Portal) => ObservableInput<unknown>) =>
      use ? this.actor(name, {...own, ...options}, use) : this.actor(name, {...own, ...options});
    return {
      run,
      actor: actor as Nursery['actor'],
      startActor: (name, options) => this.startActor(name, {...own, ...options}),
      openPool: (size, options) => this.#openPool(name, size, {...own, ...options}),
    };
  }

  /** Logs a failure at once, because nobody may dispose of a nursery without a body for days (rule T9). */
  logFailure(): void {
    const scope = this[scopeKey];
    scope.onCancel(() => {
      const [error] = scope.failures;
      if (scope.failures.length === 0) return;
      log('error', `${this.#name} has failed, and everything in it is ended: ${thrownText(error)}`, {error});
    });
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
      value = await this.#actor.run(scope, () => settleBody(() => body(this), scope), current()?.task);
    } catch (failure) {
      // While the tree is still there.
      const {error} = await this.#shown(failure);
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
    if (failure) throw (await this.#shown(failure.error)).error;
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
   * @param attempt which start of this actor it is
   * @throws TypeError for wrong options, ContextCancelled when the nursery has been cancelled
   */
  spawn(name: string, options: ActorOptions, onDeath: OnDeath, attempt = 1): StartedActor {
    const plan = planOf(name, options, this.#actor.tree);
    if (options.restart !== undefined) throw new TypeError(restartText);
    if (plan.host !== undefined && !placers.of(this.#actor))
      throw new TypeError(
        `startActor(): host: ${typeof plan.host === 'string' ? plan.host : 'a function'} needs hosts of main(), and is for the root alone`,
      );
    const scope = this[scopeKey];
    scope.check();
    checkDepth(this.#actor);
    const child = new ChildActor(this.#actor, plan, scope, {
      onDeath,
      frames: framesAbove(this.spawn, true),
      attempt,
      starting: idsInPlace,
      isAwaited: () => this.#awaits === 'all' || (this.#awaits === 'daemons' && plan.daemon),
    });
    this.#children.add(child);
    const stopListening = onAbort(options.signal, cause => {
      void child.cancelActor(this.#signalledError(name, cause));
    });
    const gone = child.gone.then(() => {
      this.#children.delete(child);
      stopListening();
      return child.asked;
    });
    return {
      portal: startInTurn(child),
      output: child.output,
      gone,
      isThere: () => child.isThere,
      close: why => child.cancelActor(why),
      force: child.force,
    };
  }

  /** Makes the nursery wait for work that a verb began, and hear of its failure when nobody has asked for the result. */
  own<T>(label: string, work: Promise<T>): Promise<T> {
    const scope = this[scopeKey];
    adoptWork(label, work, scope);
    return Answer.owned(scope, (resolve, reject) => {
      work.then(resolve, error => {
        // A cancel that this actor has asked for is not a failure of its scope.
        if (isCancelBy(this.#actor.id, error)) ownCancel(error);
        reject(error);
      });
    });
  }

  async #start(name: string, options: ActorOptions): Promise<Portal> {
    const {restart, ...own} = Object(options) as ActorOptions;
    if (restart !== undefined) return this.#startLasting(name, own, restart);
    return this.spawn(name, options, error => this[scopeKey].fail(error)).portal;
  }

  /** Starts an actor that is started again when it has died. */
  async #startLasting(name: string, options: ActorOptions, restart: RestartOptions): Promise<Portal> {
    const {daemon} = planOf(name, {...options, restart}, this.#actor.tree);
    const {signal, daemon: _daemon, ...own} = options;
    const scope = this[scopeKey];
    const spawn: LastingOwner['spawn'] = (onDeath, attempt) => this.spawn(name, own, onDeath, attempt);
    const lasting = new LastingActor(
      {
        clock: scope.clock,
        children: this.#actor.children,
        isPiped: own.stdio === 'pipe',
        isElsewhere: own.host !== undefined,
        spawn,
        replaced: id => this.#actor.replaced(id),
        fail: error => scope.fail(error),
      },
      name,
      restart,
    );
    this.#lasting.set(lasting, daemon);
    const stopListening = onAbort(signal, cause => void lasting.cancel(this.#signalledError(name, cause)));
    void lasting.ended.then(() => {
      this.#lasting.delete(lasting);
      stopListening();
    });
    await lasting.start();
    return new LastingPortal(this.#actor, scope, lasting);
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
      const {signal, timeout = Number.POSITIVE_INFINITY, name = fn.name || 'task', ...options} = defaults;
      const {clock} = this[scopeKey];
      const due = clock.now() + timeout;
      const own = {...options, expose: options.expose ?? [fn], ...(signal && {signal})};
      const portal = await this.#startWithin(timeout, name, own);
      try {
        return await withInternalOptions(portal, {frames})
          .with({scope: this, timeout: due - clock.now(), ...(signal && {signal})})
          .run(fn, ...args);
      } finally {
        await portal.cancelActor();
      }
    };
    return this.own('a one-shot actor', work());
  }

  /** Starts the actor of one call, whose time begins to run now. @throws ContextCancelled with reason `deadline` */
  async #startWithin(timeout: number, name: string, options: ActorOptions): Promise<Portal> {
    const late = new ContextCancelled(`${name} was cancelled before it began: its time of ${timeout} ms is over`, {
      canceller: this.#actor.id,
      reason: 'deadline',
      cause: undefined,
    });
    if (timeout <= 0) throw late;
    // Its death is that of the call, which fails with it. Whoever asked for the call is told, or else the nursery.
    const {portal, close} = this.spawn(name, options, () => {});
    const stopTimer = this[scopeKey].clock.limit(timeout, () => void close(late));
    return portal.finally(stopTimer);
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
    const lasting = [...this.#lasting].filter(([, isDaemon]) => isDaemon).map(([actor]) => actor.ended);
    const daemons = [...this.#children].filter(child => child.plan.daemon).map(child => child.gone);
    if (daemons.length + lasting.length === 0 || scope.cancelled) return;
    // An inline actor that waits for nothing does not keep the process alive by itself.
    this.#awaits = 'daemons';
    const stopStaying = scope.clock.timer(Number.POSITIVE_INFINITY, () => {});
    await scope.orCancelled(Promise.all([...daemons, ...lasting])).catch(() => {});
    stopStaying();
  }

  async #reapAll(why: ContextCancelled): Promise<void> {
    this.#awaits = 'all';
    // These first, because otherwise they would be started again.
    const lasting = [...this.#lasting.keys()].map(actor => actor.cancel(why));
    await Promise.all([...lasting, ...[...this.#children].map(child => child.cancelActor(why))]);
  }

  #outcome(thrown: readonly unknown[]): {readonly error: unknown} | undefined {
    const {failures, cancelled} = this[scopeKey];
    const failure = nurseryOutcome([...failures, ...thrown], `${this.#name} of ${this.#actor.id.name}`);
    if (failure) return failure;
    // The nursery ends with a cancel by somebody else. A cancel by its own user is not an error when the body absorbs it.
    const isByOthers = cancelled && !this.#isCancelledByUser && cancelled.reason !== 'scope';
    return isByOthers ? {error: cancelled} : undefined;
  }

  /**
   * In debug mode, somebody looks at an error before it leaves a root. The error comes in a box, because an `await` would take a
   * promise that was thrown, or anything with a `then`, for something to wait for.
   */
  #shown(error: unknown): {readonly error: unknown} | Promise<{readonly error: unknown}> {
    const scope = this[scopeKey];
    const isOfRoot = this.#actor.root && scope.parent === this.#actor.scope;
    return isOfRoot ? lookedAt(this.#actor.id.id, scope, error, shown => ({error: shown})) : {error};
  }

  #cancelScope(reason: CancelReason, cause: unknown): void {
    this[scopeKey].cancel(
      new ContextCancelled(`${this.#name} was cancelled`, {canceller: this.#actor.id, reason, cause}),
    );
  }

  #signalledError(name: string, cause: unknown): ContextCancelled {
    return this.#ownCancel(`actor ${name} was cancelled by its signal`, cause);
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
