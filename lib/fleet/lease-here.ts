/**
 * The lease of this actor, which the daemon of this host tells it line by line, with each beat that the root has answered.
 * Floor 6: `remote-child` makes it; `current-lease` shows it to the code of the actor. The daemon may stand still, so it looks at the
 * clock itself.
 */
import {plainClock} from '../base/clock.js';
import {ContextCancelled} from '../base/errors.js';
import type {CurrentLease} from './current-lease.js';
import {hostNow, type Term} from './term.js';

export class LeaseHere implements CurrentLease {
  readonly token: string;
  readonly #controller = new AbortController();
  readonly #end: () => void;
  #term: Term;

  /** @param end called once, when this actor must end */
  constructor(token: string, term: Term, end: () => void) {
    this.token = token;
    this.#term = term;
    this.#end = end;
    this.#wait();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  remaining(): number {
    return Math.max(0, this.#term.killAt - hostNow());
  }

  renew(term: Term): void {
    this.#term = term;
  }

  #wait(): void {
    const wait = Math.max(0, this.#term.cancelAt - hostNow());
    plainClock.timer(wait, () => void this.#look(), {background: true});
  }

  async #look(): Promise<void> {
    // Where this process stood still, the latest term lies unread.
    await plainClock.turn(2);
    if (hostNow() < this.#term.cancelAt) return this.#wait();
    const text = 'the host and the program that has placed this actor do not hear each other (timeouts.lease)';
    this.#controller.abort(new ContextCancelled(text, {canceller: undefined, reason: 'shutdown'}));
    this.#end();
  }
}
