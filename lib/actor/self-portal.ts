/**
 * The portal of an actor to itself: for somebody who looks for an actor and finds that it is this very one (rule C10).
 * Floor 5: a channel over memory, both ends of which belong to this actor. What crosses is encoded nevertheless (rule F6: a
 * value that is sent is a copy).
 */
import {Attached} from '../base/attached.js';
import type {ContextCancelled} from '../base/errors.js';
import {maxFrameBytes} from '../msg/frame.js';
import {Kind} from '../msg/types.js';
import {memoryPair} from '../transport/memory.js';
import type {Actor} from './actor.js';
import {Peer} from './peer.js';
import {makePortal, type Portal} from './portal.js';

const selfPortals = new Attached<Promise<Portal>>();
const neverEnds = new Promise<undefined>(() => {});

/**
 * The same portal at each call. Through it may be called what the actor exposes, and nothing else.
 *
 * @param end ends the whole actor; the one of the first call counts. Without it `cancelActor` resolves with false, as that of
 * `parent()` does
 */
export function selfPortal(actor: Actor, end?: (why: ContextCancelled) => Promise<boolean>): Promise<Portal> {
  return selfPortals.orMake(actor, () => connect(actor, end));
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
