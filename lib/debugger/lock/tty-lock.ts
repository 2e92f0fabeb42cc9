/**
 * The lock of the terminal: one holder at a time in the whole tree, first come first served, and the edge at which
 * nobody holds or awaits it any more.
 * Floor 7: data and promises only; `root-lock` gives it to the actors of a tree, `session` to the tasks of one actor.
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
import {log} from '../../base/log.js';

/** Who wants the terminal, and what for. */
export interface Asker {
  readonly actor: ActorId;
  readonly what: string;
}

/** Told of every change of hands, in that very moment. */
export interface LockWatcher {
  taken(holder: ActorId): void;
  released(): void;
}

export class TtyLock {
  readonly #name: string;
  readonly #watcher: LockWatcher | undefined;
  readonly #queue = new PQueue({concurrency: 1});
  readonly #waiting = new Set<Asker>();
  #holder: Asker | undefined;
  #lastFree = Number.NEGATIVE_INFINITY;
  #used = false;
  /** The last has let go in this turn of the loop, or in the one before. */
  #settling = false;

  constructor(name = 'the terminal', watcher?: LockWatcher) {
    this.#name = name;
    this.#watcher = watcher;
    this.#queue.on('idle', () => {
      this.#lastFree = plainClock.now();
      this.#settling = true;
      // It may be told in the turn before the one that reads the signals.
      void plainClock.turn(2).then(() => {
        this.#settling = false;
      });
    });
  }

  /** Called whenever somebody has it, awaits it, or does so no more. */
  onChange: (() => void) | undefined;

  get holder(): Asker | undefined {
    return this.#holder;
  }

  /** In the order in which they will have it. */
  get waiting(): readonly Asker[] {
    return [...this.#waiting];
  }

  /** Whether somebody holds or awaits it. */
  get busy(): boolean {
    return this.#queue.pending + this.#queue.size > 0;
  }

  /** The same, and a turn of the loop longer: by then signals are delivered that came while this thread stood still. */
  get taken(): boolean {
    return this.busy || this.#settling;
  }

  /** Whether anybody ever did. */
  get used(): boolean {
    return this.#used;
  }

  /**
   * Waits for its turn. Resolves with how to let go, which is idempotent.
   *
   * @param signal aborting it leaves the queue: rejects with its reason. Whoever holds the lock lets go by itself
   */
  request(asker: Asker, signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      let left = false;
      const stop = onAbort(signal, reason => {
        left = true;
        if (this.#waiting.delete(asker)) this.#changed(asker, 'does not wait any more for');
        reject(reason);
      });
      if (left) return;
      this.#used = true;
      this.#waiting.add(asker);
      if (this.busy) this.#changed(asker, 'waits for');
      void this.#queue.add(async () => {
        // Its place in the queue comes up all the same, and is passed on.
        if (left) return;
        stop();
        await this.#held(asker, resolve);
      });
    });
  }

  /** Resolves when nobody holds or awaits it, with the milliseconds since somebody did. */
  async idle(): Promise<number> {
    while (this.busy) await this.#queue.onIdle();
    return plainClock.now() - this.#lastFree;
  }

  #held(asker: Asker, granted: (release: () => void) => void): Promise<void> {
    this.#waiting.delete(asker);
    this.#holder = asker;
    this.#watcher?.taken(asker.actor);
    this.#changed(asker, 'has');
    return new Promise(resolve => {
      granted(() => {
        if (this.#holder !== asker) return;
        this.#holder = undefined;
        this.#changed(asker, 'has let go of');
        this.#watcher?.released();
        resolve();
      });
    });
  }

  #changed(asker: Asker, does: string): void {
    this.onChange?.();
    log('runtime', `${formatActor(asker.actor)} ${does} ${this.#name}: ${asker.what}`, {asker});
  }
}
