/**
 * The portal of an actor to itself, for whoever finds that the actor that was looked for is this very one (rule C10).
 * Floor 5: a channel over memory, both of whose ends are this actor's; what crosses is encoded all the same (rule F6).
 */
import type {ContextCancelled} from '../base/errors.js';
import {maxFrameBytes} from '../msg/frame.js';
import {Kind} from '../msg/types.js';
import {memoryPair} from '../transport/memory.js';
import type {Actor} from './actor.js';
import {Peer} from './peer.js';
import {makePortal, type Portal} from './portal.js';

const portals = new WeakMap<Actor, Promise<Portal>>();
const neverEnds = new Promise<undefined>(() => {});

/**
 * The same one at each call; what the actor exposes may be called, and nothing else.
 *
 * @param end ends the whole actor, for the first call; without it `cancelActor` resolves false, as that of `parent()` does
 */
export function selfPortal(actor: Actor, end?: (why: ContextCancelled) => Promise<boolean>): Promise<Portal> {
  const known = portals.get(actor);
  if (known) return known;
  const portal = connect(actor, end);
  portals.set(actor, portal);
  return portal;
}

async function connect(actor: Actor, end: (why: ContextCancelled) => Promise<boolean> = async () => false) {
  const [near, far] = memoryPair({maxFrameBytes});
  let peer: Peer | undefined;
  await new Promise<void>(ready => {
    peer = new Peer(actor, near, 'accepted', {ready});
    const server = new Peer(actor, far, 'connected', {});
    server.channel.send(Kind.Ready, 0, 0, actor.codec.encode(actor.exposed.names()));
  });
  return makePortal(peer as unknown as Peer, {scope: actor.scope, ended: neverEnds, cancelActor: end});
}
