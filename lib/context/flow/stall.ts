/**
 * Notices a sender that waits for room too long, and reports it once until room comes (rule S1: a `stalled` event names it).
 * Floor 4, room `flow`: beside `outlet`. A timer is set only while something waits.
 */
import {plainClock, type Stop} from '../../base/clock.js';

/** A timer may fire this much too early, in ms. */
const earlyMs = 1;

export class StallWatch {
  readonly #ms: number;
  readonly #isBlocked: () => boolean;
  readonly #report: () => void;
  readonly #relieved: () => void;
  #stopTimer: Stop | undefined;
  /** When room came the last time, or when the wait began. */
  #since = 0;
  #isReported = false;

  /**
   * @param isBlocked whether something waits for room at this moment
   * @param relieved called when room comes after a report
   */
  constructor(ms: number, isBlocked: () => boolean, report: () => void, relieved: () => void = () => {}) {
    this.#ms = ms;
    this.#isBlocked = isBlocked;
    this.#report = report;
    this.#relieved = relieved;
  }

  /** Something waits for room from now on. */
  blocked(): void {
    if (this.#stopTimer || this.#isReported) return;
    this.#since = plainClock.now();
    this.#arm(this.#ms);
  }

  /** Room has come. A running timer goes on and looks for itself, so that a stream that flows sets few timers. */
  moved(): void {
    this.#since = plainClock.now();
    if (this.#isReported) this.#relieved();
    this.#isReported = false;
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
    if (rest > earlyMs) {
      this.#arm(rest);
      return;
    }
    this.#isReported = true;
    this.#report();
  }
}
