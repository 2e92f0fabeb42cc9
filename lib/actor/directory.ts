/**
 * The directory in which an actor enters the actors that it has started, so that others find them.
 * Floor 5: the contract. `discovery/names` fulfils it, `nursery/child-actor` uses it, the boots bring the two together.
 */
import type {ActorId} from '../base/actor-id.js';
import {Attached} from '../base/attached.js';
import type {ActorDied} from '../base/errors.js';
import type {Portal} from './portal.js';

export interface Directory {
  /**
   * An actor that this one has started serves: from now on others find it. Rejects with the reason when it cannot be
   * entered.
   */
  enter(actor: ActorId, portal: Portal): Promise<void>;
  /** It has ended, and everybody below it. Never throws. @param death absent when its end was asked for */
  leave(id: string, death?: ActorDied): void;
  /** It has fallen silent, or speaks again. Never throws. */
  report(type: 'unresponsive' | 'responsive', id: string): void;
}

/** The directory of an actor. An actor has none where nobody can be found, as between the two ends of a specification. */
export const directories = new Attached<Directory>();
