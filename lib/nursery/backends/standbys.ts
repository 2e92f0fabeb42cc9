/**
 * The standbys of a root: as many as its user wants, begun in the background, each used once.
 * Floor 6: above `standby`; the boot of a root opens and closes them, `spawn-process` takes from them.
 */
import {AsyncResource} from 'node:async_hooks';
import type {Actor} from '../../actor/actor.js';
import {plainClock} from '../../base/clock.js';
import {log} from '../../base/log.js';
import {birthOf, keyOf, type Surroundings} from './birth.js';
import type {Spawned, SpawnRequest, StandbyProcesses} from './spawner.js';
import {beginStandby, type Standby} from './standby.js';

/** The wish of the user: how many, and for which actors. */
export interface StandbyPlan extends Pick<SpawnRequest, 'env' | 'cwd' | 'execArgv' | 'maxHeap' | 'stdio'> {
  readonly count: number;
}

/**
 * For so long in ms no actor may have been started before a standby is begun: to begin a process holds this one up, and the first call
 * of the actor that has just been started would wait for it. It took two thirds of the caller's time from the assignment to the first reply.
 */
const restMs = 20;

export class Standbys implements StandbyProcesses {
  readonly #root: Actor;
  readonly #plan: StandbyPlan;
  /** Resolves when no actor is being started. */
  readonly #quiet: () => Promise<void>;
  /** The standbys that a start may take once they are ready, the oldest first, because the oldest is ready soonest. */
  readonly #waiting: Standby[] = [];
  /** The standbys whose process has not ended and that are not actors yet: `close` must end them, because nobody else owns them. */
  readonly #living = new Set<Standby>();
  #filling = false;
  #beginning: Promise<unknown> | undefined;
  #isClosed = false;
  /** In the async context of the boot: a standby must not keep that of the call before which it was begun. */
  readonly #fill = AsyncResource.bind(() => this.#fillUp());

  constructor(root: Actor, plan: StandbyPlan, quiet: () => Promise<void>) {
    this.#root = root;
    this.#plan = plan;
    this.#quiet = quiet;
    void this.#fill();
  }

  async take(request: SpawnRequest): Promise<Spawned | undefined> {
    const key = keyOf(birthOf(request));
    try {
      for (;;) {
        const standby = this.#waiting.find(waiting => waiting.isReady && waiting.key === key);
        if (!standby) return undefined;
        this.#remove(standby);
        const spawned = await standby.become(request);
        if (spawned) {
          this.#living.delete(standby);
          return spawned;
        }
        log('runtime', `a standby could not become ${request.name}`);
      }
    } finally {
      void this.#fill();
    }
  }

  /** Ends all of them. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#beginning;
    await Promise.all([...this.#living].map(standby => standby.discard()));
  }

  /**
   * Begins what is missing, one after the other, while no actor is being started. One that could not be begun, or died before it
   * was ready, is not tried again before the next start of an actor: a standby that always dies must not be begun without end.
   */
  async #fillUp(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      do {
        await this.#quiet();
        await plainClock.pause(restMs, {background: true});
        await this.#quiet();
      } while (await this.#beginMissing());
    } catch (error) {
      log('runtime', 'a standby could not be started', {error});
    } finally {
      this.#filling = false;
    }
  }

  /** Begins one, and waits until it is ready. True when there may be more to do. */
  async #beginMissing(): Promise<boolean> {
    this.#discardOutdated();
    if (this.#isClosed || this.#waiting.length >= this.#plan.count) return false;
    const beginning = this.#begin();
    this.#beginning = beginning.catch(() => {});
    const standby = await beginning;
    await standby.settled();
    if (standby.isGone) return false;
    log('runtime', `a standby (pid ${standby.pid}) waits`);
    return true;
  }

  async #begin(): Promise<Standby> {
    const standby = await beginStandby(birthOf(this.#surroundings), this.#root.tree.treeId);
    this.#waiting.push(standby);
    this.#living.add(standby);
    void standby.gone.then(() => {
      this.#remove(standby);
      this.#living.delete(standby);
    });
    return standby;
  }

  /** Their birth has fixed something that an actor which is started now would get otherwise. */
  #discardOutdated(): void {
    const key = keyOf(birthOf(this.#surroundings));
    for (const standby of this.#waiting.filter(waiting => waiting.key !== key)) {
      this.#remove(standby);
      void standby.discard();
    }
  }

  get #surroundings(): Surroundings {
    const {debug, startFolder, setpriv} = this.#root.tree;
    return {...this.#plan, name: 'standby', debug: debug?.on, startFolder, setpriv};
  }

  #remove(standby: Standby): void {
    const at = this.#waiting.indexOf(standby);
    if (at >= 0) this.#waiting.splice(at, 1);
  }
}
