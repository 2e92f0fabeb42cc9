/**
 * The list of the actors of a tree by name: who entered, by which road each is reached, and who has left.
 * Floor 6: data only; `names` keeps one at the root and tells it what happens, `lookup` asks.
 */
import type {ActorId} from '../base/address.js';

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

export class Registrar {
  /** In the order of their entry. */
  readonly #entries = new Map<string, Entry>();
  readonly #byName = new Map<string, Entry[]>();
  readonly #watchers = new Set<(event: ActorEvent) => void>();

  get entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** Said again, the road counts that was said last. */
  enter(entry: Entry): void {
    const {id, name} = entry.actor;
    const isNew = !this.#entries.has(id);
    this.#remove(id);
    this.#entries.set(id, entry);
    const named = this.#byName.get(name);
    if (named) named.push(entry);
    else this.#byName.set(name, [entry]);
    if (isNew) this.#tell({type: 'registered', actor: entry.actor});
  }

  /** An actor has ended, and with it every one below it. */
  leave(id: string): void {
    const gone = [...this.#entries.values()].filter(({actor, road}) => actor.id === id || road.includes(id));
    for (const {actor} of gone) this.#remove(actor.id);
    for (const {actor} of gone) this.#tell({type: 'ended', actor});
  }

  /** Those of a name: the latest first. */
  find(name: string): readonly Entry[] {
    return [...(this.#byName.get(name) ?? [])].reverse();
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  entry(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  list(): ActorId[] {
    return [...this.#entries.values()].map(({actor}) => actor);
  }

  /** Tells of something that neither enters nor leaves. */
  report(type: 'unresponsive' | 'responsive', id: string): void {
    const entry = this.#entries.get(id);
    if (entry) this.#tell({type, actor: entry.actor});
  }

  /** First those that are there, within this call, then every change. Returns how to stop. */
  watch(watcher: (event: ActorEvent) => void): () => void {
    for (const actor of this.list()) watcher({type: 'present', actor});
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #tell(event: ActorEvent): void {
    for (const watcher of [...this.#watchers]) watcher(event);
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    const {name} = entry.actor;
    const left = (this.#byName.get(name) ?? []).filter(other => other !== entry);
    if (left.length > 0) this.#byName.set(name, left);
    else this.#byName.delete(name);
  }
}
