/**
 * Several equal actors behind one `run` and one `map`.
 * Floor 6: above `workers`, which gives the tasks to the workers; made by `running-nursery`.
 */
import type {OperatorFunction} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {type CallOptions, checkCallOptions, type ScopeHolder, scopeKey} from '../actor/call-options.js';
import type {Marked} from '../actor/marks.js';
import {type Portal, withInternalOptions} from '../actor/portal.js';
import type {Frames} from '../base/call-frames.js';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {checkCount, checkKeys} from '../base/option-checks.js';
import {innerScope} from '../base/scope.js';
import {framesOfCall} from '../context/protocol/call.js';
import {cancellable, mapOver} from '../context/rx/bounded-work.js';
import type {Source} from '../context/rx/source.js';
import type {ActorOptions} from './actor-options.js';
import {argumentsNow, awaitTurn} from './await-turn.js';
import type {OnDeath, StartedActor} from './started-actor.js';
import {type Claim, Workers} from './workers.js';

/**
 * Several equal actors, its workers. A worker runs one task at a time, unless `concurrency` of `map` asks for more; the other
 * tasks wait in this actor. The death of a worker fails what it ran, with ActorDied, and nothing else: the worker is replaced. A
 * worker whose task does not obey a cancel in time is ended and replaced, too.
 *
 * @example
 * ```ts
 * await using pool = await nursery.openPool(4, {expose: [double]});
 * console.log(pool.size); // 4
 * console.log(await pool.run(double, 21)); // 42
 * ```
 */
export interface Pool extends AsyncDisposable {
  /** The number of workers. */
  readonly size: number;
  /**
   * Runs a task in a worker that is idle, or in the next one that becomes idle: tasks begin in the order of their calls.
   *
   * Rejects as `portal.run` does. When the worker has died and its replacement cannot be started, rejects as `startActor`
   * does.
   *
   * @example
   * ```ts
   * const result = await pool.run(double, 21);
   * ```
   */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>>;
  /**
   * An operator that runs a task for each value. Results come as they are ready, or with `ordered` in the order of the
   * values. A remote stream is read only as fast as the workers work; what another Observable pushes meanwhile is queued.
   * Unsubscribing cancels the tasks that run.
   *
   * @param options `concurrency`: maximum number of tasks at a time, default `size`. With more, the tasks share the workers, and
   * the death of a worker fails several of them. `ordered`: default false
   * @example
   * ```ts
   * from([1, 2, 3]).pipe(pool.map(double, {ordered: true})).subscribe(console.log); // 2 4 6
   * ```
   */
  map<In, R>(
    fn: ((value: In) => R) & Marked<'task'>,
    options?: {readonly concurrency?: number; readonly ordered?: boolean},
  ): OperatorFunction<In, Awaited<R>>;
  /**
   * The same pool with other options for its tasks.
   *
   * @throws TypeError for an option that does not exist, RangeError for a `timeout` that is not a number
   * @example
   * ```ts
   * const result = await pool.with({timeout: 1_000}).run(double, 21);
   * ```
   */
  with(options: PoolCallOptions): Pick<Pool, 'run' | 'map' | 'with'>;
}

/**
 * Options of the tasks of a pool. `timeout` (ms) counts from the call: the time in which the task waits for a worker, or in which
 * a worker is replaced, counts too.
 */
export type PoolCallOptions = Pick<CallOptions, 'signal' | 'timeout'>;

const poolCallOptions = new Set(['signal', 'timeout']);

/** The nursery of a pool: it starts the workers, and the tasks of the pool belong to it. */
export interface PoolOwner extends ScopeHolder {
  /** The actor in which the pool is. */
  readonly runtime: Actor;
  spawn(name: string, options: ActorOptions, onDeath: OnDeath): StartedActor;
  own<T>(label: string, work: Promise<T>): Promise<T>;
}

