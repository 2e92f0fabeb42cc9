/**
 * The list of the actors of a tree by name: who entered, by which road each is reached, and who has left.
 * Floor 6: data only; `names` keeps one in every actor, of those below it, and tells it what happens, `lookup` asks the
 * root's. No call takes longer for those that it is not about.
 */
import type {ActorId} from '../base/actor-id.js';
import type {ActorDied} from '../base/errors.js';
import {forgetOldest} from '../base/forget-oldest.js';
import {Ring, type RingEntry} from '../base/ring.js';

/** An actor that can be found. */
export interface Entry {
  readonly actor: ActorId;
  /** The ids of the actors from below the registrar's own down to this one: each has started the next. */
  readonly road: readonly string[];
}

/** What happens to the actors of a tree; `present` tells of those that were there before. */
export interface ActorEvent {
  readonly type: 'present' | 'registered' | 'ended' | 'unresponsive' | 'responsive';
  readonly actor: ActorId;
}

/** Who stands in the list, and where. */
interface Standing {
  entry: Entry;
  readonly place: RingEntry<Standing>;
}

/** So many deaths are known afterwards: whoever was linked to one that died asks at once. */
const maxDeaths = 1_024;

export class Registrar {
  /** In the order of their entry. */
  readonly #entries = new Map<string, Standing>();
  readonly #byName = new Map<string, Ring<Standing>>();
  /** For each id those whose road leads through it, itself included. */
  readonly #through = new Map<string, Set<string>>();
  readonly #watchers = new Set<(event: ActorEvent) => void>();
  /** Of those that have ended unasked, the latest last. */
  readonly #deaths = new Map<string, ActorDied>();

  get entries(): Entry[] {
    return [...this.#entries.values()].map(({entry}) => entry);
  }

  /** Said again, the road counts that was said last; its place among those of its name stays. */
  enter(entry: Entry): void {
    const {id, name} = entry.actor;
    const known = this.#entries.get(id);
    if (known?.entry.actor.name === name) {
      this.#close(known.entry);
      known.entry = entry;
      this.#open(entry);
      return;
    }
    this.#remove(id);
    const ring = this.#byName.get(name) ?? new Ring<Standing>();
    this.#byName.set(name, ring);
    const standing = {entry} as {-readonly [K in keyof Standing]: Standing[K]};
    standing.place = ring.add(standing);
    this.#entries.set(id, standing);
    this.#open(entry);
    this.#tell({type: 'registered', actor: entry.actor});
  }

  /** An actor has ended, and with it every one below it. @param death absent when its end was asked for, or is not known */
  leave(id: string, death?: ActorDied): void {
    if (death) {
      this.#deaths.set(id, death);
      forgetOldest(this.#deaths, maxDeaths);
    }
    const gone = new Set([id, ...(this.#through.get(id) ?? [])]);
    const ended = [...gone].flatMap(each => this.#remove(each) ?? []);
    for (const actor of ended) this.#tell({type: 'ended', actor});
  }

  /** Those of a name, the latest first. @param most so many at most */
  find(name: string, most = Number.POSITIVE_INFINITY): readonly Entry[] {
    return (this.#byName.get(name)?.latest(most) ?? []).map(({entry}) => entry);
  }

  entry(id: string): Entry | undefined {
    return this.#entries.get(id)?.entry;
  }

  /** How one of the latest that died did so. */
  death(id: string): ActorDied | undefined {
    return this.#deaths.get(id);
  }

  list(): ActorId[] {
    return this.entries.map(({actor}) => actor);
  }

  /** Tells of something that neither enters nor leaves. */
  report(type: 'unresponsive' | 'responsive', id: string): void {
    const entry = this.entry(id);
    if (entry) this.#tell({type, actor: entry.actor});
  }

  /** First those that are there, within this call, then every change. Returns how to stop. */
  watch(watcher: (event: ActorEvent) => void): () => void {
    for (const actor of this.list()) watcher({type: 'present', actor});
    const own = (event: ActorEvent): void => watcher(event);
    this.#watchers.add(own);
    return () => void this.#watchers.delete(own);
  }

  #tell(event: ActorEvent): void {
    for (const watcher of [...this.#watchers]) watcher(event);
  }

  #remove(id: string): ActorId | undefined {
    const standing = this.#entries.get(id);
    if (!standing) return undefined;
    const {entry, place} = standing;
    this.#entries.delete(id);
    this.#close(entry);
    place.leave();
    const {name} = entry.actor;
    if (this.#byName.get(name)?.size === 0) this.#byName.delete(name);
    return entry.actor;
  }

  #open({actor, road}: Entry): void {
    for (const step of road) {
      const through = this.#through.get(step);
      if (through) through.add(actor.id);
      else this.#through.set(step, new Set([actor.id]));
    }
  }

  #close({actor, road}: Entry): void {
    for (const step of road) {
      const through = this.#through.get(step);
      through?.delete(actor.id);
      if (through?.size === 0) this.#through.delete(step);
    }
  }
}
