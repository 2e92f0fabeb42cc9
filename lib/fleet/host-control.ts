/**
 * The control socket of a daemon: `rxtractor host --drain` of the same user finds it by the name of the host, and asks there.
 * Floor 6: above `drain`; the command opens it at the daemon, and connects to it.
 */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import {guestPortal} from '../actor/portal.js';
import {defaultTimeouts} from '../actor/tree-options.js';
import {newActorId, newId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {deferred} from '../base/deferred.js';
import {TransportClosed} from '../base/errors.js';
import {escapeLine} from '../base/escape.js';
import {log} from '../base/log.js';
import {connectToActor} from '../channel/connect-to-actor.js';
import {listenPrivately, type PrivatePaths} from '../channel/listen-privately.js';
import {messagePack} from '../msg/codec.js';
import {liveFolders, makeFolder} from '../transport/folder.js';
import {type Drainable, drainables, drainThere} from './drain.js';

/** Maximum wait in ms until a daemon that has drained is gone. */
const goneMs = 5_000;

function pathsIn(folder: string): PrivatePaths {
  return {socket: join(folder, 'host'), key: join(folder, 'host.key')};
}

/** An actor that exposes what it is told to, and nothing else. */
function faceOf(name: string): Actor {
  const tree = {treeId: newId(), depth: 0, logLevel: 'warn', timeouts: defaultTimeouts} as const;
  return new Actor({id: newActorId(name), root: true, codec: messagePack, tree});
}

/**
 * Opens the socket of a daemon. Resolves with how to close it, which lets the answers out that are on their way.
 *
 * @param name the name of the host
 * @throws ResourceExhausted `folder` when no private folder can be made
 */
export async function openHostControl(name: string, daemon: Drainable): Promise<() => Promise<void>> {
  const face = faceOf(name);
  face.exposed.allow(drainThere);
  drainables.attach(face, daemon);
  const folder = makeFolder({treeId: face.tree.treeId});
  const stopListening = await listenPrivately(pathsIn(folder.path), {
    self: face.id,
    codec: messagePack,
    handshake: defaultTimeouts.handshake,
    accepted: ({transport, peer}) => new Peer(face, transport, 'accepted', {}, peer).channel.keepAlive(false),
    refused: error => log('debug', `a command was refused: ${error.message}`),
  }).catch(error => {
    folder.remove();
    throw error;
  });
  return async () => {
    // The end of the drain is told in this turn, so the channels may not close before it.
    await plainClock.turn();
    for (const channel of face.channels) channel.close();
    await stopListening();
    folder.remove();
  };
}

/** A daemon that drains because this process has asked for it. */
export interface Draining {
  /** The number of actors that it has still. */
  readonly actors: number;
  /** Resolves when the daemon is gone. Rejects with TransportClosed when it has ended before its actors. */
  readonly gone: Promise<void>;
  /** The daemon goes on draining. */
  leave(): void;
}

/**
 * Asks the daemon of a host to drain.
 *
 * @throws TransportClosed when this user has no daemon of that name on this host, TypeError when there are several
 */
export async function drainHost(name: string): Promise<Draining> {
  const found = await connectedHosts();
  const named = found.filter(peer => peer.channel.peer?.name === name);
  const [host, another] = named;
  for (const peer of found) if (peer !== host || another) peer.channel.close();
  if (!host) throw noHostError(name, found);
  if (another) throw severalHostsError(name, named);
  return drain(host);
}

async function drain(host: Peer): Promise<Draining> {
  const ended = deferred();
  host.onEnded(() => ended.resolve());
  const context = await guestPortal(host, host.actor.scope).openContext(drainThere);
  const gone = async (): Promise<void> => {
    await context.result();
    // Its port is free then, for the next daemon.
    await plainClock.within(ended.promise, goneMs);
  };
  return {actors: context.first, gone: gone(), leave: () => host.channel.close()};
}

/** All daemons of this user that answer. */
async function connectedHosts(): Promise<Peer[]> {
  const actor = faceOf('command');
  const folders = liveFolders().filter(({path}) => existsSync(pathsIn(path).socket));
  const peers = await Promise.all(folders.map(({path}) => connect(actor, pathsIn(path)).catch(() => undefined)));
  return peers.filter(peer => peer !== undefined);
}

async function connect(actor: Actor, {socket, key}: PrivatePaths): Promise<Peer> {
  const secret = Uint8Array.from(readFileSync(key));
  const options = {self: actor.id, codec: messagePack, secret, timeout: defaultTimeouts.handshake};
  const {transport, peer} = await connectToActor({kind: 'unix', path: socket}, options);
  return new Peer(actor, transport, 'connected', {}, peer);
}

const nameOf = ({channel}: Peer): string => escapeLine(channel.peer?.name ?? '');

function noHostError(name: string, found: readonly Peer[]): TransportClosed {
  const others = found.length === 0 ? 'none' : found.map(nameOf).join(', ');
  return new TransportClosed(
    `no daemon of the host ${name} runs here as this user (${others} was found): give its --name, and its --user`,
    {kind: 'closed'},
  );
}

function severalHostsError(name: string, found: readonly Peer[]): TypeError {
  const pids = found.map(({channel}) => channel.peer?.pid).join(', ');
  return new TypeError(`${found.length} daemons of the name ${name} run here (pids ${pids}): kill -TERM drains one`);
}
