/**
 * A small tree in this process whose actors have no addresses, as those on other hosts: parents and children over memory transports,
 * with their names. Below the specs of roads through the tree; above pair.ts.
 */
import type {Actor} from '../../lib/actor/actor.js';
import {modulesOf} from '../../lib/actor/exposed.js';
import {setParent} from '../../lib/actor/parent.js';
import {Peer} from '../../lib/actor/peer.js';
import {guestPortal, type Portal} from '../../lib/actor/portal.js';
import {Names} from '../../lib/discovery/names.js';
import {parentUpstream} from '../../lib/discovery/upstream.js';
import {maxFrameBytes} from '../../lib/msg/frame.js';
import {memoryPair} from '../../lib/transport/memory.js';
import type {StreamSocket} from '../../lib/transport/socket.js';
import type {Transport} from '../../lib/transport/transport.js';
import {anyFunctions, newActor as newHastyActor, until} from './pair.js';
import {patient} from './patient.js';

export interface Branch {
  readonly actor: Actor;
  readonly names: Names;
  /** The connection to its parent, at the parent's end. Absent at the root. */
  readonly link?: Transport;
  /** The portal of its parent to it, and its own to its parent. Absent at the root. */
  readonly down?: Portal;
  readonly up?: Portal;
}

function newActor(name: string): Actor {
  const actor = newHastyActor(name);
  actor.join({...actor.tree, timeouts: {...actor.tree.timeouts, ...patient.timeouts}});
  return actor;
}

export async function newRoot(name = 'root'): Promise<Branch> {
  const actor = newActor(name);
  await actor.exposed.load(modulesOf(anyFunctions));
  return {actor, names: new Names(actor, {listen: []})};
}

/** An actor that the parent has started, and that is on the list. */
export async function newBranch(parent: Branch, name: string): Promise<Branch> {
  const actor = newActor(name);
  await actor.exposed.load(modulesOf(anyFunctions));
  const [link, far] = memoryPair({maxFrameBytes});
  const peer = new Peer(parent.actor, link, 'accepted', {});
  const toParent = new Peer(actor, far, 'connected', {});
  await until(() => peer.channel.peer !== undefined && toParent.channel.peer !== undefined);
  const [down, up] = [guestPortal(peer, parent.actor.scope), guestPortal(toParent, actor.scope)];
  setParent(actor, up);
  const names = new Names(actor, {listen: []}, parentUpstream(actor));
  await parent.names.enter(actor.id, down);
  return {actor, names, link, down, up};
}

/** The two ends of a road through the tree, before anybody greets on it. */
export async function roadBetween(from: Branch, to: Branch): Promise<[StreamSocket, StreamSocket]> {
  const {names} = to;
  const connections = await names.connections();
  const accepted = new Promise<StreamSocket>(resolve => {
    connections.acceptRoad = async road => resolve(road);
  });
  return Promise.all([from.names.roadTo(to.actor.id.id), accepted]);
}
