/**
 * Several equal actors behind one `run` and `map`; one that dies is replaced.
 * Floor 6: made by `nursery`.
 */
import type {OperatorFunction} from 'rxjs';
import type {Marked} from '../actor/marks.js';
import {type CallOptions, checkOptions, onTerms, type Portal} from '../actor/portal.js';
import {plainClock} from '../base/clock.js';
import {ContextCancelled} from '../base/errors.js';
import {checkCount, checkKeys} from '../base/option-checks.js';
import {ownCancel} from '../base/scope.js';
import {framesAbove} from '../context/protocol/call.js';
import {cancellable, mapOver} from '../context/rx/bounded-work.js';
import type {Source} from '../context/rx/source.js';
import type {ActorOptions} from './plan.js';

/** An actor that is being started, and how to end it. */
export interface Started {
  readonly portal: Promise<Portal>;
  /** Resolves when it is gone, with why its end was asked for, when it was. */
  readonly asked: Promise<ContextCancelled | undefined>;
  close(why: ContextCancelled): Promise<boolean>;
}

/** Who starts actors for the pool: its nursery, to which its tasks belong too. */
export interface Starter {
  spawn(name: string, options: ActorOptions, onDeath: (error: unknown) => void): Started;
  own<T>(label: string, work: Promise<T>): Promise<T>;
}

/** Equal workers. A worker's death fails the task that it ran, with ActorDied, and nothing else: it is replaced. */
export interface Pool extends AsyncDisposable {
  readonly size: number;
  /** Runs a task in the worker that has least to do. */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>>;
  /**
   * An operator that runs a task for each value, at most `concurrency` (default: `size`) at a time. Results come as
   * they are ready, or with `ordered` in the order of the values. A remote stream is read only as fast as the workers
   * work; of another Observable what it pushes meanwhile is queued. Unsubscribing cancels the tasks that run.
   */
  map<In, R>(
    fn: ((value: In) => R) & Marked<'task'>,
    options?: {readonly concurrency?: number; readonly ordered?: boolean},
  ): OperatorFunction<In, Awaited<R>>;
  /** The same pool with other options for its tasks. Throws TypeError or RangeError for what is none. */
  with(options: PoolCallOptions): Pick<Pool, 'run' | 'map' | 'with'>;
}

/** `timeout` (ms) counts from the call, and so while a worker is replaced too. */
export type PoolCallOptions = Pick<CallOptions, 'signal' | 'timeout'>;
const poolCallOptions = new Set(['signal', 'timeout']);

/** Resolves when all workers serve. @throws RangeError, and whatever starting an actor throws */
export async function openPool(nursery: Starter, name: string, size: number, options: ActorOptions): Promise<Pool> {
  checkCount('openPool(): size', size, 'workers');
  const workers = Array.from({length: size}, (_, index) => new Worker(nursery, `${name}-${index}`, options));
  try {
    await Promise.all(workers.map(worker => worker.portal()));
  } catch (error) {
    await Promise.all(workers.map(worker => worker.close()));
    throw error;
  }
  return new PoolOf(nursery, workers);
}

class PoolOf implements Pool {
  readonly #nursery: Starter;
  readonly #workers: readonly Worker[];
  readonly #call: PoolCallOptions;

  constructor(nursery: Starter, workers: readonly Worker[], call: PoolCallOptions = {}) {
    this.#nursery = nursery;
    this.#workers = workers;
    this.#call = call;
  }

  get size(): number {
    return this.#workers.length;
  }

  run<A extends unknown[], R>(fn: ((...args: A) => R) & Marked<'task'>, ...args: A): Promise<Awaited<R>> {
    return this.start(fn, args, this.#call.signal, this.run);
  }

  map<In, R>(
    fn: ((value: In) => R) & Marked<'task'>,
    options: {readonly concurrency?: number; readonly ordered?: boolean} = {},
  ): OperatorFunction<In, Awaited<R>> {
    const {concurrency = this.size, ordered = false} = options;
    const {signal} = this.#call;
    // Unsubscribing cancels the tasks that run.
    const work = (value: In): Source<Awaited<R>> =>
      cancellable(gone => this.start(fn, [value], signal ? AbortSignal.any([signal, gone]) : gone));
    return source => mapOver(source, work, concurrency, ordered);
  }

  with(options: PoolCallOptions): Pool {
    checkKeys(options, poolCallOptions, 'pool.with(): ');
    checkOptions(options);
    return new PoolOf(this.#nursery, this.#workers, {...this.#call, ...options});
  }

  /** Every task begins here. */
  start<A extends unknown[], R>(
    fn: ((...args: A) => R) & Marked<'task'>,
    args: A,
    signal: AbortSignal | undefined,
    from?: (...args: never[]) => unknown,
  ): Promise<Awaited<R>> {
    let idlest = this.#workers[0] as Worker;
    for (const worker of this.#workers) if (worker.busy < idlest.busy) idlest = worker;
    const {timeout} = this.#call;
    const begun = plainClock.now();
    const frames = framesAbove(from, idlest.busy);
    const task = (worker: Portal): Promise<Awaited<R>> => {
      const portal = frames ? onTerms(worker, {frames}) : worker;
      if (!signal && timeout === undefined) return portal.run(fn, ...args);
      // A worker may have had to be started first.
      const rest = timeout === undefined ? undefined : timeout - (plainClock.now() - begun);
      return portal.with({...(signal && {signal}), ...(rest !== undefined && {timeout: rest})}).run(fn, ...args);
    };
    return this.#nursery.own('a task of a pool', idlest.run(task));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.close()));
  }
}

/** One place in the pool: the actor that holds it may change. */
class Worker {
  /** Tasks that run in it, or wait for it to be replaced. */
  busy = 0;
  readonly #nursery: Starter;
  readonly #name: string;
  readonly #options: ActorOptions;
  #current: Started | undefined;
  #closed: ContextCancelled | undefined;

  constructor(nursery: Starter, name: string, options: ActorOptions) {
    this.#nursery = nursery;
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

  /** The actor; started where there is none. One that could not be started is tried again at the next call. */
  portal(): Promise<Portal> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (!this.#current) {
      const started = this.#nursery.spawn(this.#name, this.#options, () => this.#forget(started));
      this.#current = started;
      started.portal.catch(() => this.#forget(started));
      void started.asked.then(() => this.#forget(started));
    }
    return this.#current.portal;
  }

  async close(): Promise<void> {
    this.#closed ??= ownCancel(
      new ContextCancelled(`the pool of ${this.#name} was closed`, {canceller: undefined, reason: 'requested'}),
    );
    await this.#current?.close(this.#closed);
  }

  #forget(dead: unknown): void {
    if (this.#current === dead) this.#current = undefined;
  }
}
