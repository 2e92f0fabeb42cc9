/**
 * Actors in this process that reach one another over real sockets, as the boots make them, and a relay that can fall silent.
 * Beside peer-connections.spec.ts; above pair.ts.
 */
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Actor} from '../../lib/actor/actor.js';
import {modulesOf} from '../../lib/actor/exposed.js';
import {makePortal} from '../../lib/actor/portal.js';
import type {Lease} from '../../lib/discovery/peer-connection.js';
import {PeerConnections} from '../../lib/discovery/peer-connections.js';
import {type NetworkAddress, parseAddress} from '../../lib/transport/address.js';
import {anyFunctions, callsOf, newActor} from '../kit/pair.js';

export const secret = new TextEncoder().encode('known to both sides');

export interface Linked {
  readonly actor: Actor;
  readonly connections: PeerConnections;
  /** Holds the link to another. */
  to(other: Linked): Promise<Lease>;
}

let sockets = 0;

/** @param listen addresses besides the Unix socket; the first of all is the one that others take */
export async function linked(
  t: ExecutionContext,
  name: string,
  options: {listen?: readonly string[]; heartbeat?: number; handshake?: number} = {},
): Promise<Linked> {
  const actor = newActor(name);
  const {listen = [], heartbeat = 60_000, handshake = 30_000} = options;
  actor.tree = {...actor.tree, timeouts: {...actor.tree.timeouts, heartbeat, handshake}};
  await actor.exposed.load(modulesOf(anyFunctions), true);
  const connections = new PeerConnections(
    actor,
    {secret, listen},
    {
      socketPath: async () => join(folder(t), `${sockets++}`),
      deathOf: async () => undefined,
      roadTo: async () => {
        throw new Error('no road is needed here');
      },
    },
  );
  t.teardown(() => connections.close());
  return {actor, connections, to: other => connections.lease(other.actor.id.id, () => other.connections.addresses())};
}

const folders = new WeakMap<ExecutionContext, string>();
export function folder(t: ExecutionContext): string {
  const known = folders.get(t);
  if (known !== undefined) return known;
  const path = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  folders.set(t, path);
  return path;
}

/** Calls over a link. */
export function over({peer}: Lease): ReturnType<typeof callsOf> {
  const {scope} = peer.actor;
  return callsOf(makePortal(peer, {scope, ended: new Promise(() => {}), cancelActor: async () => false}));
}

/** A relay through this process, in the middle of which everything can be held back though both ends stay open. */
export interface Relay {
  readonly address: string;
  silence(on: boolean): void;
  /** Holds back only what goes from the side that has connected: the other side never reads, and can go on talking. */
  deafen(): void;
  /** Ends what goes through it. */
  cut(): void;
}

export async function relayTo(t: ExecutionContext, address: string): Promise<Relay> {
  const target = parseAddress(address);
  const pairs: Socket[][] = [];
  const server = createServer(socket => {
    const onward = target.kind === 'unix' ? connect(target.path) : connect(target.port, target.host);
    pairs.push([socket, onward]);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      from.on('error', () => {}).pipe(to);
  });
  const path = join(folder(t), `relay${sockets++}`);
  if (target.kind === 'unix') server.listen(path);
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of pairs.flat()) socket.destroy();
  };
  t.teardown(() => {
    cut();
    server.close();
  });
  const silence = (on: boolean): void => {
    for (const [socket, onward] of pairs as [Socket, Socket][]) {
      if (on) {
        socket.unpipe(onward).pause();
        onward.unpipe(socket).pause();
      } else {
        socket.pipe(onward);
        onward.pipe(socket);
      }
    }
  };
  const deafen = (): void => {
    for (const [socket, onward] of pairs as [Socket, Socket][]) socket.unpipe(onward).pause();
  };
  const {port} = (target.kind === 'unix' ? {port: 0} : server.address()) as AddressInfo;
  return {
    address: target.kind === 'unix' ? `unix:${path}` : `tcp://${(target as NetworkAddress).host}:${port}`,
    silence,
    deafen,
    cut,
  };
}
