/**
 * The search for the addresses of an actor: the question goes down the tree along the path of the actor, which then begins to
 * listen.
 * Floor 6: a part of `names`; the owner of the list starts a search, and every actor on the path passes it on.
 */
import {formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import type {Registrar} from './registrar.js';
import {isEndError, originalError} from './upstream.js';

/** Timeout in ms for the answer of an actor. After it this search fails, but the actor stays on the list. */
const answerMs = 2_000;

export class AddressSearch {
  readonly #registrar: Registrar;
  readonly #ask: (path: readonly string[]) => Promise<string[]>;
  /** The questions without an answer, by the id of the actor. An actor is not asked again before it has answered. */
  readonly #asked = new Map<string, Promise<string[]>>();

  /** @param ask passes the question on along a path */
  constructor(registrar: Registrar, ask: (path: readonly string[]) => Promise<string[]>) {
    this.#registrar = registrar;
    this.#ask = ask;
  }

  /**
   * The addresses of an actor. Empty when it has ended. Rejects with TransportClosed when it is on the list and does not answer:
   * it may be busy, so it stays on the list.
   */
  async addressesOf(id: string): Promise<string[]> {
    const registration = this.#registrar.registration(id);
    if (!registration) return [];
    const actor = formatActor(registration.actor);
    // The question is never cancelled, because an actor that does not obey a cancel in time is ended, and this one may only be busy.
    const answer = this.#asked.get(id) ?? this.#ask(registration.path).finally(() => this.#asked.delete(id));
    this.#asked.set(id, answer);
    try {
      if (await plainClock.within(answer, answerMs)) return await answer;
    } catch (error) {
      const cause = originalError(error);
      if (!isEndError(cause)) throw new TransportClosed(`${actor} cannot be reached now`, {kind: 'closed', cause});
      // An actor on the path is gone, and its end was not reported yet.
      log('runtime', `${actor} cannot be reached, and is struck from the list`, {error});
      this.#registrar.leave(id);
      return [];
    }
    throw new TransportClosed(`${actor} cannot be reached now: it has not answered in ${answerMs} ms`, {
      kind: 'heartbeat',
    });
  }
}
