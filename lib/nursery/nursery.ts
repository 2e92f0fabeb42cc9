/**
 * The nursery: owns actors and everything opened in its body, and settles only after all of it has ended.
 * Floor 6: errors climb to it from contexts, cancels descend from it to children; they meet only here.
 */
import {AsyncResource} from 'node:async_hooks';
import {availableParallelism} from 'node:os';
import type PQueue from 'p-queue';
import type {Observable, ObservableInput} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {type Marked, markOf} from '../actor/marks.js';
import {type CallOptions, onTerms, type Portal, type ScopeHolder, scopeKey} from '../actor/portal.js';
import {onAbort} from '../base/abort.js';
import {Answer} from '../base/answer.js';
import {plainClock} from '../base/clock.js';
import {ContextCancelled, NurseryError, ResourceExhausted, SpawnFailed} from '../base/errors.js';
import {isCausedBy} from '../base/foreign.js';
import {lookedAt} from '../base/hooks.js';
import {type Dependent, ownCancel, Scope} from '../base/scope.js';
import {suppress} from '../base/suppressed.js';
import {type Frames, framesAbove} from '../context/protocol/call.js';
import {cold, coldWhile, type Opening} from '../context/rx/cold.js';
import {type BodyOf, settleBody} from './body.js';
import {Offspring} from './child-actor.js';
import {type ActorOptions, type Backend, planOf} from './plan.js';
import {openPool, type Pool, type Started} from './pool.js';
import type {Spawn} from './spawner.js';

/** A nursery's body; an Observable is awaited: its last value is the result. */
export type Body<T> = BodyOf<Nursery, T>;

export interface NurseryOptions {
  /** For messages. Default: `a nursery`. */
  readonly name?: string;
  /** Aborting it cancels the nursery. */
  readonly signal?: AbortSignal;
}

/**
 * The owner of actors. It settles only after everything that it started has ended; a failure in it that nobody asked
 * for cancels the rest. docs/guide/actors.md says in which order.
 */
export interface Nursery extends AsyncDisposable, ScopeHolder {
  /**
   * Starts an actor; resolves when it serves.
   *
   * Rejects with SpawnFailed when it cannot be started, TypeError for a bad name or option, ResourceExhausted in a tree
   * of more than 32 levels or 1 024 actors, ContextCancelled when the nursery or the actor was cancelled meanwhile.
   *
   * @param name 1 to 200 characters, for people; need not be unique
   */
  startActor(name: string, options: ActorOptions): Promise<Portal>;
  /**
   * Cold: a subscription starts the actor and emits its portal, unsubscribing ends it, its death is an error; it never
   * completes. Subscribed again, it first waits until the one before is gone: `retry` never has two of them.
   */
  actor(name: string, options: ActorOptions): Observable<Portal>;
  /** The same for as long as what `use` returns lasts; completes when that does. */
  actor<R>(name: string, options: ActorOptions, use: (portal: Portal) => ObservableInput<R>): Observable<R>;
  /** Several equal actors behind one `run` and `map`. */
  openPool(size: number, options: ActorOptions): Promise<Pool>;
  /**
   * Runs one task in an actor of its own: spawn, run, reap. Without `with({name})` the actor has the name of the task.
   *
   * Rejects as `startActor` and `portal.run` do.
   */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>>;
  /** The same nursery with other defaults for the actors that it starts; `name` and `timeout` (ms) are for `run`. */
  with(
    options: Partial<ActorOptions> & Pick<CallOptions, 'signal' | 'timeout'> & {readonly name?: string},
  ): Pick<Nursery, 'startActor' | 'actor' | 'run' | 'openPool'>;
  /** Cancels everything in it. Resolves when all its actors are gone. Never rejects. @param reason the `cause` of their ContextCancelled */
  cancel(reason?: unknown): Promise<void>;
  /** Aborted when this nursery is cancelled, or something in it failed. */
  readonly signal: AbortSignal;
}

/** Actors of this process that are being spawned; the rest wait their turn (rule T15). */
let spawning: Promise<PQueue> | undefined;
/** Made with the first: an actor that starts none, as most, need not load it. */
function spawnQueue(): Promise<PQueue> {
  spawning ??= import('p-queue').then(({default: Queue}) => new Queue({concurrency: 2 * availableParallelism()}));
  return spawning;
}
/** Loaded with the first actor of their kind. */
const backends: Readonly<Record<Backend, Spawn>> = {
  process: async request => (await import('./process.js')).spawnProcess(request),
  thread: async request => (await import('./thread.js')).spawnThread(request),
  inline: async request => (await import('./inline.js')).spawnInline(request),
};
/** How deep a tree may grow. */
const maxDepth = 32;
export class NurseryOf implements Nursery, Dependent {
  readonly [scopeKey]: Scope;
  readonly #actor: Actor;
  readonly #name: string;
  readonly #children = new Set<Offspring>();
  /** Set where a scope waits for this nursery: tells it that there is nothing more to wait for. */
  release: (() => void | Promise<void>) | undefined;
  #stopListening: () => void;
  #closed: Promise<void> | undefined;
  #isCloseByUser = false;

