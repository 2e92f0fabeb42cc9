/**
 * `simulate`: a test in a world that a seed decides, whose time is virtual.
 * Floor 9, room of the testing kit: above `run-simulation`; public.
 */
import {checkAmount, checkBoolean, checkKeys, checkWord} from '../base/option-checks.js';
import {type Run, runSimulation, type SimulationBody} from './run-simulation.js';
import {Choices, parseSchedule} from './simulation/choices.js';
import type {Faults} from './simulation/faults.js';
import {SimulationFailed} from './simulation-failed.js';
import {latencyOf} from './world.js';

/** Options of a simulation. */
export interface SimulateOptions {
  /** A whole number from 0 on, which decides everything that could go one way or another. Default 1. */
  readonly seed?: number;
  /** `seeded`: what is due at the same moment happens in an order that the seed decides. `fifo`: first in, first out. Default `seeded`. */
  readonly order?: 'seeded' | 'fifo';
  /** Faults at random moments. Default: none. */
  readonly faults?: Faults;
  /** Whether the body is run twice, and the two traces are compared. Default false. */
  readonly check?: boolean;
  /** Maximum virtual time, in ms. Default: 24 hours. */
  readonly maxTime?: number;
  /** Whether real input and output fail the run (`refuse`), or are waited for (`allow`): then the run cannot be repeated. Default `refuse`. */
  readonly io?: 'refuse' | 'allow';
  /** The choices of a run that is to be repeated, as a SimulationFailed names them: `12:1 40:2`. Default: the seed decides all of them. */
  readonly schedule?: string;
}

const simulateOptions = new Set(['seed', 'order', 'faults', 'check', 'maxTime', 'io', 'schedule']);
const faultKinds = new Set(['kill', 'stop', 'cut', 'block', 'throw', 'latency']);
const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Runs a body in a simulated world. Inside it `main`, `openNursery` and everything else work as ever, but actors are parts of this
 * process, whatever their backend is; timers, `Date` and random numbers come from the simulation; and the order of events is decided
 * by the seed. The same seed gives the same run. A second simulation waits until the first has ended.
 *
 * Resolves with the value of the body, when nothing is left to do.
 *
 * Rejects with the error of the body; with SimulationFailed for a deadlock, for work that is left after the body, for real input and
 * output, for a body that takes longer than `maxTime`, and with `check` for a run that was not the same twice; with TypeError for wrong
 * options.
 *
 * @example
 * ```ts
 * const answer = await simulate(async world => {
 *   return openNursery(async nursery => {
 *     const portal = await nursery.startActor('worker', {expose: [slow]});
 *     world.at(500, () => world.kill('worker'));
 *     return portal.run(slow, 60_000).catch(error => error.code); // no minute passes
 *   });
 * });
 * ```
 */
export async function simulate<T>(body: SimulationBody<T>, options: SimulateOptions = {}): Promise<T> {
  checkOptions(body, options);
  const first = await once(body, options);
  if (options.check) checkSame(first, await once(body, options), options);
  if ('error' in first.outcome) throw first.outcome.error;
  return first.outcome.value;
}

function once<T>(body: SimulationBody<T>, options: SimulateOptions): Promise<Run<T>> {
  const {seed = 1, order = 'seeded', faults = {}, maxTime = dayMs, io = 'refuse', schedule} = options;
  const choices =
    schedule === undefined ? Choices.ofSeed(seed, order === 'fifo') : Choices.ofSchedule(parseSchedule(schedule));
  return runSimulation(body, {seed, choices, faults, maxTime, io});
}

/** @throws SimulationFailed */
function checkSame(first: Run<unknown>, second: Run<unknown>, {seed = 1, faults = {}}: SimulateOptions): void {
  const at = first.trace.findIndex((line, index) => line !== second.trace[index]);
  if (at < 0 && first.trace.length === second.trace.length) return;
  const line = at < 0 ? first.trace.length : at;
  const text = [
    'the run is not the same twice: something in it does not come from the simulation (state of a module that the first run has changed, for example)',
    `  step ${line} of the first run:  ${first.trace[line] ?? 'none'}`,
    `  step ${line} of the second run: ${second.trace[line] ?? 'none'}`,
  ].join('\n');
  throw new SimulationFailed(text, {seed, choices: first.choices, trace: first.trace, faults});
}

/** @throws TypeError, RangeError */
export function checkOptions(body: unknown, options: SimulateOptions): void {
  if (typeof body !== 'function') throw new TypeError('simulate() takes a function: simulate(async world => …)');
  checkKeys(options, simulateOptions, 'simulate(): ');
  const {seed, order, faults, check, maxTime, io, schedule} = options;
  if (seed !== undefined) checkSeed('simulate(): seed', seed);
  if (order !== undefined) checkWord('simulate(): order', order, ['seeded', 'fifo']);
  if (check !== undefined) checkBoolean('simulate(): check', check);
  if (maxTime !== undefined) checkAmount('simulate(): maxTime', maxTime, 'milliseconds');
  if (io !== undefined) checkWord('simulate(): io', io, ['refuse', 'allow']);
  if (schedule !== undefined) parseSchedule(String(schedule));
  if (faults !== undefined) checkFaults(faults);
}

/** @throws RangeError */
export function checkSeed(name: string, seed: unknown): void {
  if (!(Number.isSafeInteger(seed) && (seed as number) >= 0))
    throw new RangeError(`${name} is a whole number from 0 on, not ${String(seed)}`);
}

/** @throws TypeError for a fault that there is not, RangeError for a chance that is not a number */
export function checkFaults(faults: Faults): void {
  checkKeys(faults, faultKinds, 'faults: ');
  const {latency, ...chances} = faults;
  for (const [kind, chance] of Object.entries(chances))
    checkAmount(`faults.${kind}`, chance, 'times in a thousand steps');
  if (latency !== undefined) latencyOf(latency);
}
