/**
 * The direct connections of an actor to peers that are neither its parent nor its children: one to each peer, which all its users
 * share.
 * Floor 6: above `peer-connection`, `listeners` and the channel floor; `lookup` takes leases, `names` asks for the addresses.
 *
 * When two actors connect to each other at the same moment, they agree on one connection: that of the actor with the smaller id
 * stays, and the other actor waits for it. An actor may find only after connecting that there is a connection already. It asks
 * over that one whether it is still there for both ends; if so, the new one is not needed.
 */
import type {Actor} from '../actor/actor.js';
import type {Peer} from '../actor/peer.js';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {type ActorDied, HandshakeRejected, TransportClosed} from '../base/errors.js';
import {forgetOldest} from '../base/forget-oldest.js';
import {log} from '../base/log.js';
import {connectToActor} from '../channel/connect-to-actor.js';
import {type HandshakeResult, startHandshake} from '../channel/handshake/start-handshake.js';
import {listenForActors} from '../channel/listen-for-actors.js';
import {maxFrameBytes} from '../msg/frame.js';
import {type Address, formatAddress, parseAddress} from '../transport/address.js';
import {isOfTree} from '../transport/folder.js';
import type {Listener} from '../transport/listener.js';
import {SocketTransport, type StreamSocket} from '../transport/socket.js';
import type {TlsOptions} from '../transport/tls.js';
import {Listeners} from './listeners.js';
import {type Lease, PeerConnection} from './peer-connection.js';
import {credentialsOf, type Reachability, throughParent} from './reachability.js';

/** The questions that the connections of an actor ask its tree. */
export interface TreeOfConnections {
  /** Gives a path for a Unix socket of this actor. */
  socketPath(): Promise<string>;
  /** Tells how an actor died; undefined when it lives, was asked to end, or when that is not known. */
  deathOf(id: string): Promise<ActorDied | undefined>;
  /** Opens a road through the tree to an actor, where one of the two has no address. */
  roadTo(id: string): Promise<StreamSocket>;
}

/** The road of a connection: an address of this kind, or through the tree. */
type RoadKind = Address['kind'] | 'tree';

export interface ConnectToAddressOptions {
  /** Default: the certificates of this tree. */
  readonly tls?: TlsOptions;
  /** Default: the secret of this tree. */
  readonly secret?: Uint8Array;
  /** Timeout in ms for everything, all attempts included. */
  readonly timeout: number;
  /** Aborting it ends the attempt. */
  readonly signal?: AbortSignal;
}

/** The pause in ms before an attempt to connect to a peer is repeated, while that peer connects to this actor by itself. */
const againMs = 25;
/** Maximum number of actors that this one remembers as declared dead, because it would remember more and more for ever. */
const maxDead = 1_024;

export class PeerConnections {
  readonly #actor: Actor;
  readonly #reachability: Reachability;
  readonly #tree: TreeOfConnections;
  readonly #listeners: Listeners;
  /** The connections by the id of the peer. */
  readonly #connections = new Map<string, PeerConnection>();
  /** The attempts to connect that run, by the id of the peer. */
  readonly #attempts = new Map<string, Promise<PeerConnection>>();
  /** For each peer that is about to connect by itself: called with its connection. */
  readonly #awaited = new Map<string, (connection: PeerConnection) => void>();
  /** The ids of the actors that were declared dead (rule D4: they stay dead), the latest last. */
  readonly #dead = new Set<string>();
  #isClosed = false;