  constructor(actor: Actor, parent: Scope, options: NurseryOptions) {
    if (actor.importing) throw refusedAtImport(actor);
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
      const {portal, asked, close} = this.spawn(name, options, failed);
      void asked.then(why => why && failed(why));
      return {resource: portal, close: () => close(this.#unsubscribed(name))};
    };
    return use ? coldWhile(scope, open, use) : cold(scope, open);
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    return this.#runIn({}, fn, args, framesAbove(this.run, 0));
  }

  openPool(size: number, options: ActorOptions): Promise<Pool> {
    return Answer.from(this[scopeKey], openPool(this, 'worker', size, options));
  }

  with(
    defaults: Partial<ActorOptions> & Pick<CallOptions, 'signal' | 'timeout'> & {readonly name?: string},
  ): Pick<Nursery, 'startActor' | 'actor' | 'run' | 'openPool'> {
    const own = withoutCallOptions(defaults);
    const run: Nursery['run'] = (fn, ...args) => this.#runIn(defaults, fn, args, framesAbove(run, 0));
    return {
      run,
      startActor: (name, options) => this.startActor(name, {...own, ...options}),
      actor: ((name: string, options: ActorOptions, use?: (portal: Portal) => ObservableInput<unknown>) =>
        use ? this.actor(name, {...own, ...options}, use) : this.actor(name, {...own, ...options})) as Nursery['actor'],
      openPool: (size, options) =>
        Answer.from(this[scopeKey], openPool(this, defaults.name ?? 'worker', size, {...own, ...options})),
    };
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#isCloseByUser = true;
    this.#cancelScope('requested', reason);
    await Promise.all([...this.#children].map(child => child.gone));
  }

  /** Runs the body and settles after everything that it started has ended. */
  async runBody<T>(body: Body<T>): Promise<T> {
    const scope = this[scopeKey];
    const thrown: unknown[] = [];
    let value: T | undefined;
    try {
      // A signal that was aborted before prevents the body.
      scope.check();
      value = await this.#actor.run(scope, () => settleBody(() => body(this), scope));
    } catch (failure) {
      // While the tree is there.
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

  /** Leaving an `await using` block cannot know whether the block threw: it cancels what is left. */
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

  /** Ends the nursery for a signal that the process got, in the time that is left. */
  shutdown(why: ContextCancelled): Promise<void> {
    this[scopeKey].cancel(why);
    return this.#reapAll(why);
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

  /** An error that leaves a root is looked at before. */
  #shown(error: unknown): unknown {
    const scope = this[scopeKey];
    const isOfRoot = this.#actor.root && scope.parent === this.#actor.scope;
    return isOfRoot ? lookedAt(this.#actor.id.id, scope, error, shown => shown) : error;
  }

  /** Daemons keep the nursery open until it is cancelled or they are. */
  async #awaitDaemons(): Promise<void> {
    const scope = this[scopeKey];
    const daemons = [...this.#children].filter(child => child.plan.daemon);
    if (daemons.length === 0 || scope.cancelled) return;
    await scope.orCancelled(Promise.all(daemons.map(child => child.gone))).catch(() => {});
  }

  async #reapAll(why: ContextCancelled): Promise<void> {
    await Promise.all([...this.#children].map(child => child.cancel(why, this[scopeKey].teardownBudget)));
  }

  /** One error leaves as itself, several as NurseryError; what a failure caused is not counted beside it. */
  #outcome(thrown: readonly unknown[]): {readonly error: unknown} | undefined {
    const {failures, cancelled} = this[scopeKey];
    const all = [...new Set([...failures, ...thrown])];
    const causes = all.filter(error => !all.some(other => other !== error && isCausedBy(error, other)));
    const real = causes.filter(error => !(error instanceof ContextCancelled));
    const listed = real.length > 0 ? real : causes;
    for (const error of all)
      if (!listed.includes(error) && listed.length === 1 && !(error instanceof ContextCancelled))
        suppress(listed[0], error);
    if (listed.length > 1)
      return {
        error: new NurseryError(listed, `${listed.length} things failed in ${this.#name} of ${this.#actor.id.name}`),
      };
    if (listed.length === 1) return {error: listed[0]};
    // Somebody else's cancel ends the nursery with it; one's own, absorbed by the body, does not.
    if (cancelled && !this.#isCloseByUser && cancelled.reason !== 'scope') return {error: cancelled};
    return undefined;
  }

  async #start(name: string, options: ActorOptions): Promise<Portal> {
    return this.spawn(name, options, error => this[scopeKey].fail(error)).portal;
  }

  /**
   * Starts a child whose unasked death goes to `onDeath`: the nursery, or the pool or the subscription that owns it.
   *
   * @throws TypeError for options that make no sense, ContextCancelled when the nursery has been cancelled
   */
  spawn(name: string, options: ActorOptions, onDeath: (error: unknown) => void): Started {
    const plan = planOf(name, options, this.#actor.tree);
    const scope = this[scopeKey];
    scope.check();
    if (this.#actor.tree.depth >= maxDepth)
      throw new ResourceExhausted(`a tree of actors may be ${maxDepth} levels deep`, {what: 'depth'});
    const child = new Offspring(this.#actor, plan, scope, onDeath);
    this.#children.add(child);
    void child.gone.then(() => this.#children.delete(child));
    const stopListening = onAbort(options.signal, reason => {
      const why = new ContextCancelled(`actor ${name} was cancelled by its signal`, {
        canceller: this.#actor.id,
        reason: 'requested',
        cause: reason,
      });
      void child.cancel(ownCancel(why), this[scopeKey].teardownBudget);
    });
    void child.gone.then(stopListening);
    // The place in the queue is kept until the child serves: many at once starve each other of their time.
    // In the async context of this call, and not of whoever frees the place: what arrives from the child runs in it.
    const start = AsyncResource.bind(() => child.start(backends[plan.backend]));
    const portal = spawnQueue().then(queue => queue.add(start, {signal: child.queued}));
    return {portal, asked: child.gone.then(() => child.asked), close: why => child.cancel(why, scope.teardownBudget)};
  }

  /** Makes the nursery wait for what a verb began, and hear of its failure when nobody has asked. */
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

  #runIn<A extends unknown[], R>(
    defaults: Partial<ActorOptions> & Pick<CallOptions, 'signal' | 'timeout'> & {readonly name?: string},
    fn: ((...args: A) => R) & Marked<'task'>,
    args: A,
    frames: Frames | undefined,
  ): Promise<Awaited<R>> {
    return this.own('a one-shot actor', this.#oneShot(defaults, fn, args, frames));
  }

  async #oneShot<A extends unknown[], R>(
    defaults: Partial<ActorOptions> & Pick<CallOptions, 'signal' | 'timeout'> & {readonly name?: string},
    fn: ((...args: A) => R) & Marked<'task'>,
    args: A,
    frames: Frames | undefined,
  ): Promise<Awaited<R>> {
    const mark = markOf(fn);
    if (mark.kind !== 'task')
      throw new TypeError(`${mark.name} is marked with ${mark.kind}(): nursery.run() takes a task`);
    const {signal, timeout, name = fn.name || 'task', ...options} = defaults;
    const portal = await this.#start(name, {...options, expose: options.expose ?? [fn], ...(signal && {signal})});
    try {
      return await onTerms(portal, {frames})
        .with({scope: this, ...(signal && {signal}), ...(timeout !== undefined && {timeout})})
        .run(fn, ...args);
    } finally {
      await portal.cancelActor();
    }
  }

  #unsubscribed(name: string): ContextCancelled {
    const why = new ContextCancelled(
      `actor ${name} was let go by its subscriber, as firstValueFrom() and take(1) do with the first value. nursery.startActor() starts one that stays`,
      {canceller: this.#actor.id, reason: 'requested'},
    );
    return ownCancel(why);
  }

  #cancelScope(reason: 'requested' | 'scope', cause: unknown): void {
    this[scopeKey].cancel(
      new ContextCancelled(`${this.#name} was cancelled`, {canceller: this.#actor.id, reason, cause}),
    );
  }
}

/** A module that opens a nursery while it is imported would fork for ever; that it catches this does not make it fit. */
function refusedAtImport(actor: Actor): SpawnFailed {
  actor.importFailure ??= new SpawnFailed(
    `a nursery cannot be opened while the modules of actor ${actor.id.name} are imported: guard the program with main()`,
    {phase: 'import'},
  );
  return actor.importFailure;
}

function withoutCallOptions<T extends {timeout?: unknown; name?: unknown}>(options: T): Omit<T, 'timeout' | 'name'> {
  const {timeout: _timeout, name: _name, ...rest} = options;
  return rest;
}

/** Makes a scope wait for work that ends by itself, once cancelled with `cancel` or its scope; its answer tells of its failure. */
export function adoptWork(
  label: string,
  work: Promise<unknown>,
  scope: Scope,
  cancel?: (why: ContextCancelled) => unknown,
): void {
  const done = work.then(
    () => {},
    // The answer reports what nobody asked for at the end of the macrotask: not before that is it over.
    () => plainClock.turn(2),
  );
  const end = (why: ContextCancelled): Promise<void> => {
    cancel?.(why);
    return done;
  };
  const release = scope.adopt({label, finish: () => done, end});
  void done.then(release);
}
