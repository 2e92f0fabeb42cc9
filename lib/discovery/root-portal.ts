/**
 * The direct way of any actor to the root of its tree. It does not lead through the actors between them, because these may stand
 * still at a breakpoint.
 * Floor 6: above `names`; the debugger uses it. The root tells its addresses before it starts any actor, so no actor is asked.
 */
import type {Actor} from '../actor/actor.js';
import {directories} from '../actor/directory.js';
import {parentOf} from '../actor/parent.js';
import {guestPortal, type Portal} from '../actor/portal.js';
import type {ActorId} from '../base/actor-id.js';
import {Attached} from '../base/attached.js';
import {TransportClosed} from '../base/errors.js';
import {Names} from './names.js';
import type {PeerConnections} from './peer-connections.js';
import type {Registration} from './registrar.js';

/** The portal of each actor that has connected to its root. */
const portals = new Attached<Promise<Portal>>();

/** The addresses at which actors of this host reach a root. It listens from now on. */
export async function rootAddresses(root: Actor): Promise<string[]> {
  return (await (await connectionsOf(root)).addresses()).filter(address => address.startsWith('unix:'));
}

/** An actor of the tree; `parent` is the id of the actor that has started it, and undefined for the root. */
export interface TreeRow {
  readonly actor: ActorId;
  readonly parent: string | undefined;
}

/** The actors in the tree of a root, at any moment. @param changed called for each that is there, and after every change */
export function watchTree(root: Actor, changed: () => void): {rows(): TreeRow[]; stop(): void} {
  const names = directories.of(root);
  if (!(names instanceof Names)) return {rows: () => [{actor: root.id, parent: undefined}], stop: () => {}};
  const rowOf = ({actor, path}: Registration): TreeRow => ({
    actor,
    parent: actor.id === root.id.id ? undefined : (path.at(-2) ?? root.id.id),
  });
  return {rows: () => names.tree.map(rowOf), stop: names.watchTree(changed)};
}

/** A path for one more socket of the tree. */
export async function newSocketPath(root: Actor): Promise<string> {
  return namesOf(root).socketPath();
}

/**
 * The portal to the root: over the channel to the parent when the root is the parent, otherwise over a direct connection, which is
 * made once and kept. Rejects as `PeerConnections.lease` does; the next call after that tries again.
 *
 * @param root the id of the root, and its addresses
 */
export function rootPortal(
  actor: Actor,
  root: {readonly root: string; readonly addresses: readonly string[]},
): Promise<Portal> {
  const parent = parentOf(actor);
  if (parent && actor.tree.depth === 1) return Promise.resolve(parent);
  return portals.orMake(actor, () => connectToRoot(actor, root));
}

async function connectToRoot(
  actor: Actor,
  {root, addresses}: {readonly root: string; readonly addresses: readonly string[]},
): Promise<Portal> {
  try {
    const {peer} = await (await connectionsOf(actor)).lease(root, async () => addresses);
    peer.onEnded(() => portals.detach(actor));
    return guestPortal(peer, actor.scope);
  } catch (error) {
    portals.detach(actor);
    throw error;
  }
}

async function connectionsOf(actor: Actor): Promise<PeerConnections> {
  return namesOf(actor).connections();
}

function namesOf(actor: Actor): Names {
  const names = directories.of(actor);
  // On another host there is neither a socket nor a terminal of the root.
  if (!(names instanceof Names) || names.isElsewhere)
    throw new TransportClosed('this actor has no way to the debugger of its root', {kind: 'closed'});
  return names;
}
