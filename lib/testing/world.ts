/**
 * The world of a simulation, as the body of a test has it: its time, its faults, its network, its marbles.
 * Floor 9, room of the testing kit: above `simulation/`; `simulate` makes one for each run.
 */
import type {Observable, ObservableInput} from 'rxjs';
import type {Portal} from '../actor/portal.js';
import type {ActorId} from '../base/actor-id.js';
import {checkAmount, checkWord} from '../base/option-checks.js';
import {coldMarbles, type ExpectedStream, expectMarbles, hotMarbles, type MarbleValues} from './marbles.js';
import {runAfresh} from './simulation/place.js';
import type {SimulatedActor} from './simulation/simulated-actor.js';
import type {Simulation} from './simulation/simulation.js';

/**
 * A moment in the life of a context: `start`, `started`, `yield 3` (the third value that an end of it sends), `stop`, `return`, `error`
 * or `cancel`.
 */
export type FaultPoint = 'start' | 'started' | `yield ${number}` | 'stop' | 'return' | 'error' | 'cancel';

/** Where a point was reached. */
export interface FaultHit {
  /** The actor that sends the message. */
  readonly actor: ActorId;
  /** The id of the context on its connection. */
  readonly context: number;
}

/**
 * The connections of a simulated world.
 *
 * @example
 * ```ts
 * world.network.latency([5, 50]);
 * world.network.cut('root', 'worker');
 * world.at(10_000, () => world.network.heal('root', 'worker'));
 * ```
 */
export interface WorldNetwork {
  /** How long each frame takes from now on, in whole ms; with two numbers between them, drawn anew for each. Default 0. */
  latency(ms: number | readonly [number, number]): void;
  /** Holds back what crosses between two actors, in both directions, until `heal`. Nothing is lost. @throws TypeError for an actor that is not there */
  cut(a: Portal | string, b: Portal | string): void;
  /** Lets go on what `cut` has held back. @throws TypeError for an actor that is not there */
  heal(a: Portal | string, b: Portal | string): void;
}

/**
 * The world of a simulation. Times are virtual milliseconds since the run began.
 *
 * @example
 * ```ts
 * await simulate(async world => {
 *   world.on('yield 3', ({actor}) => world.kill(actor.name));
 *   await expectDeath();
 *   console.log(world.now(), world.trace.length);
 * });
 * ```
 */
