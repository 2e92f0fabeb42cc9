/**
 * What an actor tells of those that it has started, so that others find them.
 * Floor 5: the contract; `discovery/names` fulfils it, `nursery/child-actor` uses it, the boots bring the two together.
 */
import type {ActorId} from '../base/actor-id.js';
import type {ActorDied} from '../base/errors.js';
import type {Actor} from './actor.js';
import type {Portal} from './portal.js';

export interface Directory {
  /** An actor serves that this one has started: it is found from now on. Rejects with what keeps it from being entered. */
  enter(actor: ActorId, portal: Portal): Promise<void>;
  /** It has ended, and whoever was below it. Never throws. @param death absent when its end was asked for */
  leave(id: string, death?: ActorDied): void;
  /** It has fallen silent, or speaks again. Never throws. */
  report(type: 'unresponsive' | 'responsive', id: string): void;
}

const directories = new WeakMap<Actor, Directory>();

export function setDirectory(actor: Actor, directory: Directory): void {
  directories.set(actor, directory);
}

/** Absent where nobody can be found, as between the two ends of a specification. */
export function directoryOf(actor: Actor): Directory | undefined {
  return directories.get(actor);
}
