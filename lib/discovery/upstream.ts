/**
 * The way upwards: the actor that knows more names than this one, and how this one asks it.
 * Floor 6: below `names`; `joined-registrar` is another upstream, for a program that has joined the registrar of another one.
 */
import type {Actor} from '../actor/actor.js';
import {scopeKey} from '../actor/call-options.js';
import {parentOf} from '../actor/parent.js';
import type {Portal} from '../actor/portal.js';
import {ActorDied, ActorError, ContextCancelled, RemoteActorError, TransportClosed} from '../base/errors.js';

/** The actor above this one: its parent, or the registrar of another program. */
export interface Upstream {
  /** Rejects while it cannot be reached. */
  portal(): Promise<Portal>;
  /** Sets the function that announces all actors again whenever the upstream is reached again. */
  onReached?(announce: (portal: Portal) => Promise<unknown>): void;
  /** Nobody asks it any more. */
  close?(): void;
}

/** The upstream of a spawned actor is its parent. */
export function parentUpstream(actor: Actor): Upstream {
  const portal = parentOf(actor) as Portal;
  return {portal: async () => portal};
}

/**
 * Sends questions to an upstream in the order of the calls. An actor that dies while it is being entered is therefore first
 * entered and then removed, at every level. An actor that sees it end does not find it any more.
 */
export class UpstreamQueue {
  readonly #actor: Actor;
  readonly #upstream: Upstream;
  /** Settles when the latest question has left. */
  #lastSent: Promise<unknown> = Promise.resolve();

  constructor(actor: Actor, upstream: Upstream) {
    this.#actor = actor;
    this.#upstream = upstream;
  }

  ask<T>(question: (portal: Portal) => Promise<T>): Promise<T> {
    const scope = {[scopeKey]: this.#actor.scope};
    // The answer is in an array, because `then` would wait for a bare promise, and the next question must not wait for it.
    const sent = this.#lastSent
      .then(() => this.#upstream.portal())
      .then(portal => [question(portal.with({scope}))] as const);
    this.#lastSent = sent.catch(() => {});
    return sent
      .then(([answer]) => answer)
      .catch(error => {
        throw originalError(error);
      });
  }
}

/** The error as it was where it arose. The caller does not know the actors on the way, so they are not part of the error. */
export function originalError(error: unknown): unknown {
  return error instanceof RemoteActorError && error.cause instanceof ActorError ? error.cause : error;
}

/** Whether an error says that the actor that was asked has ended, or is about to end. */
export function isEndError(error: unknown): boolean {
  return error instanceof ContextCancelled || error instanceof TransportClosed || error instanceof ActorDied;
}
