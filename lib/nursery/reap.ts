/**
 * How an actor is ended, step by step: it is asked, it acknowledges, it gets time, it is killed, it is seen to be gone.
 * Floor 6: used by `child-actor`. The times are those of rule T10 (an end takes a bounded time).
 */
import type {Clock} from '../base/clock.js';
import type {ContextCancelled} from '../base/errors.js';
import {handedDown} from '../base/scope.js';

/** An actor that can be ended so. */
export interface Reapable {
  /** Sends the request. The actor may use `budget` milliseconds. */
  request(why: ContextCancelled, budget: number): void;
  /** Resolves when the actor has acknowledged that it got the request. */
  readonly received: Promise<void>;
  /** Resolves when the process has been seen to end. */
  readonly gone: Promise<void>;
  kill(): void;
}

/**
 * Ends an actor within `budget` ms. Within `ackMs`, and within half of the budget, it must have acknowledged the request.
 * Resolves when it is gone: true when it went by itself, false when it was killed.
 *
 * @param clock of the actor that ends it. While somebody in its tree is at a prompt, all of these times stand still
 */
export async function reap(
  actor: Reapable,
  why: ContextCancelled,
  budget: number,
  ackMs: number,
  clock: Clock,
): Promise<boolean> {
  const deadline = clock.now() + budget;
  actor.request(why, handedDown(budget));
  const acknowledged = Promise.race([actor.received, actor.gone]);
  const isAcknowledged = await clock.within(acknowledged, Math.min(ackMs, budget / 2));
  const isGone = isAcknowledged && (await clock.within(actor.gone, deadline - clock.now(), budget));
  if (!isGone) actor.kill();
  await actor.gone;
  return isGone;
}
