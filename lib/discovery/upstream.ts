/**
 * Whom an actor asks of names that it does not know itself, and what becomes of the errors on the way.
 * Floor 6: below `names`; `root` makes another for a program that has joined a registrar elsewhere.
 */
import type {Actor} from '../actor/actor.js';
import {parentOf} from '../actor/parent.js';
import type {Portal} from '../actor/portal.js';
import {ActorDied, ActorError, ContextCancelled, RemoteActorError, TransportClosed} from '../base/errors.js';

/** Whoever knows more of names than this actor does. */
export interface Upstream {
  /** Rejects while it cannot be reached. */
  portal(): Promise<Portal>;
  /** Says again who is there whenever it is reached anew. */
  onReached?(say: (portal: Portal) => Promise<unknown>): void;
  /** Nobody asks it any more. */
  close?(): void;
}

/** Above a spawned actor is its parent. */
export function parentUpstream(actor: Actor): Upstream {
  const portal = parentOf(actor) as Portal;
  return {portal: async () => portal};
}

/** An error that has come through actors, as it was where it arose: who asked does not know of the way. */
export function asItself(error: unknown): unknown {
  return error instanceof RemoteActorError && error.cause instanceof ActorError ? error.cause : error;
}

/** Whether an actor that answers so has ended, or is about to. */
export function isEnd(why: unknown): boolean {
  return why instanceof ContextCancelled || why instanceof TransportClosed || why instanceof ActorDied;
}
