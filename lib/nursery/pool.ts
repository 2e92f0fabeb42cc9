/**
 * Several equal actors behind one `run` and one `map`. An actor that dies is replaced.
 * Floor 6: made by `running-nursery`.
 */
import type {OperatorFunction} from 'rxjs';
import {type CallOptions, checkCallOptions} from '../actor/call-options.js';
import type {Marked} from '../actor/marks.js';
import {type Portal, withInternalOptions} from '../actor/portal.js';
import {plainClock} from '../base/clock.js';
import {ContextCancelled} from '../base/errors.js';
import {checkCount, checkKeys} from '../base/option-checks.js';
import {ownCancel} from '../base/scope.js';
import {framesAbove} from '../context/protocol/call.js';
import {cancellable, mapOver} from '../context/rx/bounded-work.js';
import type {Source} from '../context/rx/source.js';
import type {ActorOptions} from './actor-options.js';

/**
 * Several equal actors, its workers. The death of a worker fails the task that it ran, with ActorDied, and nothing else: the
 * worker is replaced.
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
   * Runs a task in the worker that has the fewest tasks.
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
   * @param options `concurrency`: maximum number of tasks at a time, default `size`; `ordered`: default false
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
 * Options of the tasks of a pool. `timeout` (ms) counts from the call, so that the time in which a worker is replaced counts
 * too.
 */
export type PoolCallOptions = Pick<CallOptions, 'signal' | 'timeout'>;

const poolCallOptions = new Set(['signal', 'timeout']);

/** The nursery of a pool: it starts the workers, and the tasks of the pool belong to it. */
export interface PoolOwner {
  spawn(name: string, options: ActorOptions, onDeath: (error: unknown) => void): StartedActor;
  own<T>(label: string, work: Promise<T>): Promise<T>;
}

/** An actor that is being started, and how to end it. */
export interface StartedActor {
  readonly portal: Promise<Portal>;
  /** Resolves when it is gone: with the reason for which its end was asked for, or with undefined. */
  readonly gone: Promise<ContextCancelled | undefined>;
  close(why: ContextCancelled): Promise<boolean>;
}

/** Resolves when all workers serve. @throws RangeError for a wrong size, and whatever starting an actor throws */
export async function openPool(owner: PoolOwner, name: string, size: number, options: ActorOptions): Promise<Pool> {
  checkCount('openPool(): size', size, 'workers');
  const workers = Array.from({length: size}, (_, index) => new Worker(owner, `${name}-${index}`, options));
  try {
    await Promise.all(workers.map(worker => worker.portal()));
  } catch (error) {
    await Promise.all(workers.map(worker => worker.close()));
    throw error;
  }
  return new RunningPool(owner, workers);
}

class RunningPool implements Pool {
  readonly #owner: PoolOwner;
  readonly #workers: readonly Worker[];
  readonly #callOptions: PoolCallOptions;

  constructor(owner: PoolOwner, workers: readonly Worker[], callOptions: PoolCallOptions = {}) {
    this.#owner = owner;
    this.#workers = workers;
    this.#callOptions = callOptions;
  }

  get size(): number {
    return this.#workers.length;
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    return this.start(fn, args, this.#callOptions.signal, this.run);
  }

  map<In, R>(
    fn: ((value: In) => R) & Marked<'task'>,
    options: {readonly concurrency?: number; readonly ordered?: boolean} = {},
  ): OperatorFunction<In, Awaited<R>> {
    const {concurrency = this.size, ordered = false} = options;
    const {signal} = this.#callOptions;
    // Unsubscribing cancels the tasks that run.
    const work = (value: In): Source<Awaited<R>> =>
      cancellable(gone => this.start(fn, [value], signal ? AbortSignal.any([signal, gone]) : gone));
    return source => mapOver(source, work, concurrency, ordered);
  }

  with(options: PoolCallOptions): Pool {
    checkKeys(options, poolCallOptions, 'pool.with(): ');
    checkCallOptions(options);
    return new RunningPool(this.#owner, this.#workers, {...this.#callOptions, ...options});
  }

  /** Every task begins here. @param from the function that the user called: the frames of errors begin with its caller */
  start<A extends unknown[], R>(
    fn: ((...args: A) => R) & Marked<'task'>,
    args: A,
    signal: AbortSignal | undefined,
    from?: (...args: never[]) => unknown,
  ): Promise<Awaited<R>> {
    let idlest = this.#workers[0] as Worker;
    for (const worker of this.#workers) if (worker.busy < idlest.busy) idlest = worker;
    const {timeout} = this.#callOptions;
    const begun = plainClock.now();
    const frames = framesAbove(from, idlest.busy);
    const task = (worker: Portal): Promise<Awaited<R>> => {
      const portal = frames ? withInternalOptions(worker, {frames}) : worker;
      if (!signal && timeout === undefined) return portal.run(fn, ...args);
      // Some of the time may have gone into starting the worker.
      const rest = timeout === undefined ? undefined : timeout - (plainClock.now() - begun);
      return portal.with({...(signal && {signal}), ...(rest !== undefined && {timeout: rest})}).run(fn, ...args);
    };
    return this.#owner.own('a task of a pool', idlest.run(task));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.close()));
  }
}

/** One place in the pool. The actor in it may be replaced. */
class Worker {
  /** How many tasks run in it, or wait for it to be replaced. */
  busy = 0;
  readonly #owner: PoolOwner;
  readonly #name: string;
  readonly #options: ActorOptions;
  #actor: StartedActor | undefined;
  #closed: ContextCancelled | undefined;

  constructor(owner: PoolOwner, name: string, options: ActorOptions) {
    this.#owner = owner;
    this.#name = name;
    this.#options = options;
  }

  async run<R>(task: (portal: Portal) => Promise<R>): Promise<R> {
    this.busy++;
    try {
      return await task(await this.portal());
    } finally {
      this.busy--;
    }
  }

  /** The portal to its actor. Starts an actor when there is none, also after one that could not be started. */
  portal(): Promise<Portal> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (!this.#actor) {
      const started = this.#owner.spawn(this.#name, this.#options, () => this.#forget(started));
      this.#actor = started;
      started.portal.catch(() => this.#forget(started));
      void started.gone.then(() => this.#forget(started));
    }
    return this.#actor.portal;
  }

  async close(): Promise<void> {
    this.#closed ??= ownCancel(
      new ContextCancelled(`the pool of ${this.#name} was closed`, {canceller: undefined, reason: 'requested'}),
    );
    await this.#actor?.close(this.#closed);
  }

  #forget(ended: StartedActor): void {
    if (this.#actor === ended) this.#actor = undefined;
  }
}
