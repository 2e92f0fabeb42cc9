/**
 * A daemon that takes no new actors, and ends when those that it has are gone.
 * Floor 6: a part of `daemon`; `host-control` lets the command ask for it.
 */
import {runtimeFunction} from '../actor/marks.js';
import {Attached} from '../base/attached.js';
import {current} from '../base/current.js';
import {deferred} from '../base/deferred.js';
import {NotExposed} from '../base/errors.js';
import type {CalleeContext} from '../context/rx/callee-context.js';

export class Drain {
  readonly #empty = deferred();
  #isOn = false;

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Resolves when it is on and there are no actors any more. */
  get done(): Promise<void> {
    return this.#empty.promise;
  }

  /** May be called again. @param count how many actors there are */
  begin(count: number): void {
    this.#isOn = true;
    this.left(count);
  }

  /** An actor has ended, or an order has come to nothing. @param count how many there are now */
  left(count: number): void {
    if (this.#isOn && count === 0) this.#empty.resolve();
  }
}

/** The part of a daemon that its own command may ask. */
export interface Drainable {
  /** Actors that run, and orders that are under way. */
  readonly actors: number;
  /** Resolves when it drains and the last actor has ended. */
  readonly drained: Promise<void>;
  /** From now on it takes no new actors. */
  drain(): void;
}

export const drainables = new Attached<Drainable>();

/** The value of `started` is the number of actors that still run. It returns when there are none. */
export const drainThere = runtimeFunction(
  'context',
  'host drain',
  async (ctx: CalleeContext<never, never, number>): Promise<void> => {
    const now = current();
    const host = now && drainables.of(now.runtime);
    if (!host) throw new NotExposed('this actor is not the daemon of a host');
    host.drain();
    ctx.started.next(host.actors);
    // The command may be interrupted: the host goes on draining.
    await now.scope.orCancelled(host.drained);
  },
);
