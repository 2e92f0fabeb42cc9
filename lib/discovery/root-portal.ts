/**
 * The way of any actor to the root of its tree, past all that lies between: these may stand still at a breakpoint.
 * Floor 6: above `links`; used by the debugger. The root says its addresses before it starts anybody, so nobody is asked.
 */
import type {Actor} from '../actor/actor.js';
import {directories} from '../actor/directory.js';
import {parentOf} from '../actor/parent.js';
import {guestPortal, type Portal} from '../actor/portal.js';
import type {ActorId} from '../base/actor-id.js';
import {Attached} from '../base/attached.js';
import {TransportClosed} from '../base/errors.js';
import type {Links} from './links.js';
import {Names} from './names.js';
import type {Entry} from './registrar.js';

const rootPortals = new Attached<Promise<Portal>>();

/** Where actors of this very host reach a root; it listens from now on. */
export async function rootAddresses(root: Actor): Promise<string[]> {
  return (await (await linksOf(root)).addresses()).filter(address => address.startsWith('unix:'));
}

/** An actor of the tree; `parent` is the id of the one that has started it, and undefined for the root. */
export interface TreeRow {
  readonly actor: ActorId;
  readonly parent: string | undefined;
}

/** Those in the tree of a root, at any moment. @param changed called after every change, and for each that is there */
export function watchTree(root: Actor, changed: () => void): {rows(): TreeRow[]; stop(): void} {
  const names = directories.of(root);
  if (!(names instanceof Names)) return {rows: () => [{actor: root.id, parent: undefined}], stop: () => {}};
  const rowOf = ({actor, road}: Entry): TreeRow => ({
    actor,
    parent: actor.id === root.id.id ? undefined : (road.at(-2) ?? root.id.id),
  });
  return {rows: () => names.tree.map(rowOf), stop: names.watchTree(changed)};
}

/** A path for one more socket of the tree. */
export async function newSocketPath(root: Actor): Promise<string> {
  return namesOf(root).socketPath();
}

/**
 * The portal to the root: over the channel that is there where this actor is its child, else over a link of its own,
 * made once and held. Rejects with what `links.hold` does; asked again after that, it tries again.
 *
 * @param root its id, and where it is reached
 */
export function rootPortal(
  actor: Actor,
  root: {readonly root: string; readonly addresses: readonly string[]},
): Promise<Portal> {
  const parent = parentOf(actor);
  if (parent && actor.tree.depth === 1) return Promise.resolve(parent);
  return rootPortals.orMake(actor, () => link(actor, root));
}

async function link(
  actor: Actor,
  {root, addresses}: {readonly root: string; readonly addresses: readonly string[]},
): Promise<Portal> {
  try {
    const held = await (await linksOf(actor)).hold(root, async () => addresses);
    held.peer.onEnded(() => rootPortals.detach(actor));
    return guestPortal(held.peer, actor.scope);
  } catch (error) {
    rootPortals.detach(actor);
    throw error;
  }
}

async function linksOf(actor: Actor): Promise<Links> {
  return namesOf(actor).links();
}

function namesOf(actor: Actor): Names {
  const names = directories.of(actor);
  if (!(names instanceof Names)) throw new TransportClosed('this actor has no way to others', {kind: 'closed'});
  return names;
}
