/**
 * One run of a simulation: takes what is to happen from the agenda, one thing after the other, until the body has settled.
 * Floor 9, room `simulation`: the composer of the room; `simulate` and `explore` make the runs.
 *
 * Between two things the real event loop turns once, so that all promises that can settle have settled. When nothing is due, the time
 * jumps to the next moment at which something is.
 */

import {callFrames} from '../../base/call-frames.js';
import {plainClock} from '../../base/clock.js';
import {current} from '../../base/current.js';
import type {Exit} from '../../base/errors.js';
import {isRuntimeName} from '../../base/runtime-name.js';
import {describeContext} from '../../base/tree-survey.js';
import {contextRow} from '../../context/protocol/row.js';
import type {Frame} from '../../msg/frame.js';
import type {Starters} from '../../nursery/start-queue.js';
import {Agenda, type Entry, type Lane} from './agenda.js';
import {simulatedSpawner} from './carrier.js';
import type {Choices} from './choices.js';
import {contextsOf, type Faults, makeFaults} from './faults.js';
import {frameText, pointsOf} from './frames.js';
import type {IoGuard} from './io-guard.js';
import {Links} from './links.js';
import {type Place, placeHere, runAfresh, runOutside} from './place.js';
import {SimulatedActor} from './simulated-actor.js';
import {SimulatedNetwork} from './simulated-network.js';

export interface SimulationOptions {
  readonly choices: Choices;
  readonly faults: Faults;
  /** In virtual ms. */
  readonly maxTime: number;
}

/** Why a run failed that found nothing wrong with its body: for SimulationFailed. */
export interface Finding {
  readonly text: string;
}

/** A message that is about to leave, at one of the points of its context. */
export interface Hit {
  readonly actor: SimulatedActor;
  readonly context: number;
}

/** After this time in which only the runtime looked after itself, in virtual ms, nothing else will happen. */
const idleMs = 60_000;
/** Maximum number of things that happen at one moment, because a program may give itself a next turn for ever. */
const maxAtOnce = 50_000;
/** Maximum number of things that the runtime still does after the body has settled. */
const maxGrace = 1_000;
/** How long the real loop waits for an operation that was allowed, in ms. */
const realWaitMs = 1;
/** The pid of the first simulated process. Those of processes are one by one larger. */
const firstPid = 1_000;

