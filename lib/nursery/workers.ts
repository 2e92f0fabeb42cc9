/**
 * The workers of a pool, and the tasks that wait for one of them. A task says how many a worker may have together with it.
 * Floor 6: below `pool`, which runs the tasks.
 */
import {markOf} from '../actor/mark-table.js';
import {nameIn, type Portal} from '../actor/portal.js';
import {type Deferred, deferred} from '../base/deferred.js';
import {ContextCancelled} from '../base/errors.js';
import {Ring, type RingEntry} from '../base/ring.js';
import {ownCancel} from '../base/scope.js';
import type {OnDeath, StartedActor} from './started-actor.js';

/** Starts an actor for the worker with this number. */
export type StartWorker = (index: number, onDeath: OnDeath) => StartedActor;

export class Workers {
  readonly #name: string;
  readonly #workers: readonly Worker[];
  /** The claims that have no worker yet, in the order in which they were made. */
  readonly #waiting = new Ring<Claim>();
  #running = 0;
  #closed: ContextCancelled | undefined;

  constructor(name: string, size: number, start: StartWorker) {
    this.#name = name;
    this.#workers = Array.from({length: size}, (_, index) => new Worker(onDeath => start(index, onDeath)));
  }

  get size(): number {
    return this.#workers.length;
  }

  /** How many tasks run or wait. */
  get tasks(): number {
    return this.#running + this.#waiting.size;
  }

  /** How messages for people name a task. @throws TypeError when it is not marked */
  nameOf(fn: unknown): string {
    const serving = this.#workers.find(worker => worker.present)?.present;
    return `${serving ? nameIn(serving, fn) : markOf(fn).name} in ${this.#name}`;
  }

  /** Starts all workers. Resolves when they serve. */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.start()));
  }

  /**
   * Claims a worker for one task: one that has room now, or else the next one that has. Claims get their workers in the order in
   * which they were made.
   *
   * @param share how many tasks a worker may have, this one included
   */
  claim(share: number): Claim {
    const claim = new Claim(share, () => this.#release(claim));
    if (this.#closed) {
      claim.refuse(this.#closed);
      return claim;
    }
    claim.place = this.#waiting.add(claim);
    this.#handOut();
    return claim;
  }

  /** Ends all workers. Tasks that wait, and later ones, reject with ContextCancelled. */
  async close(): Promise<void> {
    this.#closed ??= ownCancel(
      new ContextCancelled(`the pool of ${this.#name} was closed`, {canceller: undefined, reason: 'requested'}),
    );
    const why = this.#closed;
    for (const claim of this.#waiting) claim.refuse(why);
    await Promise.all(this.#workers.map(worker => worker.close(why)));
  }

  /** Gives workers to the claims that wait, as far as there is room for the first of them. */
  #handOut(): void {
    for (let claim = this.#waiting.first; claim; claim = this.#waiting.first) {
      const worker = this.#idlest();
      if (!worker || worker.tasks >= claim.share) return;
      claim.place?.leave();
      this.#running++;
      worker.tasks++;
      claim.take(worker);
    }
  }

  /** The worker that has fewest tasks: of these one that serves, before one that would have to be started. */
  #idlest(): Worker | undefined {
    let best: Worker | undefined;
    for (const worker of this.#workers) if (!worker.isLost && (!best || worker.isBetterThan(best))) best = worker;
    return best;
  }

  #release({worker, place}: Claim): void {
    place?.leave();
    if (!worker) return;
    this.#running--;
    worker.taskEnded();
    if (!this.#closed) this.#handOut();
  }
}

/** The claim of one task to one worker. */
export class Claim {
  /** The worker, as soon as the claim has one. */
  worker: Worker | undefined;
  /** Its place among the claims that wait. */
  place: RingEntry<Claim> | undefined;
  /** How many tasks its worker may have, this one included. */
  readonly share: number;
  readonly #assigned: Deferred<Worker> = deferred();
  #release: (() => void) | undefined;

  constructor(share: number, release: () => void) {
    this.share = share;
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

  /** The task has failed. When it goes on all the same, its worker is lost for other tasks. */
  failed(error: unknown, fn: unknown): void {
    const {present} = this;
    if (!present || !(error instanceof ContextCancelled) || error.acked) return;
    if (error.actor?.id === present.actor.id) this.worker?.disobeyed(error, nameIn(present, fn));
  }

  /** The task has ended, or is not to begin any more: the worker is free for another one. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }
}

/** One place in the pool. The actor in it may be replaced. */
export class Worker {
  /** How many tasks it has. */
  tasks = 0;
  readonly #start: (onDeath: OnDeath) => StartedActor;
  #actor: StartedActor | undefined;
  /** The portal to its actor, since that serves. */
  #portal: Portal | undefined;
  /** How to end its actor, in which a task goes on although it was cancelled. */
  #end: (() => void) | undefined;
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

  /** Whether its actor gets no more tasks, because one goes on in it that does not obey its cancel. */
  get isLost(): boolean {
    return this.#end !== undefined;
  }

  isBetterThan(other: Worker): boolean {
    if (this.tasks !== other.tasks) return this.tasks < other.tasks;
    return !other.present && this.present !== undefined;
  }

  /** A task in its actor does not obey its cancel. The actor is ended when it has no other task; the next one gets another. */
  disobeyed(why: ContextCancelled, task: string): void {
    const actor = this.#actor;
    if (!actor) return;
    this.#end ??= () => {
      this.#forget(actor);
      void actor.force(why, task);
    };
  }

  taskEnded(): void {
    this.tasks--;
    if (this.tasks === 0) this.#end?.();
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
    this.#end = undefined;
  }
}
