/**
 * The error of a simulation that has found something.
 * Floor 9, room of the testing kit: thrown by `simulate` and `explore`.
 */
import {putBrand} from '../base/brand.js';
import {ActorError} from '../base/errors.js';
import {type Choices, formatSchedule} from './simulation/choices.js';
import type {Faults} from './simulation/faults.js';

/** A run of a simulation, for the error that it ended with. */
export interface FailedRun {
  readonly seed: number;
  readonly choices: Choices;
  readonly trace: readonly string[];
  readonly faults: Faults;
  readonly cause?: unknown;
}

/**
 * A simulation has found something: a deadlock, work that is left, real input or output, a run that cannot be repeated; or `explore`
 * has found a run whose body fails.
 *
 * @example
 * ```ts
 * try {
 *   await explore(body, {seeds: 1_000});
 * } catch (error) {
 *   if (error instanceof SimulationFailed) console.error(error.message, error.trace.slice(-20));
 * }
 * ```
 */
export class SimulationFailed extends ActorError {
  static override readonly code = 'ERR_SIMULATION';
  /** The seed of the run. */
  readonly seed: number;
  /** The choices of the run that were not first in, first out: for the option `schedule` of `simulate`. */
  readonly schedule: string;
  /** Everything that has happened in the run, in its order. Not enumerable. */
  declare readonly trace: readonly string[];

  /** @internal */
  constructor(text: string, {seed, choices, trace, faults, cause}: FailedRun) {
    super(`${text}\n${repeatText(seed, choices, faults)}`, cause === undefined ? {} : {cause});
    this.seed = seed;
    this.schedule = formatSchedule(choices.schedule);
    Object.defineProperty(this, 'trace', {value: trace, enumerable: false});
  }
}

putBrand(SimulationFailed);

/** Maximum number of choices that a message tells in words. */
const maxNotes = 10;

/** How to repeat a run: a line to paste, and the choices in it. */
function repeatText(seed: number, {schedule, notes}: Choices, faults: Faults): string {
  const isFew = schedule.size <= maxNotes;
  const pasted = isFew ? `, schedule: '${formatSchedule(schedule)}'` : '';
  const withFaults = Object.keys(faults).length === 0 ? '' : `, faults: ${JSON.stringify(faults).replaceAll('"', '')}`;
  const line = `to repeat it: simulate(body, {seed: ${seed}${withFaults}${pasted}})`;
  if (!isFew) return line;
  if (schedule.size === 0) return `${line} (every choice is first in, first out)`;
  return [line, ...[...notes].map(([position, note]) => `  choice ${position}: ${note}`)].join('\n');
}
