/**
 * The lock of the terminal: one holder at a time in the whole tree, first come first served. It tells when nobody holds
 * it or waits for it any more.
 * Floor 7: data and promises only. `root-lock` gives it to the actors of a tree. `actor-debugger` uses another one as
 * the queue of its tasks.
 *
 * ```
 * FREE ── request ──▶ HELD(a) ── request of b ──▶ HELD(a), b waits
 *   ▲                   │ released, or a is gone       │ b is cancelled, or gone: it leaves the queue
 *   └── nobody waits ◀──┴── somebody waits ──▶ HELD(the first of them)
 * ```
 */
import PQueue from 'p-queue';
import {onAbort} from '../../base/abort.js';
import {type ActorId, formatActor} from '../../base/actor-id.js';
import {plainClock} from '../../base/clock.js';
import {deferred} from '../../base/deferred.js';
import {log} from '../../base/log.js';
import type {WaitRow} from '../../base/tree-survey.js';

/** An actor that wants the terminal. */
export interface LockRequest {
  readonly actor: ActorId;
  /** The task that wants it, for people. */
  readonly what: string;
  /** The `uid` of the context of that task. Absent: the body of the actor. */
  readonly task?: string | undefined;
}

/** Told of each new holder, and of each release, at the moment at which it happens. */
export interface LockWatcher {
  taken(holder: ActorId): void;
  released(): void;
}

export class TtyLock {
  readonly #name: string;
  readonly #watcher: LockWatcher | undefined;
  readonly #queue = new PQueue({concurrency: 1});
  readonly #waiting = new Set<LockRequest>();
  #holder: LockRequest | undefined;
  #lastFree = Number.NEGATIVE_INFINITY;
  #used = false;
  /** Aborted when nobody gets the lock any more. */
  readonly #closed = new AbortController();
  /** True in the turn of the event loop in which the last holder has let go, and in the next turn. */
  #settling = false;

  constructor(name = 'the terminal', watcher?: LockWatcher) {
    this.#name = name;
    this.#watcher = watcher;
    this.#queue.on('idle', () => {
      this.#lastFree = plainClock.now();
      this.#settling = true;
      // The release may arrive one turn before the turn that reads the signals, so that two turns are needed.
      void plainClock.turn(2).then(() => {
        this.#settling = false;
      });
    });
  }

  /** Called when the holder or the queue has changed. */
  onChange: (() => void) | undefined;

  get holder(): LockRequest | undefined {
    return this.#holder;
  }

  /** The requests that wait for the lock, in the order in which they will have it. */
  get waiting(): readonly LockRequest[] {
    return [...this.#waiting];
  }

  /** Who waits for the holder. */
  get waits(): WaitRow[] {
    const holder = this.#holder;
    if (!holder) return [];
    return this.waiting.map(each => ({for: 'terminal', by: nodeOf(each), of: nodeOf(holder)}));
  }

  /** Whether somebody holds the lock or waits for it. */
  get busy(): boolean {
    return this.#queue.pending + this.#queue.size > 0;
  }

  /** As `busy`, and a turn longer: by then the signals are delivered that came while this thread stood still. */
  get taken(): boolean {
    return this.busy || this.#settling;
  }

  /** Whether anybody has ever held the lock or waited for it. */
  get used(): boolean {
    return this.#used;
  }

  /**
   * Waits for a turn. Resolves with the function that releases the lock, which is idempotent.
   *
   * @param signal an abort leaves the queue: the call rejects with the reason. It does not release a lock that is held
   */
  request(request: LockRequest, signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      let left = false;
      const leave = (reason: unknown): void => {
        left = true;
        if (this.#waiting.delete(request)) this.#changed(request, 'does not wait any more for');
        reject(reason);
      };
      if (this.#closed.signal.aborted) return leave(this.#closed.signal.reason);
      const stopAtClose = onAbort(this.#closed.signal, leave);
      const stopAtAbort = onAbort(signal, leave);
      const stop = (): void => {
        stopAtClose();
        stopAtAbort();
      };
      if (left) return stopAtClose();
      this.#used = true;
      this.#waiting.add(request);
      if (this.busy) this.#changed(request, 'waits for');
      void this.#queue.add(async () => {
        // The turn of one that has left the queue comes up nevertheless, and is passed on.
        if (left) return;
        stop();
        await this.#hold(request, resolve);
      });
    });
  }

  /** Takes the lock at once, if nobody holds it or waits for it. Returns the function that releases it. */
  take(request: LockRequest): (() => void) | undefined {
    // The queue notices a release a moment later, and this call may come before.
    if (this.#holder || this.#waiting.size > 0 || this.#closed.signal.aborted) return undefined;
    this.#used = true;
    const over = deferred();
    const release = this.#grant(request, over.resolve);
    void this.#queue.add(() => over.promise);
    return release;
  }

  /** From now on nobody gets the lock: those who wait for it or ask for it are refused. A holder keeps it. */
  close(why: unknown): void {
    this.#closed.abort(why);
  }

  /** Resolves when nobody holds the lock or waits for it, with the milliseconds since somebody did. */
  async idle(): Promise<number> {
    while (this.busy) await this.#queue.onIdle();
    return plainClock.now() - this.#lastFree;
  }

  #hold(request: LockRequest, granted: (release: () => void) => void): Promise<void> {
    this.#waiting.delete(request);
    return new Promise(resolve => granted(this.#grant(request, resolve)));
  }

  /** Returns the function that releases the lock. @param released called then */
  #grant(request: LockRequest, released: () => void): () => void {
    this.#holder = request;
    this.#watcher?.taken(request.actor);
    this.#changed(request, 'has');
    return () => {
      if (this.#holder !== request) return;
      this.#holder = undefined;
      this.#changed(request, 'has let go of');
      this.#watcher?.released();
      released();
    };
  }

  #changed(request: LockRequest, does: string): void {
    this.onChange?.();
    log('runtime', `${formatActor(request.actor)} ${does} ${this.#name}: ${request.what}`, {asker: request});
  }
}

/** As the finder of waits names it. */
const nodeOf = ({actor, task}: LockRequest): string => task ?? actor.id;
