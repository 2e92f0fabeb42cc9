/**
 * The workers of a pool, and the tasks that wait for one of them. A worker has one task at a time.
 * Floor 6: below `pool`, which runs the tasks.
 */
import type {Portal} from '../actor/portal.js';
import {type Deferred, deferred} from '../base/deferred.js';
import {ContextCancelled} from '../base/errors.js';
import {Ring, type RingEntry} from '../base/ring.js';
import {ownCancel} from '../base/scope.js';
import type {OnDeath, StartedActor} from './started-actor.js';

/** Starts an actor for the worker with this number. */
export type StartWorker = (index: number, onDeath: OnDeath) => StartedActor;

export class Crew {
  /** The name of the pool. */
  readonly name: string;
  readonly #workers: readonly Worker[];
  /** The claims that have no worker yet, in the order in which they were made. */
  readonly #waiting = new Ring<Claim>();
  #busy = 0;
  #closed: ContextCancelled | undefined;

  constructor(name: string, size: number, start: StartWorker) {
    this.name = name;
    this.#workers = Array.from({length: size}, (_, index) => new Worker(onDeath => start(index, onDeath)));
  }

  get size(): number {
    return this.#workers.length;
  }

  /** How many tasks run or wait. */
  get tasks(): number {
    return this.#busy + this.#waiting.size;
  }

  /** Starts all workers. Resolves when they serve. */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.start()));
  }

  /** Claims a worker for one task: one that is idle, or else the next one that becomes idle. */
  claim(): Claim {
    const claim = new Claim(() => this.#release(claim));
    if (this.#closed) {
      claim.refuse(this.#closed);
      return claim;
    }
    const worker = this.#idle();
    if (worker) this.#assign(claim, worker);
    else claim.place = this.#waiting.add(claim);
    return claim;
  }

  /** Ends all workers. Tasks that wait, and later ones, reject with ContextCancelled. */
  async close(): Promise<void> {
    this.#closed ??= ownCancel(
      new ContextCancelled(`the pool of ${this.name} was closed`, {canceller: undefined, reason: 'requested'}),
    );
    const why = this.#closed;
    for (const claim of this.#waiting) claim.refuse(why);
    await Promise.all(this.#workers.map(worker => worker.close(why)));
  }

  /** A worker that has no task: one that serves, before one that would have to be started. */
  #idle(): Worker | undefined {
    if (this.#busy === this.size) return undefined;
    let idle: Worker | undefined;
    for (const worker of this.#workers) {
      if (worker.isBusy) continue;
      if (worker.present) return worker;
      idle ??= worker;
    }
    return idle;
  }

  #assign(claim: Claim, worker: Worker): void {
    this.#busy++;
    worker.isBusy = true;
    claim.take(worker);
  }

  #release({worker, place}: Claim): void {
    place?.leave();
    if (!worker) return;
    this.#busy--;
    worker.isBusy = false;
    const next = this.#waiting.first;
    if (!next || this.#closed) return;
    next.place?.leave();
    // Not the worker that has become idle, when its actor has died and another worker serves.
    this.#assign(next, this.#idle() as Worker);
  }
}

/** The claim of one task to one worker. */
export class Claim {
  /** The worker, as soon as the claim has one. */
  worker: Worker | undefined;
  /** Its place among the claims that wait. */
  place: RingEntry<Claim> | undefined;
  readonly #assigned: Deferred<Worker> = deferred();
  #release: (() => void) | undefined;

  constructor(release: () => void) {
    this.#release = release;
  }

  /** The portal to the worker, when the task can begin at once. */
  get present(): Portal | undefined {
    return this.worker?.present;
  }

  /** The portal to the worker, when the claim has one and it serves. Rejects when that cannot be started, or the pool is closed. */
  async portal(): Promise<Portal> {
    return (await this.#assigned.promise).start();
  }

  take(worker: Worker): void {
    this.worker = worker;
    this.#assigned.resolve(worker);
  }

  refuse(why: ContextCancelled): void {
    this.place?.leave();
    this.#assigned.promise.catch(() => {});
    this.#assigned.reject(why);
  }

  /** The task has failed. When it goes on all the same, its worker is ended. The next task gets another one. */
  failed(error: unknown, task: string): void {
    const actor = this.present?.actor;
    const goesOn = actor && error instanceof ContextCancelled && !error.acked && error.actor?.id === actor.id;
    if (goesOn) this.worker?.replace(error, task);
  }

  /** The task has ended, or is not to begin any more: the worker is free for another one. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }
}

/** One place in the pool. The actor in it may be replaced. */
export class Worker {
  isBusy = false;
  readonly #start: (onDeath: OnDeath) => StartedActor;
  #actor: StartedActor | undefined;
  /** The portal to its actor, since that serves. */
  #portal: Portal | undefined;
  #closed: ContextCancelled | undefined;

  constructor(start: (onDeath: OnDeath) => StartedActor) {
    this.#start = start;
  }

  /** The portal to its actor, when that serves. Undefined, too, while its death is not yet known for sure. */
  get present(): Portal | undefined {
    return this.#actor?.isThere() ? this.#portal : undefined;
  }

  /** The portal to its actor. Starts an actor when there is none, also after one that could not be started. */
  start(): Promise<Portal> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#actor && this.#portal && !this.present) this.#forget(this.#actor);
    if (!this.#actor) {
      const started = this.#start(() => this.#forget(started));
      this.#actor = started;
      started.portal.then(
        portal => {
          if (this.#actor === started) this.#portal = portal;
        },
        () => this.#forget(started),
      );
      void started.gone.then(() => this.#forget(started));
    }
    return this.#actor.portal;
  }

  /** Ends its actor, whose task does not obey its cancel. The next task starts another one. */
  replace(why: ContextCancelled, task: string): void {
    const ended = this.#actor;
    if (!ended) return;
    this.#forget(ended);
    void ended.force(why, task);
  }

  /** Ends its actor for good. */
  async close(why: ContextCancelled): Promise<void> {
    this.#closed ??= why;
    await this.#actor?.close(this.#closed);
  }

  #forget(ended: StartedActor): void {
    if (this.#actor !== ended) return;
    this.#actor = undefined;
    this.#portal = undefined;
  }
}
