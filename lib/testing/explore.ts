/**
 * `explore`: the same body under many seeds; a failure is reduced to the few choices that cause it.
 * Floor 9, room of the testing kit: above `run-simulation`; public.
 */
import {createHash} from 'node:crypto';
import {thrownText} from '../base/foreign.js';
import {checkBoolean, checkCount, checkKeys} from '../base/option-checks.js';
import {type Run, runSimulation, type SimulationBody} from './run-simulation.js';
import {checkFaults, checkSeed} from './simulate.js';
import {Choices, type Schedule} from './simulation/choices.js';
import type {Faults} from './simulation/faults.js';
import {SimulationFailed} from './simulation-failed.js';

/** Options of `explore`. */
export interface ExploreOptions {
  /** How many seeds are tried. */
  readonly seeds: number;
  /** The first of them. Default 1. */
  readonly from?: number;
  /** Faults at random moments. Default: none. */
  readonly faults?: Faults;
  /** Whether a failure is reduced to as few choices as possible, in at most 200 more runs. Default true. */
  readonly shrink?: boolean;
}

/** The runs that `explore` has tried. */
export interface Explored {
  /** How many runs there were. */
  readonly runs: number;
  /** How many of them differ. */
  readonly traces: number;
}

const exploreOptions = new Set(['seeds', 'from', 'faults', 'shrink']);
const dayMs = 24 * 60 * 60 * 1_000;
/** Maximum number of runs that reduce a failure. */
const maxTries = 200;

/**
 * Runs a body in simulated worlds, one seed after the other, until a run fails. A failing run is then reduced: its choices are made
 * first in, first out again, as far as it goes on to fail.
 *
 * Rejects with SimulationFailed at the first seed whose run fails. Its text has a line that repeats the run, and its `cause` is the
 * error of the body. Rejects with TypeError or RangeError for wrong options.
 *
 * @example
 * ```ts
 * test('no order of events loses a message', async () => {
 *   await explore(world => chat(world), {seeds: 500, faults: {kill: 5, latency: [0, 20]}});
 * });
 * ```
 */
export async function explore<T>(body: SimulationBody<T>, options: ExploreOptions): Promise<Explored> {
  checkOptions(body, options);
  const {seeds, from = 1, faults = {}, shrink = true} = options;
  const traces = new Set<string>();
  for (let seed = from; seed < from + seeds; seed++) {
    const run = await tryOnce(body, seed, Choices.ofSeed(seed, false), faults);
    if ('error' in run.outcome) throw failed(seed, shrink ? await reduced(body, seed, run, faults) : run, faults);
    traces.add(createHash('sha256').update(run.trace.join('\n')).digest('base64'));
  }
  return {runs: seeds, traces: traces.size};
}

function tryOnce<T>(body: SimulationBody<T>, seed: number, choices: Choices, faults: Faults): Promise<Run<T>> {
  return runSimulation(body, {seed, choices, faults, maxTime: dayMs, io: 'refuse'});
}

/** The same failure with as few choices as possible. */
async function reduced<T>(body: SimulationBody<T>, seed: number, run: Run<T>, faults: Faults): Promise<Run<T>> {
  let best = run;
  let tries = 0;
  const failsWith = async (schedule: Schedule): Promise<boolean> => {
    tries++;
    const again = await tryOnce(body, seed, Choices.ofSchedule(schedule), faults);
    if (!isSameFailure(run, again)) return false;
    best = again;
    return true;
  };
  await dropTail(
    () => best.choices.schedule,
    failsWith,
    () => tries < maxTries / 2,
  );
  await dropParts(
    () => best.choices.schedule,
    failsWith,
    () => tries < maxTries,
  );
  return best;
}

type FailsWith = (schedule: Schedule) => Promise<boolean>;

/** Makes an ever longer tail ordinary: halves the part that is known to be needed. */
async function dropTail(present: () => Schedule, failsWith: FailsWith, mayTry: () => boolean): Promise<void> {
  let needed = 0;
  let enough = present().size;
  while (needed < enough && mayTry()) {
    const half = Math.floor((needed + enough) / 2);
    if (await failsWith(new Map([...present()].slice(0, half)))) enough = Math.min(half, present().size);
    else needed = half + 1;
  }
}

/** Makes parts ordinary, large ones first, until no single choice can be dropped. */
async function dropParts(present: () => Schedule, failsWith: FailsWith, mayTry: () => boolean): Promise<void> {
  for (let part = Math.ceil(present().size / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let at = 0; at < present().size && mayTry(); ) {
      const entries = [...present()];
      const fewer = new Map([...entries.slice(0, at), ...entries.slice(at + part)]);
      if (!(await failsWith(fewer))) at += part;
    }
  }
}

/** The same kind of failure, so that a reduction does not end at another fault of the program. */
function isSameFailure(one: Run<unknown>, other: Run<unknown>): boolean {
  const [first, second] = [one, other].map(({outcome}) => ('error' in outcome ? kindOf(outcome.error) : undefined));
  return first === second;
}

function kindOf(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  // Without numbers: what counts, and pids, differ from run to run.
  return `${name}: ${firstLine(error).replaceAll(/\d+/g, '#')}`;
}

function firstLine(error: unknown): string {
  return thrownText(error).split('\n')[0] as string;
}

function failed(seed: number, {choices, trace, outcome}: Run<unknown>, faults: Faults): SimulationFailed {
  const {error} = outcome as {readonly error: unknown};
  const text = `the run of seed ${seed} failed: ${error instanceof SimulationFailed ? error.message.split('\nto repeat it')[0] : firstLine(error)}`;
  return new SimulationFailed(text, {seed, choices, trace, faults, cause: error});
}

/** @throws TypeError, RangeError */
function checkOptions(body: unknown, options: ExploreOptions): void {
  if (typeof body !== 'function') throw new TypeError('explore() takes a function: explore(async world => …, {seeds})');
  if (typeof options !== 'object' || options === null)
    throw new TypeError('explore(): options with `seeds` are needed');
  checkKeys(options, exploreOptions, 'explore(): ');
  const {seeds, from, faults, shrink} = options;
  checkCount('explore(): seeds', seeds, 'seeds');
  if (from !== undefined) checkSeed('explore(): from', from);
  if (faults !== undefined) checkFaults(faults);
  if (shrink !== undefined) checkBoolean('explore(): shrink', shrink);
}
