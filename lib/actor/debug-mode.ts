/**
 * How a tree that is not in debug mode gets a part that is: an actor that starts another one with `debug: true` asks its
 * parent, up to the root, which opens its terminal for the whole tree.
 * Floor 5: above `portal`, through which an actor asks; used by `child-actor`. The debugger stands above and is loaded here by a
 * function that the boots give.
 */
import {Attached} from '../base/attached.js';
import {current} from '../base/current.js';
import {NotExposed} from '../base/errors.js';
import {processWide} from '../base/process-wide.js';
import type {Actor} from './actor.js';
import {runtimeFunction} from './marks.js';
import {parentInActor} from './parent.js';
import type {DebugMode} from './tree-options.js';

export interface DebuggerDoor {
  /** Loads the debugger. It opens the terminal at the root, and attaches itself to the actor. */
  open: ((actor: Actor, mode: DebugMode | undefined) => Promise<void>) | undefined;
}

/** The door to the floor above. The boots set it. */
export const debuggerDoor = processWide<DebuggerDoor>('actor/debugger-door', () => ({open: undefined}));

/** Each actor enters once. */
const entries = new Attached<Promise<DebugMode>>();

/** The children of an actor may ask it for debug mode. */
export function offerDebugMode(actor: Actor): void {
  actor.exposed.allow(askDebugMode);
}

/** The debug mode of the tree, in which this actor itself does not stop. It is opened when it is not open. */
export async function enterDebugMode(actor: Actor): Promise<DebugMode> {
  return actor.tree.debug ?? entries.orMake(actor, () => enter(actor));
}

async function enter(actor: Actor): Promise<DebugMode> {
  try {
    const asked = await parentInActor(actor)?.run(askDebugMode);
    await debuggerDoor.open?.(actor, asked && {...asked, on: false});
  } catch (error) {
    entries.detach(actor);
    throw error;
  }
  const {debug} = actor.tree;
  if (!debug) throw new NotExposed('this tree has no debugger');
  return debug;
}

const askDebugMode = runtimeFunction('task', 'debug mode', (): Promise<DebugMode> => {
  return enterDebugMode(current()?.runtime as Actor);
});
