/**
 * The waits between attempts to reach somebody: each is twice as long as the one before.
 * Floor 0: used by everything that tries again; `clock.pause` waits.
 */
import {platform} from './platform.js';

export interface BackoffOptions {
  /** The first wait, in ms. */
  readonly first: number;
  /** Maximum wait, in ms. Default: no maximum, because the caller stops in time. */
  readonly longest?: number;
  /** Whether each wait varies by half of its length, so that many callers do not try at the same moment. Default false. */
  readonly isSpread?: boolean;
}

export class Backoff {
  readonly #longest: number;
  readonly #isSpread: boolean;
  #ms: number;

  constructor({first, longest = Number.POSITIVE_INFINITY, isSpread = false}: BackoffOptions) {
    this.#ms = first;
    this.#longest = longest;
    this.#isSpread = isSpread;
  }

  /** The milliseconds to wait before the next attempt. */
  next(): number {
    const ms = this.#ms;
    this.#ms = Math.min(2 * ms, this.#longest);
    return this.#isSpread ? ms * (0.5 + platform.random()) : ms;
  }
}
