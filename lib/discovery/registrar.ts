/**
 * The list of the actors of a tree, by name: which actors there are, by which path each one is reached, and how actors died.
 * Floor 6: data only. `names` keeps one list in every actor, for the actors below it; the list of the root has all of them. The
 * cost of a call does not depend on actors that the call is not about.
 */
import type {ActorId} from '../base/actor-id.js';
import type {ActorDied} from '../base/errors.js';
import {forgetOldest} from '../base/forget-oldest.js';
import {Ring, type RingEntry} from '../base/ring.js';

/** An actor on the list. */
export interface Registration {
  readonly actor: ActorId;
  /**
   * The path down the tree: the ids of the actors from below the owner of the list down to this one. Each one has started the
   * next.
   */
  readonly path: readonly string[];
}

/** An event in the life of an actor, from `watchActors`. */
export interface ActorEvent {
  /**
   * - `present`: the actor was on the list when the watch began.
   * - `registered`: it was started.
   * - `ended`: it has ended, in whatever way.
   * - `unresponsive`: its parent has not heard from it for two periods of `timeouts.heartbeat`; it may be busy or stopped.
   * - `responsive`: its parent hears from it again.
   */
  readonly type: 'present' | 'registered' | 'ended' | 'unresponsive' | 'responsive';
  /** The actor to which it happened. */
  readonly actor: ActorId;
}

/** A registration, and its place among those of the same name. */
interface PlacedRegistration {
  registration: Registration;
  readonly place: RingEntry<PlacedRegistration>;
}

/** Maximum number of deaths that the list remembers, because an actor that was connected to a dead one asks at once. */
const maxDeaths = 1_024;

export class Registrar {
  /** By the id of the actor, in the order in which they were entered. */
  readonly #registrations = new Map<string, PlacedRegistration>();
  readonly #byName = new Map<string, Ring<PlacedRegistration>>();
  /** For each id the ids of the actors whose path leads through it, itself included. */
  readonly #through = new Map<string, Set<string>>();
  readonly #watchers = new Set<(event: ActorEvent) => void>();
  /** How actors died that nobody had asked to end, the latest last. */
  readonly #deaths = new Map<string, ActorDied>();

  /** All actors on the list, in the order in which they were entered. */
  get registrations(): Registration[] {
    return [...this.#registrations.values()].map(({registration}) => registration);
  }

  /** Enters an actor. When it is on the list already, its path is replaced, and it keeps its place among those of its name. */
  enter(registration: Registration): void {
    const {id, name} = registration.actor;
    const known = this.#registrations.get(id);
    if (known?.registration.actor.name === name) {
      this.#removePath(known.registration);
      known.registration = registration;
      this.#addPath(registration);
      return;
    }
    this.#remove(id);
    const ring = this.#byName.get(name) ?? new Ring<PlacedRegistration>();
    this.#byName.set(name, ring);
    const placed = {registration} as {-readonly [K in keyof PlacedRegistration]: PlacedRegistration[K]};
    placed.place = ring.add(placed);
    this.#registrations.set(id, placed);
    this.#addPath(registration);
    this.#tell({type: 'registered', actor: registration.actor});
  }

  /**
   * Removes an actor that has ended, and every actor below it.
   *
   * @param death how it died; absent when it was asked to end, or when nobody knows
   */
  leave(id: string, death?: ActorDied): void {
    if (death) {
      // Until somebody reads a stack, V8 keeps its frames, and with them the whole actor whose end they tell.
      void death.stack;
      this.#deaths.set(id, death);
      forgetOldest(this.#deaths, maxDeaths);
    }
    const gone = new Set([id, ...(this.#through.get(id) ?? [])]);
    const ended = [...gone].flatMap(each => this.#remove(each) ?? []);
    for (const actor of ended) this.#tell({type: 'ended', actor});
  }

  /** The actors of a name, the latest first. @param most maximum number of actors; default: all */
  find(name: string, most = Number.POSITIVE_INFINITY): readonly Registration[] {
    return (this.#byName.get(name)?.latest(most) ?? []).map(({registration}) => registration);
  }

  registration(id: string): Registration | undefined {
    return this.#registrations.get(id)?.registration;
  }

  /** How an actor died; undefined when that is not known, or not any more. */
  death(id: string): ActorDied | undefined {
    return this.#deaths.get(id);
  }

  /** All actors, in the order in which they were entered. */
  list(): ActorId[] {
    return this.registrations.map(({actor}) => actor);
  }

  /** Tells the watchers of an event that changes nothing in the list. */
  report(type: 'unresponsive' | 'responsive', id: string): void {
    const registration = this.registration(id);
    if (registration) this.#tell({type, actor: registration.actor});
  }

  /** Calls the watcher with the actors on the list, within this call, then with every change. Returns how to stop. */
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
    const placed = this.#registrations.get(id);
    if (!placed) return undefined;
    const {registration, place} = placed;
    this.#registrations.delete(id);
    this.#removePath(registration);
    place.leave();
    const {name} = registration.actor;
    if (this.#byName.get(name)?.size === 0) this.#byName.delete(name);
    return registration.actor;
  }

  #addPath({actor, path}: Registration): void {
    for (const step of path) {
      const through = this.#through.get(step);
      if (through) through.add(actor.id);
      else this.#through.set(step, new Set([actor.id]));
    }
  }

  #removePath({actor, path}: Registration): void {
    for (const step of path) {
      const through = this.#through.get(step);
      through?.delete(actor.id);
      if (through?.size === 0) this.#through.delete(step);
    }
  }
}
