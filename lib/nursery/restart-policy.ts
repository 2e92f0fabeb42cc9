/**
 * How often an actor is started again, and after what pause.
 * Floor 6: below `lasting-actor`, which starts it.
 */
import {checkAmount, checkKeys} from '../base/option-checks.js';

/**
 * How an actor is started again after its death. A start that fails counts as a death.
 *
 * @example
 * ```ts
 * const portal = await nursery.startActor('service', {
 *   expose: [lookUp],
 *   restart: {times: 5, within: 10_000, delay: attempt => 50 * attempt},
 * });
 * ```
 */
export interface RestartOptions {
  /**
   * How many deaths within the time `within` are each followed by a new start. One more, and the actor is given up. Default 3.
   * With `Infinity` it is never given up.
   */
  readonly times?: number;
  /** For how many milliseconds a death counts. Default 60 000. */
  readonly within?: number;
  /**
   * The pause before a new start, in milliseconds. A function gets the number of the deaths that count, from 1 on. Default: 100,
   * doubled with every death that counts, up to 5 000.
   */
  readonly delay?: number | ((attempt: number) => number);
}

const restartOptions = new Set(['times', 'within', 'delay']);

/** @throws TypeError for wrong options */
export function checkRestart(options: RestartOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`startActor(): restart is an object, for example {times: 3}, not ${String(options)}`);
  checkKeys(options, restartOptions, 'startActor(): restart: ');
  const {times, within, delay} = options;
  if (times !== undefined && times !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(times) && times >= 0))
    throw new TypeError(`startActor(): restart.times is a whole number from 0 on, or Infinity, not ${String(times)}`);
  if (within !== undefined) checkAmount('startActor(): restart.within', within, 'milliseconds', TypeError);
  if (delay !== undefined && typeof delay !== 'function')
    checkAmount('startActor(): restart.delay', delay, 'milliseconds, or a function that gives it', TypeError);
}

/** The deaths of one actor that count, and what follows from them. */
export class RestartPolicy {
  readonly times: number;
  readonly #within: number;
  readonly #delay: NonNullable<RestartOptions['delay']>;
  /** When the deaths that count were, the oldest first. */
  #deaths: number[] = [];

  constructor({times = 3, within = 60_000, delay = defaultDelay}: RestartOptions) {
    this.times = times;
    this.#within = within;
    this.#delay = delay;
  }

  /** How many deaths count, after the last one. */
  get attempt(): number {
    return this.#deaths.length;
  }

  /**
   * The actor has died. The milliseconds to wait before the next start; undefined when it is given up.
   *
   * @throws whatever the user's function throws, TypeError when that does not give milliseconds
   */
  died(now: number): number | undefined {
    this.#deaths = [...this.#deaths.filter(at => now - at < this.#within), now];
    if (this.times === Number.POSITIVE_INFINITY) this.#deaths = this.#deaths.slice(-maxCounted);
    if (this.attempt > this.times) return undefined;
    if (typeof this.#delay === 'number') return this.#delay;
    const ms = this.#delay(this.attempt);
    checkAmount('what restart.delay gives', ms, 'milliseconds', TypeError);
    return ms;
  }
}

/** Maximum number of deaths that are remembered of an actor that is never given up. */
const maxCounted = 10_000;

function defaultDelay(attempt: number): number {
  return Math.min(100 * 2 ** (attempt - 1), 5_000);
}