  constructor(actor: Actor, reachability: Reachability, tree: TreeOfConnections) {
    this.#actor = actor;
    this.#reachability = reachability;
    this.#tree = tree;
    this.#listeners = new Listeners(
      address => this.#listen(address),
      async () => (reachability.secret ? [`unix:${await tree.socketPath()}`, ...reachability.listen] : []),
    );
  }

  /** Listens at addresses that a user has chosen. The program then waits for connections until this is closed. */
  listenAt(addresses: readonly Address[]): Promise<void> {
    return this.#listeners.listenAt(addresses);
  }

  /** The addresses at which this actor is reached. It listens from now on. */
  addresses(): Promise<string[]> {
    return this.#listeners.addresses();
  }

  /** The number of connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** The peer with this id, if there is a connection to it. */
  peer(id: string): Peer | undefined {
    return this.#connections.get(id)?.peer;
  }

  /**
   * Takes a lease of the connection to an actor. Connects if there is no connection.
   *
   * @param addresses asked only when there is no connection
   */
  async lease(id: string, addresses: () => Promise<readonly string[]>): Promise<Lease> {
    for (;;) {
      const lease = await leaseOf(this.#connections.get(id) ?? (await this.#reach(id, addresses)));
      if (lease) return lease;
    }
  }

  /** Connects to the actor at an address, and takes a lease. Undefined when the address belongs to this actor itself. */
  async connect(address: Address, options: ConnectToAddressOptions): Promise<Lease | undefined> {
    if (this.#listeners.has(formatAddress(address))) return undefined;
    const due = plainClock.now() + options.timeout;
    for (;;) {
      const timeout = Math.max(0, Math.ceil(due - plainClock.now()));
      try {
        const credentials = credentialsOf(this.#actor, this.#reachability, address);
        const result = await connectToActor(address, {...credentials, ...options, timeout});
        const lease = await leaseOf(await this.#settle(result, 'connected', address.kind));
        if (lease) return lease;
      } catch (error) {
        // The peer is connecting to this actor by itself, so that there will be a connection in a moment.
        if (!isDuplicate(error) || plainClock.now() + againMs >= due) throw error;
        await plainClock.pause(againMs);
      }
    }
  }

  /**
   * Greets an actor of this tree that has opened a road through the tree. Rejects when the road is not used; then it has ended.
   *
   * @param from the id of that actor, for which the actors on the way vouch
   */
  async acceptRoad(road: StreamSocket, from: string): Promise<void> {
    await this.#greet(road, 'acceptor', from);
  }

  /** Closes all connections, and stops listening. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const {peer} of this.#connections.values()) peer.channel.close();
    await this.#listeners.close();
  }

  /** For the `exit` handler: removes the paths that this actor has made, within the call. */
  unlisten(): void {
    void this.#listeners.unlisten();
  }

  #listen(address: Address): Promise<Listener> {
    return listenForActors(address, {
      ...credentialsOf(this.#actor, this.#reachability, address),
      handshake: this.#actor.tree.timeouts.handshake,
      admit: peer => this.#admit(peer),
      // An error here has ended the transport already, so the other side knows.
      accepted: result => void this.#settle(result, 'accepted', address.kind).catch(() => {}),
    });
  }

  /** Decides about a peer. When two actors connect to each other at the same moment, the one with the smaller id refuses. */
  #admit(peer: ActorId): HandshakeRejected | undefined {
    if (this.#dead.has(peer.id)) return quarantinedError(peer);
    if (this.#attempts.has(peer.id) && this.#actor.id.id < peer.id)
      return new HandshakeRejected(`${formatActor(this.#actor.id)} is connecting by itself`, {reason: 'duplicate'});
    return undefined;
  }

  /** Connects to an actor, once however many ask at the same time. */
  #reach(id: string, addresses: () => Promise<readonly string[]>): Promise<PeerConnection> {
    const attempt =
      this.#attempts.get(id) ?? this.#tryAddresses(id, addresses).finally(() => this.#attempts.delete(id));
    this.#attempts.set(id, attempt);
    return attempt;
  }

  async #tryAddresses(id: string, addresses: () => Promise<readonly string[]>): Promise<PeerConnection> {
    if (this.#dead.has(id))
      throw new TransportClosed('the actor was declared dead when its connection fell silent', {kind: 'heartbeat'});
    const timeout = this.#actor.tree.timeouts.handshake;
    let failure: unknown = new TransportClosed('the actor has no address at which this one could reach it', {
      kind: 'closed',
    });
    // An actor without addresses of its own cannot dial those of others either.
    for (const text of this.#reachability.secret ? await addresses() : [throughParent]) {
      const known = this.#connections.get(id);
      if (known) return known;
      try {
        if (text === throughParent) return await this.#greet(await this.#tree.roadTo(id), 'connector', id);
        const address = parseAddress(text);
        if (!this.#isOpenToUs(address)) continue;
        const credentials = credentialsOf(this.#actor, this.#reachability, address);
        const result = await connectToActor(address, {...credentials, expected: id, timeout});
        return await this.#settle(result, 'connected', address.kind);
      } catch (error) {
        failure = error;
        if (isDuplicate(error)) return this.#awaitConnection(id, timeout, error);
      }
    }
    throw failure;
  }

  /** Both ends of a road through the tree say who they are. They need no secret, because each parent link on the way has been proved. */
  async #greet(road: StreamSocket, role: 'connector' | 'acceptor', expected: string): Promise<PeerConnection> {
    const {id: self, codec, tree} = this.#actor;
    const admit = (peer: ActorId): HandshakeRejected | undefined => this.#admit(peer);
    const options = {role, self, codec, secret: undefined, expected, admit, timeout: tree.timeouts.handshake};
    const transport = new SocketTransport(road, {maxFrameBytes});
    const result = await startHandshake(transport, {...options, where: 'a road through the tree'}).result;
    return this.#settle(result, role === 'connector' ? 'connected' : 'accepted', 'tree');
  }

  /** False for the Unix socket of another program when the secret is only this tree's: there the handshake would fail. */
  #isOpenToUs(address: Address): boolean {
    const {isTreeSecret} = this.#reachability;
    return !(isTreeSecret && address.kind === 'unix' && !isOfTree(address.path, this.#actor.tree.treeId));
  }

  /** Waits for the connection that the peer is about to make. @param error the error when it does not come in time */
  #awaitConnection(id: string, timeout: number, error: unknown): Promise<PeerConnection> {
    const known = this.#connections.get(id);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const stop = plainClock.deadline(timeout, () => {
        this.#awaited.delete(id);
        reject(error);
      });
      this.#awaited.set(id, connection => {
        stop();
        this.#awaited.delete(id);
        resolve(connection);
      });
    });
  }

  /** Decides which connection to a peer is used: the new one, or one that is there already. Returns that one. */
  async #settle(
    {transport, peer: id}: HandshakeResult,
    side: 'connected' | 'accepted',
    road: RoadKind,
  ): Promise<PeerConnection> {
    for (;;) {
      const refusal = this.#refusalOf(id);
      if (refusal) {
        transport.destroy();
        throw refusal;
      }
      const known = this.#connections.get(id.id);
      if (!known) return this.#add(transport, id, side, road);
      // Both ends must decide alike. The end that has connected decides by what it knows; but when both ends have connected, the
      // connection of the smaller id stays. An end that cannot know asks the peer. Meanwhile the new connection is not read.
      const decides = side === 'connected' && (known.side === 'connected' || this.#actor.id.id > id.id);
      if (decides || (await known.isThere())) {
        transport.destroy();
        return known;
      }
    }
  }

  #refusalOf(id: ActorId): Error | undefined {
    if (this.#isClosed) return new TransportClosed('the actor does not listen any more', {kind: 'closed'});
    return this.#dead.has(id.id) ? quarantinedError(id) : undefined;
  }

  #add(
    transport: HandshakeResult['transport'],
    id: ActorId,
    side: 'connected' | 'accepted',
    road: RoadKind,
  ): PeerConnection {
    const connection: PeerConnection = new PeerConnection(this.#actor, id, transport, {
      side,
      // The end of a parent link ends the roads that lead over it, and a lease tells of a silent host.
      isRemote: road === 'tcp' || road === 'tls',
      // A secret that programs share, and a certificate, say nothing about the tree.
      isOfTree: road === 'tree' || (this.#reachability.isTreeSecret === true && road !== 'tls'),
      deathOf: () => this.#tree.deathOf(id.id),
      gone: isSilent => {
        if (this.#connections.get(id.id) === connection) this.#connections.delete(id.id);
        if (isSilent) this.#declareDead(id);
      },
    });
    this.#connections.set(id.id, connection);
    log('runtime', `${formatActor(id)} is linked (${side}, ${road})`);
    this.#awaited.get(id.id)?.(connection);
    return connection;
  }

  #declareDead(id: ActorId): void {
    this.#dead.add(id.id);
    forgetOldest(this.#dead, maxDead);
    log('warn', `${formatActor(id)} has fallen silent: it counts as dead`);
  }
}

/** Takes a lease. Undefined when the peer has closed the connection meanwhile. */
async function leaseOf(connection: PeerConnection): Promise<Lease | undefined> {
  const lease = connection.lease();
  if (await connection.isKept()) return lease;
  lease.release();
  return undefined;
}

const isDuplicate = (error: unknown): boolean => error instanceof HandshakeRejected && error.reason === 'duplicate';

const quarantinedError = (peer: ActorId): HandshakeRejected =>
  new HandshakeRejected(`${formatActor(peer)} was declared dead by this side: only a new actor is let in`, {
    reason: 'quarantined',
  });
