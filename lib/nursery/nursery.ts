/**
 * The nursery as users see it: what it offers, and its options.
 * Floor 6: `running-nursery` fulfils it.
 */
import type {Observable, ObservableInput} from 'rxjs';
import type {CallOptions, ScopeHolder} from '../actor/call-options.js';
import type {Marked} from '../actor/marks.js';
import type {Portal} from '../actor/portal.js';
import type {ActorOptions} from './actor-options.js';
import type {Pool} from './pool.js';

/**
 * The body of a nursery: a function of the nursery. It may give a value, a promise, or an Observable, whose last value is
 * the result.
 */
export type Body<T> = (nursery: Nursery) => Observable<T> | PromiseLike<T> | T;

/** Options of a nursery that is opened inside an actor. */
export interface NurseryOptions {
  /** The name of the nursery in messages. Default: `a nursery`. */
  readonly name?: string;
  /** Aborting it cancels the nursery. Default: none. */
  readonly signal?: AbortSignal;
}

/**
 * Defaults for the actors that a nursery starts, and options of the call that `run` makes. Its `timeout` counts from the call of
 * `run`, so that the start of the actor counts too.
 */
export interface ActorDefaults extends Partial<ActorOptions>, Pick<CallOptions, 'signal' | 'timeout'> {
  /** For `run` and `openPool`: the name of the actor. Default: the name of the task; `worker` for a pool. */
  readonly name?: string;
}

/** The part of a nursery that starts actors; `with` gives it with other defaults. */
export type ActorStarter = Pick<Nursery, 'startActor' | 'actor' | 'run' | 'openPool'>;

/**
 * The owner of actors. It settles only after everything that it started has ended. A failure in it that nobody asked for
 * cancels the rest. docs/guide/actors.md says in which order.
 *
 * @example
 * ```ts
 * await openNursery(async nursery => {
 *   const portal = await nursery.startActor('worker', {expose: [double]});
 *   console.log(await portal.run(double, 21)); // 42
 * });
 * ```
 */
export interface Nursery extends AsyncDisposable, ScopeHolder {
  /**
   * Starts an actor. Resolves when it serves. With the option `restart` the actor is started again when it has died, behind the
   * same portal.
   *
   * Rejects with SpawnFailed when it cannot be started, TypeError for a wrong name or option, ResourceExhausted in a tree
   * with more than 32 levels or `maxActors` actors, ContextCancelled when the nursery or the actor was cancelled meanwhile.
   *
   * @param name 1 to 200 characters, for people. Several actors may have the same name
   * @example
   * ```ts
   * const portal = await nursery.startActor('worker', {expose: [double], logLevel: 'runtime'});
   * const result = await portal.run(double, 21);
   * const service = await nursery.startActor('service', {expose: [lookUp], restart: {times: 3}});
   * ```
   */
  startActor(name: string, options: ActorOptions): Promise<Portal>;
  /**
   * An actor as a cold Observable: a subscription starts the actor and emits its portal. Unsubscribing ends the actor. Its
   * death is an error. It never completes. A subscription first waits until the actors of those that have ended before it are
   * gone, so that `retry` never has two of them. A subscription that lives has an actor of its own, and holds up no other.
   *
   * @example
   * ```ts
   * const result$ = nursery.actor('worker', {expose: [countTo]}).pipe(
   *   switchMap(portal => portal.stream(countTo, 3)),
   *   retry(3),
   * );
   * ```
   */
  actor(name: string, options: ActorOptions): Observable<Portal>;
  /**
   * The same for as long as the result of `use` lasts: it emits what that emits, and ends the actor when that completes.
   *
   * @example
   * ```ts
   * const sum = await firstValueFrom(nursery.actor('adder', {expose: [add]}, portal => portal.run(add, 1, 2)));
   * ```
   */
  actor<R>(name: string, options: ActorOptions, use: (portal: Portal) => ObservableInput<R>): Observable<R>;
  /**
   * Opens a pool: several equal actors behind one `run` and one `map`. Resolves when all of them serve.
   *
   * Rejects as `startActor` does, and with RangeError when `size` is not a whole number from 1 on.
   *
   * @example
   * ```ts
   * await using pool = await nursery.openPool(4, {expose: [double]});
   * const results = await Promise.all([1, 2, 3].map(value => pool.run(double, value)));
   * ```
   */
  openPool(size: number, options: ActorOptions): Promise<Pool>;
  /**
   * Runs one task in an actor of its own: it starts the actor, calls the task, and ends the actor. The actor has the name of
   * the task; `with({name})` gives another.
   *
   * Rejects as `startActor` and `portal.run` do. The death of the actor fails this call with ActorDied, and nothing else.
   *
   * @example
   * ```ts
   * const result = await nursery.run(double, 21);
   * ```
   */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>>;
  /**
   * The same nursery with other defaults for the actors that it starts.
   *
   * @throws RangeError for a `timeout` that is not a number
   * @example
   * ```ts
   * const result = await nursery.with({name: 'doubler', timeout: 5_000}).run(double, 21);
   * ```
   */
  with(defaults: ActorDefaults): ActorStarter;
  /**
   * Cancels everything in the nursery. Resolves when all its actors are gone. Never rejects.
   *
   * @param reason the `cause` of the ContextCancelled that the cancelled calls reject with
   * @example
   * ```ts
   * setTimeout(() => nursery.cancel('it takes too long'), 60_000);
   * ```
   */
  cancel(reason?: unknown): Promise<void>;
  /** Aborted when this nursery is cancelled, or when something in it failed. */
  readonly signal: AbortSignal;
}
