/**
 * The ladder by which an actor is ended: asked, acknowledged, given time, killed, seen to be gone.
 * Floor 6: used by `child-actor`; the times are those of rule T10.
 */
import type {Clock} from '../base/clock.js';
import type {ContextCancelled} from '../base/errors.js';
import {handedDown} from '../base/scope.js';

/** What the ladder needs of the actor that it ends. */
export interface Reapable {
  /** Sends the request; the actor below may use so many milliseconds. */
  request(why: ContextCancelled, budget: number): void;
  /** Resolves when the request was acknowledged as received. */
  readonly received: Promise<void>;
  /** Resolves when the process has been seen to end. */
  readonly gone: Promise<void>;
  kill(): void;
}

/**
 * Ends an actor within `budget` ms, of which at most `ackMs`, and at most half, until it has acknowledged. Resolves when it is gone: true
 * when it went by itself, false when it was killed.
 *
 * @param clock of the actor that ends it: while somebody in its tree is at a prompt, all of these times stand still
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
  const answered = await clock.within(acknowledged, Math.min(ackMs, budget / 2));
  const gone = answered && (await clock.within(actor.gone, deadline - clock.now(), budget));
  if (!gone) actor.kill();
  await actor.gone;
  return gone;
}