export class Simulation implements Starters {
  readonly agenda = new Agenda();
  readonly choices: Choices;
  readonly links: Links;
  readonly network: SimulatedNetwork;
  readonly root = new SimulatedActor('root', firstPid);
  /** For what is to happen by itself, as the end of a fault. */
  readonly world: Lane;
  readonly trace: string[] = [];
  readonly concurrency = 8;
  latencyMs: readonly [number, number];
  readonly #options: SimulationOptions;
  readonly #actors: SimulatedActor[] = [];
  readonly #points: {readonly point: string; readonly act: (hit: Hit) => void}[] = [];
  #failure: {readonly error: unknown} | undefined;
  #atOnce = 0;
  /** When something happened last that was not the runtime's own affair. */
  #lastWork = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.choices = options.choices;
    this.latencyMs = options.faults.latency ?? [0, 0];
    this.world = this.agenda.openLane(new SimulatedActor('the simulation', 0));
    this.links = new Links(this.agenda, {
      latency: () => this.#latency(),
      leaving: (from, to, frames) => this.#leaving(from, to, frames),
    });
    this.network = new SimulatedNetwork(this.agenda, this.links);
  }

  get place(): Place {
    return {agenda: this.agenda, actor: this.root, isBackground: false};
  }

  /** Whether code at this place belongs to this run. */
  readonly owns = (place: Place): boolean => place.agenda === this.agenda;

  readonly spawner: NonNullable<Starters['spawner']> = backend =>
    backend === 'inline'
      ? undefined
      : simulatedSpawner(
          {
            agenda: this.agenda,
            links: this.links,
            add: (name, id, parent, isThread) => this.#add(name, id, parent, isThread),
            died: (actor, exit) => this.#died(actor, exit),
          },
          backend === 'thread',
        );

  /** Runs the body to its end, and whatever it has left to the runtime. Rejects with its error, or with a finding. */
  async run<T>(body: () => Promise<T>, guard: IoGuard): Promise<T> {
    const work = runAfresh(this.place, body);
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    work.then(settled, settled);
    try {
      await runOutside(() => this.#drive(() => isSettled, guard));
      const value = await work;
      await runOutside(() => this.#grace());
      this.#checkFailure();
      this.#checkLeft();
      return value;
    } finally {
      this.agenda.isClosed = true;
    }
  }

  /** The run fails with this error, as soon as what runs now has ended. */
  fail(error: unknown): void {
    this.#failure ??= {error};
  }

  note(text: string): void {
    this.trace.push(`${this.agenda.now} ms: ${text}`);
  }

  /** An error that nothing in an actor has caught. */
  uncaught(actor: SimulatedActor, error: unknown): void {
    if (actor.isDead) return;
    const {control} = actor;
    if (control) runAfresh({...this.place, actor}, () => control.fail(error));
    else this.fail(error);
  }

  onPoint(point: string, act: (hit: Hit) => void): void {
    this.#points.push({point, act});
  }

  /** The actors with this name or id that live, the latest first. */
  find(nameOrId: string): SimulatedActor[] {
    const all = [this.root, ...this.#actors].filter(({isDead}) => !isDead);
    return all.filter(({name, id}) => name === nameOrId || id === nameOrId).reverse();
  }

  living(): readonly SimulatedActor[] {
    return this.#actors.filter(({isDead}) => !isDead);
  }

  #add(name: string, id: string, parent: SimulatedActor, isThread: boolean): SimulatedActor {
    const actor = new SimulatedActor(name, isThread ? parent.pid : firstPid + 1 + this.#actors.length, parent);
    actor.id = id;
    this.#actors.push(actor);
    return actor;
  }

  #died(actor: SimulatedActor, {code, signal}: Exit): void {
    this.note(`${actor.name} has ended: ${signal ?? `code ${code}`}`);
    for (const child of this.#actors.filter(({parent, isDead}) => parent === actor && !isDead))
      this.agenda.add(this.world, 0, {
        what: `${child.name} dies with its parent`,
        keepsAlive: false,
        act: () => child.control?.end({code: null, signal: 'SIGKILL'}),
      });
  }

  #latency(): number {
    const [least, most] = this.latencyMs;
    return least + this.choices.pick(most - least + 1, more => `a frame takes ${least + more} ms`);
  }

  #leaving(from: SimulatedActor, to: SimulatedActor, frames: readonly Frame[]): boolean {
    for (const frame of frames) {
      if (frame.context > 0) this.#reach(from, frame);
      if (from.isDead) return false;
      this.note(`${from.name} → ${to.name} ${frameText(frame)}`);
    }
    return true;
  }

  #reach(actor: SimulatedActor, frame: Frame): void {
    if (this.#points.length === 0) return;
    for (const reached of pointsOf(frame))
      for (const {point, act} of this.#points)
        if (point === reached) runAfresh(this.place, () => act({actor, context: frame.context}));
  }

  async #drive(isSettled: () => boolean, guard: IoGuard): Promise<void> {
    for (;;) {
      await plainClock.turn();
      this.#checkFailure();
      if (isSettled()) return;
      makeFaults(this.#options.faults, this);
      if (await this.#waitsForReality(guard)) continue;
      const entry = this.#next();
      if (!entry) throw this.#deadlock();
      this.#perform(entry);
    }
  }

  /** Where real operations are allowed, nothing happens later as long as one is under way. */
  async #waitsForReality(guard: IoGuard): Promise<boolean> {
    if (!guard.isBusy || this.agenda.nextMoment() <= this.agenda.now) return false;
    await plainClock.pause(realWaitMs);
    return true;
  }

  /** The step that comes next. Undefined: nothing ever will. */
  #next(): Entry | undefined {
    const {agenda} = this;
    const moment = agenda.nextMoment();
    if (moment > agenda.now) {
      if (moment === Number.POSITIVE_INFINITY || this.#isIdle(moment)) return undefined;
      if (moment > this.#options.maxTime)
        throw this.#finding(`the body has not ended after ${this.#options.maxTime} ms of virtual time (maxTime)`);
      agenda.now = moment;
      this.#atOnce = 0;
    }
    if (++this.#atOnce > maxAtOnce)
      throw this.#finding(
        `the time stands still at ${agenda.now} ms: there is always one more thing to do in the next turn`,
      );
    const ready = agenda.ready();
    return ready[this.choices.order(ready.length, at => this.#overtakes(ready, at))];
  }

  #overtakes(ready: readonly Entry[], at: number): string {
    const say = ({lane, what}: Entry): string => `${lane.actor.name} ${what}`;
    return `at ${this.agenda.now} ms ${say(ready[at] as Entry)}, before ${say(ready[0] as Entry)}`;
  }

  /** Whether only the runtime will look after itself, again and again. */
  #isIdle(moment: number): boolean {
    return moment - this.#lastWork > idleMs && this.agenda.entries().every(({isBackground}) => isBackground);
  }

  #perform(entry: Entry): void {
    const {lane, what, act, isBackground} = entry;
    this.agenda.remove(entry);
    if (!isBackground) this.#lastWork = this.agenda.now;
    this.note(`${lane.actor.name} ${what}`);
    try {
      act();
    } catch (error) {
      this.uncaught(lane.actor, error);
    }
  }

  /** Does what the runtime has begun, and what needs no time. */
  async #grace(): Promise<void> {
    for (let left = maxGrace; left > 0; left--) {
      await plainClock.turn();
      const [entry] = this.agenda.ready();
      if (!entry || (entry.keepsAlive && entry.madeAt !== undefined)) return;
      this.#perform(entry);
    }
  }

  #checkFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #checkLeft(): void {
    const left = this.agenda.entries().filter(({keepsAlive, isBackground}) => keepsAlive && !isBackground);
    if (left.length === 0) return;
    const lines = left.map(({lane, what, madeAt}) => `${what} of ${lane.actor.name}${placeOf(madeAt)}`);
    throw this.#finding(`work is left after the end of the body:\n${lines.map(line => `  ${line}`).join('\n')}`);
  }

  #deadlock(): Error {
    const lines = [this.root, ...this.living()].flatMap(actor => {
      const waits = contextsOf(actor).filter(({role}) => !isRuntimeName(role.name));
      const stopped = actor.isStopped ? [`${actor.name} is stopped`] : [];
      return [...stopped, ...waits.map(link => `${actor.name} ${describeContext(contextRow(link))}`)];
    });
    const waits = lines.length === 0 ? ' No context is open: the body waits for something else.' : '';
    return this.#finding(
      [`deadlock: nothing is left to do, and the body is pending.${waits}`, ...lines.map(line => `  ${line}`)].join(
        '\n',
      ),
    );
  }

  #finding(text: string): Error {
    return new FoundBySimulation(text);
  }
}

/** Something that the simulation itself has found. `simulate` makes a SimulationFailed of it. */
export class FoundBySimulation extends Error {}

/** The first frame of a stack that is code of a user. */
export function placeOf(stack: string | undefined): string {
  const [frame] = callFrames(stack);
  return frame === undefined ? '' : `, made ${frame.trim()}`;
}

/** Notes the runtime of a root, whose code runs now. */
export function noteRuntime(): void {
  const place = placeHere();
  const now = current();
  if (!place || !now || place.actor.control) return;
  place.actor.id = now.actor.id;
  place.actor.runtime = now.runtime;
}
