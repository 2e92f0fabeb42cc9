/**
 * The faults that a simulation makes at random: in each step, each kind has its chance.
 * Floor 9, room `simulation`: above `links` and `choices`; `simulation` calls it before each step.
 */
import type {Actor} from '../../actor/actor.js';
import {isRuntimeName} from '../../base/runtime-name.js';
import {Link as ContextLink} from '../../context/protocol/link.js';
import type {Agenda, Lane} from './agenda.js';
import type {Choices} from './choices.js';
import type {Link, Links} from './links.js';
import {runAfresh} from './place.js';
import type {SimulatedActor} from './simulated-actor.js';

/** Faults by their chance in a thousand steps. */
export interface Faults {
  /** An actor is killed, as by `kill -9`. Default 0. */
  readonly kill?: number;
  /** An actor gets SIGSTOP, and SIGCONT after 1 to 5 000 ms. Default 0. */
  readonly stop?: number;
  /** A connection is cut for 1 to 10 000 ms. What was sent arrives after that. Default 0. */
  readonly cut?: number;
  /** A busy loop runs in an actor for 1 to 1 000 ms. Default 0. */
  readonly block?: number;
  /** A running context of an actor fails, as by a throw at the next wait. Default 0. */
  readonly throw?: number;
  /** The shortest and the longest time of a frame on its way, in whole ms; drawn anew for each. Default `[0, 0]`. */
  readonly latency?: readonly [number, number];
}

const longest = {stop: 5_000, cut: 10_000, block: 1_000};

/** The parts of a simulation on which faults act. */
export interface Faulty {
  readonly agenda: Agenda;
  readonly links: Links;
  readonly choices: Choices;
  /** The lane of the simulation itself. */
  readonly world: Lane;
  /** The actors that live, without the root. */
  living(): readonly SimulatedActor[];
  note(text: string): void;
}

/** The fault that a running context gets. */
export class SimulatedFault extends Error {
  override readonly name = 'SimulatedFault';
}

/** Makes the faults of one step. */
export function makeFaults(faults: Faults, faulty: Faulty): void {
  const {choices} = faulty;
  for (const kind of ['kill', 'stop', 'block', 'throw'] as const) {
    const chance = faults[kind] ?? 0;
    const living = chance > 0 ? faulty.living() : [];
    if (living.length === 0 || !choices.happens(chance, () => `fault: ${kind}`)) continue;
    const actor = living[choices.pick(living.length, at => `${kind} ${living[at]?.name}`)] as SimulatedActor;
    strike(kind, actor, faulty);
  }
  const links = (faults.cut ?? 0) > 0 ? faulty.links.open() : [];
  if (links.length === 0 || !choices.happens(faults.cut ?? 0, () => 'fault: cut')) return;
  cut(links[choices.pick(links.length, at => `cut ${namesOf(links[at] as Link)}`)] as Link, faulty);
}

function strike(kind: 'kill' | 'stop' | 'block' | 'throw', actor: SimulatedActor, faulty: Faulty): void {
  const {agenda, world} = faulty;
  switch (kind) {
    case 'kill':
      faulty.note(`fault: ${actor.name} is killed`);
      return actor.control?.end({code: null, signal: 'SIGKILL'});
    case 'stop': {
      const ms = drawn(kind, faulty);
      faulty.note(`fault: ${actor.name} is stopped for ${ms} ms`);
      actor.isStopped = true;
      const goOn = (): void => {
        actor.isStopped = false;
      };
      return void agenda.add(world, ms, {what: `${actor.name} goes on`, keepsAlive: false, act: goOn});
    }
    case 'block': {
      const ms = drawn(kind, faulty);
      faulty.note(`fault: ${actor.name} is blocked for ${ms} ms`);
      actor.busyUntil = agenda.now + ms;
      return undefined;
    }
    case 'throw':
      return throwIn(actor, faulty);
  }
}

function throwIn(actor: SimulatedActor, faulty: Faulty): void {
  const {agenda, choices} = faulty;
  const {name} = actor;
  const running = contextsOf(actor).filter(
    ({outcome, dialog, role}) => !outcome && dialog.side === 'callee' && !isRuntimeName(role.name),
  );
  const link = running[choices.pick(running.length, at => `throw in ${running[at]?.role.name}`)];
  if (!link) return;
  faulty.note(`fault: ${link.role.name} in ${name} throws`);
  const error = new SimulatedFault(`the simulation lets ${link.role.name} in ${name} fail`);
  runAfresh({agenda, actor, isBackground: false}, () => link.fail(error));
}

/** The open contexts of an actor, at either end. */
export function contextsOf({runtime}: SimulatedActor): ContextLink[] {
  const channels = [...((runtime as Actor | undefined)?.channels ?? [])];
  return channels.flatMap(channel => [...channel.endpoints]).filter(end => end instanceof ContextLink);
}

function cut(link: Link, faulty: Faulty): void {
  const {agenda, world} = faulty;
  const ms = drawn('cut', faulty);
  faulty.note(`fault: the connection of ${namesOf(link)} is cut for ${ms} ms`);
  for (const lane of link.lanes) lane.isHeld = true;
  const heal = (): void => {
    for (const lane of link.lanes) lane.isHeld = false;
  };
  agenda.add(world, ms, {what: `the connection of ${namesOf(link)} is there again`, keepsAlive: false, act: heal});
}

function drawn(kind: keyof typeof longest, {choices}: Faulty): number {
  return 1 + choices.pick(longest[kind], at => `${kind} for ${at + 1} ms`);
}

function namesOf({ends: [a, b]}: Link): string {
  return `${a.name} and ${b.name}`;
}