/** Resolves when all workers serve. @throws RangeError for a wrong size, and whatever starting an actor throws */
export async function openPool(owner: PoolOwner, name: string, size: number, options: ActorOptions): Promise<Pool> {
  checkCount('openPool(): size', size, 'workers');
  const workers = new Workers(name, size, (index, onDeath) => owner.spawn(`${name}-${index}`, options, onDeath));
  try {
    await workers.start();
  } catch (error) {
    await workers.close();
    throw error;
  }
  return new RunningPool(owner, workers);
}

class RunningPool implements Pool {
  readonly #owner: PoolOwner;
  readonly #workers: Workers;
  readonly #callOptions: PoolCallOptions;

  constructor(owner: PoolOwner, workers: Workers, callOptions: PoolCallOptions = {}) {
    this.#owner = owner;
    this.#workers = workers;
    this.#callOptions = callOptions;
  }

  get size(): number {
    return this.#workers.size;
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    return this.start(fn, args, 1, this.#callOptions.signal, this.run);
  }

  map<In, R>(
    fn: ((value: In) => R) & Marked<'task'>,
    options: {readonly concurrency?: number; readonly ordered?: boolean} = {},
  ): OperatorFunction<In, Awaited<R>> {
    const {concurrency = this.size, ordered = false} = options;
    const {signal} = this.#callOptions;
    const share = Math.ceil(concurrency / this.size);
    // Unsubscribing cancels the tasks that run.
    const work = (value: In): Source<Awaited<R>> =>
      cancellable(gone => this.start(fn, [value], share, signal ? AbortSignal.any([signal, gone]) : gone));
    return source => mapOver(source, work, concurrency, ordered);
  }

  with(options: PoolCallOptions): Pool {
    checkKeys(options, poolCallOptions, 'pool.with(): ');
    checkCallOptions(options);
    return new RunningPool(this.#owner, this.#workers, {...this.#callOptions, ...options});
  }

  /**
   * Every task begins here.
   *
   * @param share how many tasks a worker may have, this one included
   * @param from the function that the user called: the frames of errors begin with its caller
   */
  start<A extends unknown[], R>(
    fn: ((...args: A) => R) & Marked<'task'>,
    args: A,
    share: number,
    signal: AbortSignal | undefined,
    from?: (...args: never[]) => unknown,
  ): Promise<Awaited<R>> {
    const task = {share, signal, frames: framesOfCall(from, this.#workers.tasks), begun: plainClock.now()};
    return this.#owner.own('a task of a pool', this.#perform(task, fn, args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers.close();
  }

  async #perform<A extends unknown[], R>(
    task: Task,
    fn: ((...args: A) => R) & Marked<'task'>,
    args: A,
  ): Promise<Awaited<R>> {
    const claim = this.#workers.claim(task.share);
    try {
      const {present} = claim;
      if (present) return await this.#optionsOn(present, task).run(fn, ...args);
      const given = argumentsNow(this.#owner.runtime.codec, args);
      const portal = await this.#awaitWorker(claim, task, this.#workers.nameOf(fn));
      return await this.#optionsOn(portal, task).run(fn, ...given);
    } catch (error) {
      claim.failed(error, fn);
      throw error;
    } finally {
      claim.release();
    }
  }

  /** Waits until the worker of a task is free and serves. */
  #awaitWorker(claim: Claim, {signal}: Task, label: string): Promise<Portal> {
    const self = this.#owner.runtime.id;
    const scope = innerScope(current()?.scope, this.#owner[scopeKey]);
    return awaitTurn(claim.portal(), {label, self, scope, signal, timeout: this.#callOptions.timeout});
  }

  /** The portal with the options of a task. Some of its time may be over. */
  #optionsOn(worker: Portal, {signal, frames, begun}: Task): Portal {
    const {timeout} = this.#callOptions;
    const portal = frames ? withInternalOptions(worker, {frames}) : worker;
    if (!signal && timeout === undefined) return portal;
    const rest = timeout === undefined ? {} : {timeout: timeout - (plainClock.now() - begun)};
    return portal.with({...(signal && {signal}), ...rest});
  }
}

/** One task on its way. */
interface Task {
  readonly share: number;
  readonly signal: AbortSignal | undefined;
  readonly frames: Frames | undefined;
  /** When it was asked for. */
  readonly begun: number;
}
