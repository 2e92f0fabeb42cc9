/**
 * The portal of each spawned actor to the actor that has spawned it.
 * Floor 5: above `portal`; `serve` sets it.
 */
import {Attached} from '../base/attached.js';
import type {Actor} from './actor.js';
import {scopeKey} from './call-options.js';
import type {Portal} from './portal.js';

const parents = new Attached<Portal>();

export function setParent(actor: Actor, portal: Portal): void {
  parents.attach(actor, portal);
}

export function parentOf(actor: Actor): Portal | undefined {
  return parents.of(actor);
}

/** For calls of the runtime itself. They belong to the whole actor: the scope that runs now may settle before they do. */
export function parentInActor(actor: Actor): Portal | undefined {
  return parents.of(actor)?.with({scope: {[scopeKey]: actor.scope}});
}
