/**
 * The ladder by which an actor is ended: asked, acknowledged, given time, killed, seen to be gone.
 * Floor 6: used by `child-actor`; the times are those of rule T10.
 */
import type {ContextCancelled} from '../base/errors.js';
import {handedDown} from '../base/scope.js';
import {within} from '../base/timer.js';

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
 * @param owner the id of the actor that ends it: while somebody in its tree is at a prompt, all of the times stand still
 */
export async function reap(
  actor: Reapable,
  why: ContextCancelled,
  budget: number,
  ackMs: number,
  owner: string,
): Promise<boolean> {
  const deadline = performance.now() + budget;
  actor.request(why, handedDown(budget));
  const acknowledged = Promise.race([actor.received, actor.gone]);
  const answered = await within(acknowledged, Math.min(ackMs, budget / 2), {actor: owner});
  const gone = answered && (await within(actor.gone, deadline - performance.now(), {actor: owner, whole: budget}));
  if (!gone) actor.kill();
  await actor.gone;
  return gone;
}
