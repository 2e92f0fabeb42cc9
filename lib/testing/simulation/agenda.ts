/**
 * The agenda of a simulation: everything that is to happen, in lanes, and the virtual time.
 * Floor 9, room `simulation`: above `simulated-actor`; `simulation` takes one entry after the other.
 *
 * The entries of one lane happen in their order, as the timers of a process do, or the frames of one connection. Between lanes there is no
 * order: whichever is due may be next.
 */
import type {SimulatedActor} from './simulated-actor.js';

/** Something that is to happen. */
export interface Entry {
  readonly lane: Lane;
  readonly due: number;
  /** Entries that are due at the same moment keep the order in which they were made. */
  readonly order: number;
  readonly what: string;
  readonly act: () => void;
  /** Whether it is only the runtime that looks after itself, as by a heartbeat: nobody waits for that. */
  readonly isBackground: boolean;
  /** Whether it would keep a process running. */
  keepsAlive: boolean;
  /** Where it was made, as the stack of an error. */
  readonly madeAt: string | undefined;
}

export interface EntryOptions {
  readonly what: string;
  readonly act: () => void;
  readonly isBackground?: boolean;
  readonly keepsAlive?: boolean;
  readonly madeAt?: string | undefined;
}

/** Things that happen in their order, in one actor. */
export class Lane {
  readonly actor: SimulatedActor;
  readonly entries: Entry[] = [];
  /** Whether nothing of it happens, because the connection is cut. */
  isHeld = false;

  constructor(actor: SimulatedActor) {
    this.actor = actor;
  }
}

/** The two lanes that every actor has. */
interface OwnLanes {
  readonly timers: Lane;
  readonly turns: Lane;
}

export class Agenda {
  /** Virtual milliseconds since the simulation began. */
  now = 0;
  /** After the end of the simulation nothing is taken any more. */
  isClosed = false;
  readonly #lanes = new Set<Lane>();
  readonly #own = new Map<SimulatedActor, OwnLanes>();
  #made = 0;

  /** The timers of an actor, in the order in which they are due. */
  timersOf(actor: SimulatedActor): Lane {
    return this.#lanesOf(actor).timers;
  }

  /** The work of an actor in its next turns. */
  turnsOf(actor: SimulatedActor): Lane {
    return this.#lanesOf(actor).turns;
  }

  openLane(actor: SimulatedActor): Lane {
    const lane = new Lane(actor);
    this.#lanes.add(lane);
    return lane;
  }

  /**
   * Adds something that is to happen in `delay` ms, in no async context but the one that it brings. A closed agenda, and that of a dead
   * actor, takes nothing.
   */
  add(lane: Lane, delay: number, options: EntryOptions): Entry {
    const {what, act, isBackground = false, keepsAlive = true, madeAt} = options;
    const entry: Entry = {
      lane,
      due: this.now + delay,
      order: this.#made++,
      what,
      act,
      isBackground,
      keepsAlive,
      madeAt,
    };
    if (this.isClosed || lane.actor.isDead) return entry;
    const {entries} = lane;
    let at = entries.length;
    while (at > 0 && (entries[at - 1] as Entry).due > entry.due) at--;
    entries.splice(at, 0, entry);
    return entry;
  }

  remove(entry: Entry): void {
    const at = entry.lane.entries.indexOf(entry);
    if (at >= 0) entry.lane.entries.splice(at, 1);
  }

  closeLane(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  /** Forgets what a dead actor had to do. */
  drop(actor: SimulatedActor): void {
    for (const lane of this.#lanes) {
      if (lane.actor !== actor) continue;
      lane.entries.length = 0;
      this.#lanes.delete(lane);
    }
    this.#own.delete(actor);
  }

  /** The steps that may be next, the one that is due for the longest time first. */
  ready(): Entry[] {
    const heads: Entry[] = [];
    for (const lane of this.#lanes) {
      const head = lane.isHeld ? undefined : lane.entries[0];
      if (head && lane.actor.freeAt(head.due) <= this.now) heads.push(head);
    }
    return heads.sort((a, b) => a.due - b.due || a.order - b.order);
  }

  /** The next moment at which something may happen. Infinity: nothing happens any more. */
  nextMoment(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) {
      const head = lane.isHeld ? undefined : lane.entries[0];
      if (head) next = Math.min(next, lane.actor.freeAt(head.due));
    }
    return next;
  }

  /** Everything that is to happen. */
  entries(): Entry[] {
    return [...this.#lanes].flatMap(({entries}) => entries);
  }

  #lanesOf(actor: SimulatedActor): OwnLanes {
    const known = this.#own.get(actor);
    if (known) return known;
    const lanes = {timers: this.openLane(actor), turns: this.openLane(actor)};
    this.#own.set(actor, lanes);
    return lanes;
  }
}
