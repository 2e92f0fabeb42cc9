/**
 * Notices a sender that has waited for room too long, and says so once (rule S1).
 * Floor 4: beside `outlet`, for `end`; a timer is set where something waits, and nowhere else.
 */
import {plainClock, type Stop} from '../../base/clock.js';

export class StallWatch {
  readonly #ms: number;
  readonly #isBlocked: () => boolean;
  readonly #report: () => void;
  #stopTimer: Stop | undefined;
  /** Since when no room has come. */
  #since = 0;
  #reported = false;

  /** @param isBlocked whether something waits at this very moment */
  constructor(ms: number, isBlocked: () => boolean, report: () => void) {
    this.#ms = ms;
    this.#isBlocked = isBlocked;
    this.#report = report;
  }

  /** Something waits for room. */
  blocked(): void {
    if (this.#stopTimer || this.#reported) return;
    this.#since = plainClock.now();
    this.#arm(this.#ms);
  }

  /** Room has come. The timer is left alone: it looks for itself, and a stream that goes on sets few. */
  moved(): void {
    this.#since = plainClock.now();
    this.#reported = false;
    if (!this.#stopTimer && this.#isBlocked()) this.#arm(this.#ms);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #arm(ms: number): void {
    this.#stopTimer = plainClock.timer(ms, () => this.#look(), {background: true});
  }

  #look(): void {
    this.#stopTimer = undefined;
    if (!this.#isBlocked()) return;
    const rest = this.#since + this.#ms - plainClock.now();
    // Timers are early by a fraction of a millisecond.
    if (rest > 1) {
      this.#arm(rest);
      return;
    }
    this.#reported = true;
    this.#report();
  }
}
