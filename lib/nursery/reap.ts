/**
 * The ladder by which an actor is ended: asked, acknowledged, given time, killed, seen to be gone.
 * Floor 6: used by `offspring`; the times are those of rule T10.
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
 */
export async function reap(actor: Reapable, why: ContextCancelled, budget: number, ackMs: number): Promise<boolean> {
  const deadline = performance.now() + budget;
  actor.request(why, handedDown(budget));
  const answered = await within(Promise.race([actor.received, actor.gone]), Math.min(ackMs, budget / 2));
  const gone = answered && (await within(actor.gone, deadline - performance.now()));
  if (!gone) actor.kill();
  await actor.gone;
  return gone;
}