export interface World {
  /** The seed of the run. */
  readonly seed: number;
  /** The virtual time. It begins at 0. */
  now(): number;
  /** A number from 0 on, below 1, the same for the same seed: that of `Math.random`. */
  random(): number;
  /**
   * An Observable that gives the values of a marble diagram, from each subscription on, in RxJS' own syntax. One frame is 1 ms.
   *
   * @param values the value of each letter. Default: the letters themselves
   * @param error the error of `#`. Default `'error'`
   */
  cold<T = string>(marbles: string, values?: Readonly<Record<string, T>>, error?: unknown): Observable<T>;
  /** The same, from this call on, for all subscribers. `^` is this call: what stands before it is over. */
  hot<T = string>(marbles: string, values?: Readonly<Record<string, T>>, error?: unknown): Observable<T>;
  /**
   * Subscribes to a source and compares what it gives with a marble diagram. A diagram without an end is compared at its last frame.
   *
   * @param unsubscribe when to subscribe (`^`, default: now) and when to unsubscribe (`!`, default: never)
   */
  expectStream<T>(source: ObservableInput<T>, unsubscribe?: string): ExpectedStream<T>;
  /**
   * Sends a signal to an actor. SIGKILL (the default) ends it at once: what it had to do is never done. SIGSTOP stops it until SIGCONT.
   *
   * @param actor its portal or its name; of several actors of that name the latest
   * @throws TypeError for an actor that is not there, or that has no process of its own: the root and inline actors
   */
  kill(actor: Portal | string, signal?: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Lets a busy loop of this length run in an actor. @throws TypeError as `kill`, RangeError for a length that is not a number from 0 on */
  block(actor: Portal | string, ms: number): void;
  /** The connections between its actors. */
  readonly network: WorldNetwork;
  /** Calls `act` at a moment: at once, in a turn of its own, when the moment is over. */
  at(ms: number, act: () => void): void;
  /** Calls `act` each time that a context reaches a point, just before the message leaves. @throws TypeError for a point that there is not */
  on(point: FaultPoint, act: (hit: FaultHit) => void): void;
  /** Everything that has happened so far, one line for each step and each message. */
  readonly trace: readonly string[];
}

const signals = ['SIGKILL', 'SIGSTOP', 'SIGCONT'] as const;
const pointPattern = /^(?:start|started|yield [1-9]\d*|stop|return|error|cancel)$/;

export function worldOf(simulation: Simulation, seed: number, random: () => number): World {
  const {agenda} = simulation;
  const network: WorldNetwork = {
    latency: ms => {
      simulation.latencyMs = latencyOf(ms);
    },
    cut: (a, b) => hold(simulation, a, b, true),
    heal: (a, b) => hold(simulation, a, b, false),
  };
  return {
    seed,
    now: () => agenda.now,
    random,
    cold: (marbles, values, error) => coldMarbles(simulation, marbles, given(values, error)),
    hot: (marbles, values, error) => hotMarbles(simulation, marbles, given(values, error)),
    expectStream: (source, unsubscribe) => expectMarbles(simulation, source, unsubscribe),
    kill: (actor, signal = 'SIGKILL') => kill(simulation, actor, signal),
    block: (actor, ms) => {
      checkAmount('world.block(): ms', ms, 'milliseconds');
      processOf(simulation, actor).busyUntil = agenda.now + ms;
      simulation.note(`${nameOf(actor)} is blocked for ${ms} ms`);
    },
    network,
    at: (ms, act) => {
      checkAmount('world.at(): ms', ms, 'milliseconds');
      const run = (): void => runAfresh(simulation.place, act);
      agenda.add(agenda.openLane(simulation.root), Math.max(0, ms - agenda.now), {
        what: 'at()',
        keepsAlive: false,
        act: run,
      });
    },
    on: (point, act) => {
      if (!pointPattern.test(point)) throw new TypeError(`world.on(): there is no point ${String(point)}`);
      simulation.onPoint(point, ({actor, context}) => act({actor: idOf(actor), context}));
    },
    trace: simulation.trace,
  };
}

function given<T>(values: Readonly<Record<string, T>> | undefined, error: unknown): MarbleValues<T> {
  return {values, error: error === undefined ? 'error' : error};
}

export function latencyOf(ms: number | readonly [number, number]): readonly [number, number] {
  const [least, most] = typeof ms === 'number' ? [ms, ms] : ms;
  if (!(Number.isInteger(least) && Number.isInteger(most) && least >= 0 && most >= least))
    throw new RangeError(
      `latency is a whole number of milliseconds, or two of them, the smaller first, not ${String(ms)}`,
    );
  return [least, most];
}

function kill(simulation: Simulation, actor: Portal | string, signal: (typeof signals)[number]): void {
  checkWord('world.kill(): the signal', signal, signals);
  const found = processOf(simulation, actor);
  simulation.note(`${found.name} gets ${signal}`);
  if (signal === 'SIGKILL') found.control?.end({code: null, signal});
  else found.isStopped = signal === 'SIGSTOP';
}

function hold(simulation: Simulation, a: Portal | string, b: Portal | string, isHeld: boolean): void {
  const [ones, others] = [allOf(simulation, a), allOf(simulation, b)];
  simulation.note(`${nameOf(a)} and ${nameOf(b)} are ${isHeld ? 'cut off from each other' : 'connected again'}`);
  simulation.links.hold((one, other) => ones.includes(one) && others.includes(other), isHeld);
}

/** @throws TypeError */
function processOf(simulation: Simulation, actor: Portal | string): SimulatedActor {
  const [found] = allOf(simulation, actor);
  if (found?.control) return found;
  throw new TypeError(`${nameOf(actor)} has no process of its own: it is the root, which runs the test itself`);
}

/** @throws TypeError */
function allOf(simulation: Simulation, actor: Portal | string): SimulatedActor[] {
  const found = simulation.find(typeof actor === 'string' ? actor : actor.actor.id);
  if (found.length > 0) return found;
  throw new TypeError(`there is no actor ${nameOf(actor)} in this simulation with a process or a thread of its own`);
}

function nameOf(actor: Portal | string): string {
  return typeof actor === 'string' ? actor : actor.actor.name;
}

function idOf({name, id, pid}: SimulatedActor): ActorId {
  return {name, id, pid, host: 'simulated'};
}
