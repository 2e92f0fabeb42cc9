/**
 * Where an actor may have no actors below it: while its modules are imported, and at the lowest level of a tree.
 * Floor 6: below `running-nursery`.
 */
import type {Actor} from '../actor/actor.js';
import {ResourceExhausted, SpawnFailed} from '../base/errors.js';

/** Maximum levels of a tree, because a program that starts itself again and again must come to an end. */
const maxDepth = 32;

/** A module that opens a nursery while it is imported would fork for ever. The actor is refused, even if it catches this. */
export function checkImported(actor: Actor): void {
  if (!actor.importing) return;
  actor.importFailure ??= new SpawnFailed(
    `a nursery cannot be opened while the modules of actor ${actor.id.name} are imported: guard the program with main()`,
    {phase: 'import'},
  );
  throw actor.importFailure;
}

export function checkDepth({tree}: Actor): void {
  if (tree.depth >= maxDepth)
    throw new ResourceExhausted(`a tree of actors may be ${maxDepth} levels deep`, {what: 'depth'});
}
