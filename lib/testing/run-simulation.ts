/**
 * One run of a body in a simulated world: everything of the process that the run needs is taken before it, and given back after it.
 * Floor 9, room of the testing kit: above `simulation/` and `world`; `simulate` and `explore` make runs.
 */
import {lastValueFrom, type Observable} from 'rxjs';
import {loadAllParts} from '../base/lazy.js';
import {redirectLog} from '../base/log.js';
import {isObservable, observableOf} from '../context/rx/source.js';
import {useNetwork} from '../transport/network.js';
import {type Choices, generator} from './simulation/choices.js';
import type {Faults} from './simulation/faults.js';
import {installGlobals} from './simulation/globals.js';
import {IoGuard} from './simulation/io-guard.js';
import {type Place, placeHere, runOutside} from './simulation/place.js';
import {FoundBySimulation, noteRuntime, placeOf, Simulation} from './simulation/simulation.js';
import {takeProcessEvents} from './simulation/uncaught.js';
import {SimulationFailed} from './simulation-failed.js';
import {startersAreSaidBy} from './starters.js';
import {type World, worldOf} from './world.js';

/** The body of a simulation. It gives a promise, a value, or an Observable whose last value counts. */
export type SimulationBody<T> = (world: World) => Observable<T> | PromiseLike<T> | T;

export interface RunOptions {
  readonly seed: number;
  readonly choices: Choices;
  readonly faults: Faults;
  readonly maxTime: number;
  readonly io: 'refuse' | 'allow';
}

/** How a run has ended. */
export interface Run<T> {
  readonly choices: Choices;
  readonly trace: readonly string[];
  readonly outcome: {readonly value: T} | {readonly error: unknown};
}

/** The end of the run before: two simulations of one process run one after the other, because they take the same globals. */
let before: Promise<unknown> = Promise.resolve();

/** Runs a body once. Never rejects. @throws TypeError within a simulation */
export function runSimulation<T>(body: SimulationBody<T>, options: RunOptions): Promise<Run<T>> {
  if (placeHere()) throw new TypeError('a simulation cannot be opened within a simulation');
  const run = before.then(() => runOutside(() => runAlone(body, options)));
  before = run;
  return run;
}

/** These numbers separate the random numbers of the user from those of the runtime, and both from the choices. */
const streams = {user: 0x5eed_0001, runtime: 0x5eed_0002};

async function runAlone<T>(body: SimulationBody<T>, options: RunOptions): Promise<Run<T>> {
  const {seed, choices} = options;
  await loadAllParts();
  const simulation = new Simulation(options);
  const random = generator(seed ^ streams.user);
  const release = take(simulation, random, options);
  const world = worldOf(simulation, seed, random);
  const trace = simulation.trace;
  try {
    const value = await simulation.run(() => settle(body, world), release.guard);
    return {choices, trace, outcome: {value}};
  } catch (error) {
    return {choices, trace, outcome: {error: asFailed(error, options, simulation)}};
  } finally {
    release.all();
  }
}

async function settle<T>(body: SimulationBody<T>, world: World): Promise<T> {
  const result = await body(world);
  if (!isObservable(result)) return result as T;
  return lastValueFrom(observableOf<T>(result), {defaultValue: undefined as T});
}

function asFailed(error: unknown, {seed, faults}: RunOptions, {choices, trace}: Simulation): unknown {
  return error instanceof FoundBySimulation
    ? new SimulationFailed(error.message, {seed, choices, trace, faults})
    : error;
}

let running: Simulation | undefined;

/** The simulation to which the code belongs that runs now. */
function simulationHere(): Simulation | undefined {
  const place = placeHere();
  return place && running?.owns(place) ? running : undefined;
}

useNetwork(() => simulationHere()?.network);
startersAreSaidBy(() => {
  noteRuntime();
  return simulationHere();
});

/** Takes what a run needs of the process. */
function take(simulation: Simulation, random: () => number, {seed, io}: RunOptions): {guard: IoGuard; all(): void} {
  // Streams of the process are opened when they are first needed, which would be in the run.
  void process.stdout.fd;
  void process.stderr.fd;
  running = simulation;
  const {owns} = simulation;
  const stops = [
    redirectLog((level, text) => {
      const place = placeHere();
      if (!place || !owns(place)) return false;
      simulation.note(`${place.actor.name} ${level}: ${text}`);
      return true;
    }),
    takeProcessEvents({
      owns,
      uncaught: (place, error) => simulation.uncaught(place.actor, error),
      warned: (place, text) => simulation.note(`${place.actor.name} warns: ${text}`),
      exit: ({actor}, code) => {
        if (actor.control) actor.control.end({code, signal: null});
        else simulation.fail(new FoundBySimulation(`the root has called process.exit(${code})`));
        throw new Error(`process.exit(${code}) in a simulation`);
      },
    }),
    installGlobals({owns, random, runtimeRandom: generator(seed ^ streams.runtime)}),
  ];
  const refuse = ({actor}: Place, what: string): void => {
    const where = placeOf(new Error('here').stack);
    const hint = what === 'an import()' ? 'import the module before' : 'give it a stub';
    simulation.fail(
      new FoundBySimulation(
        `actor ${actor.name} began ${what}${where}: ${hint}, or io: 'allow' (no longer deterministic)`,
      ),
    );
  };
  const guard = new IoGuard(owns, io === 'allow' ? () => {} : refuse, io === 'allow');
  return {
    guard,
    all: () => {
      guard.release();
      for (const stop of stops.reverse()) stop();
      running = undefined;
    },
  };
}
