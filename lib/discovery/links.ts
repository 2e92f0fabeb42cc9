/**
 * The direct roads of an actor to others than its parent and its children: one channel to each, however many hold it.
 * Floor 6: above `channel/listen`; `lookup` asks for links, `names` for the addresses at which this actor is reached.
 *
 * Two that look for one another at the same moment settle on one connection: the actor with the smaller id has its way, and
 * the other waits for it. One that finds out only afterwards that there is a link already asks over that one whether it
 * still is there for both, and then needs no second.
 */
import type {Actor} from '../actor/actor.js';
import type {Peer} from '../actor/peer.js';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {type ActorDied, HandshakeRejected, TransportClosed} from '../base/errors.js';
import {forgetOldest} from '../base/forget-oldest.js';
import {log} from '../base/log.js';
import {connectToActor} from '../channel/connect-to-actor.js';
import type {Credentials} from '../channel/credentials.js';
import type {HandshakeResult} from '../channel/handshake/start-handshake.js';
import {listenForActors} from '../channel/listen-for-actors.js';
import {type Address, formatAddress, parseAddress} from '../transport/address.js';
import {isOfTree} from '../transport/folder.js';
import type {Listener} from '../transport/listener.js';
import type {TlsOptions} from '../transport/tls.js';
import type {Transport} from '../transport/transport.js';
import {type Held, Link} from './link.js';

export type {Held} from './link.js';

/** How an actor may be reached, and how it proves that it belongs to its tree. Handed down from the root. */
export interface Roads {
  readonly secret: Uint8Array;
  /** Whether only this tree knows the secret: then others show a certificate, on a `tls:` road, and nothing else. */
  readonly own?: boolean;
  /** Besides the private Unix socket: addresses of the network. */
  readonly listen: readonly string[];
  readonly tls?: TlsOptions | undefined;
}

/** What links have to ask of their tree. */
export interface Surroundings {
  /** A path for a Unix socket of this actor's. */
  socketPath(): Promise<string>;
  /** How an actor died; undefined when it lives, was asked to end, or nobody knows. */
  deathOf(id: string): Promise<ActorDied | undefined>;
}

/** Between two attempts to connect to one that is on its way to us, in ms. */
const againMs = 25;
/** So many that were declared dead are remembered. */
const maxDead = 1_024;

export class Links {
  readonly #actor: Actor;
  readonly #roads: Roads;
  readonly #tree: Surroundings;
  readonly #links = new Map<string, Link>();
  readonly #reaching = new Map<string, Promise<Link>>();
  /** Who waits for an actor that connects by itself at this very moment. */
  readonly #awaited = new Map<string, (link: Link) => void>();
  readonly #dead = new Set<string>();
  #listening: Promise<void> | undefined;
  readonly #listeners: Listener[] = [];
  #closed = false;

  constructor(actor: Actor, roads: Roads, tree: Surroundings) {
    this.#actor = actor;
    this.#roads = roads;
    this.#tree = tree;
  }

  /** Listens at addresses that a user has chosen: until this is closed the program waits for whoever comes. */
  async listenAt(addresses: readonly Address[]): Promise<void> {
    for (const address of addresses) (await this.#listenTo(address)).keepAlive(true);
  }

  /** Where this actor is reached: listens from now on. */
  async addresses(): Promise<string[]> {
    this.#listening ??= this.#listen();
    await this.#listening;
    return this.#listeners.map(({address}) => address);
  }

  get size(): number {
    return this.#links.size;
  }

  /** The link to an actor, where there is one. */
  to(id: string): Peer | undefined {
    return this.#links.get(id)?.peer;
  }

  /** Holds the link to an actor; connects where there is none. @param addresses asked for only then */
  async hold(id: string, addresses: () => Promise<readonly string[]>): Promise<Held> {
    for (;;) {
      const held = await holdOn(this.#links.get(id) ?? (await this.#reach(id, addresses)));
      if (held) return held;
    }
  }

  /** Connects to whoever is at an address. Undefined when that is this very actor. */
  async connect(
    address: Address,
    options: {tls?: TlsOptions; secret?: Uint8Array; timeout: number; signal?: AbortSignal},
  ): Promise<Held | undefined> {
    const text = formatAddress(address);
    if (this.#listeners.some(listener => listener.address === text)) return undefined;
    const due = plainClock.now() + options.timeout;
    for (;;) {
      const timeout = Math.max(0, Math.ceil(due - plainClock.now()));
      try {
        const greeted = await connectToActor(address, {...this.#proof(address), ...options, timeout});
        const held = await holdOn(await this.#join(greeted, 'connected', address));
        if (held) return held;
      } catch (error) {
        // It is on its way to us by itself: a moment later there is a link.
        if (!isDuplicate(error) || plainClock.now() + againMs >= due) throw error;
        await plainClock.pause(againMs);
      }
    }
  }

  /** Ends every link, and listens no more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const link of this.#links.values()) link.peer.channel.close();
    await Promise.all(this.#listeners.map(listener => listener.close()));
  }

  /** For the `exit` handler: the paths that this actor has made are taken away. */
  unlisten(): void {
    for (const listener of this.#listeners) void listener.close();
  }

  #proof(address: Address): Credentials {
    const {id: self, codec} = this.#actor;
    const {secret, own, tls} = this.#roads;
    return {self, codec, secret: own && address.kind === 'tls' ? undefined : secret, tls};
  }

  async #listen(): Promise<void> {
    for (const text of [`unix:${await this.#tree.socketPath()}`, ...this.#roads.listen])
      await this.#listenTo(parseAddress(text));
  }

  async #listenTo(address: Address): Promise<Listener> {
    const listener = await listenForActors(address, {
      ...this.#proof(address),
      handshake: this.#actor.tree.timeouts.handshake,
      admit: peer => this.#admit(peer),
      // What keeps it from being joined has ended its transport: the other side knows.
      accepted: result => void this.#join(result, 'accepted', address).catch(() => {}),
    });
    if (this.#closed) await listener.close();
    else this.#listeners.push(listener);
    return listener;
  }

  /** Of two that look for one another at the same moment the one with the smaller id has its way. */
  #admit(peer: ActorId): HandshakeRejected | undefined {
    if (this.#dead.has(peer.id)) return quarantined(peer);
    if (this.#reaching.has(peer.id) && this.#actor.id.id < peer.id)
      return new HandshakeRejected(`${formatActor(this.#actor.id)} is connecting by itself`, {reason: 'duplicate'});
    return undefined;
  }

  #reach(id: string, addresses: () => Promise<readonly string[]>): Promise<Link> {
    const reaching = this.#reaching.get(id) ?? this.#connect(id, addresses).finally(() => this.#reaching.delete(id));
    this.#reaching.set(id, reaching);
    return reaching;
  }

  async #connect(id: string, addresses: () => Promise<readonly string[]>): Promise<Link> {
    if (this.#dead.has(id))
      throw new TransportClosed('the actor was declared dead when its connection fell silent', {kind: 'heartbeat'});
    const timeout = this.#actor.tree.timeouts.handshake;
    let failure: unknown = new TransportClosed('the actor has no address at which this one could reach it', {
      kind: 'closed',
    });
    for (const text of await addresses()) {
      const here = this.#links.get(id);
      if (here) return here;
      try {
        const address = parseAddress(text);
        // The socket of another program that has a secret of its own would only refuse us.
        if (this.#roads.own && address.kind === 'unix' && !isOfTree(address.path, this.#actor.tree.treeId)) continue;
        const greeted = await connectToActor(address, {...this.#proof(address), expected: id, timeout});
        return await this.#join(greeted, 'connected', address);
      } catch (error) {
        failure = error;
        if (isDuplicate(error)) return this.#await(id, timeout, error);
      }
    }
    throw failure;
  }

  /** The other end has its way: its connection is about to come. */
  #await(id: string, timeout: number, error: unknown): Promise<Link> {
    const here = this.#links.get(id);
    if (here) return Promise.resolve(here);
    return new Promise((resolve, reject) => {
      const stop = plainClock.deadline(timeout, () => {
        this.#awaited.delete(id);
        reject(error);
      });
      this.#awaited.set(id, link => {
        stop();
        this.#awaited.delete(id);
        resolve(link);
      });
    });
  }

  /** Both ends know each other. Gives the link to use: this one, or one that is there already. */
  async #join({transport, peer: id}: HandshakeResult, side: 'connected' | 'accepted', address: Address): Promise<Link> {
    for (;;) {
      const refusal = this.#refusal(id);
      if (refusal) {
        transport.destroy();
        throw refusal;
      }
      const before = this.#links.get(id.id);
      if (!before) return this.#add(transport, id, side, address);
      // Both ends must come to the same: the one that connected decides by what it knows, except that of two connections
      // made by both ends that of the smaller id stays. Who cannot know asks; nothing of this one is read meanwhile.
      const decides = side === 'connected' && (before.side === 'connected' || this.#actor.id.id > id.id);
      if (decides || (await before.isThere())) {
        transport.destroy();
        return before;
      }
    }
  }

  #refusal(id: ActorId): Error | undefined {
    if (this.#closed) return new TransportClosed('the actor does not listen any more', {kind: 'closed'});
    return this.#dead.has(id.id) ? quarantined(id) : undefined;
  }

  #add(transport: Transport, id: ActorId, side: 'connected' | 'accepted', address: Address): Link {
    const link: Link = new Link(this.#actor, id, transport, {
      side,
      far: address.kind !== 'unix',
      deathOf: () => this.#tree.deathOf(id.id),
      gone: silent => {
        if (this.#links.get(id.id) === link) this.#links.delete(id.id);
        if (silent) this.#declareDead(id);
      },
    });
    this.#links.set(id.id, link);
    log('runtime', `${formatActor(id)} is linked (${side}, ${address.kind})`);
    this.#awaited.get(id.id)?.(link);
    return link;
  }

  #declareDead(id: ActorId): void {
    this.#dead.add(id.id);
    forgetOldest(this.#dead, maxDead);
    log('warn', `${formatActor(id)} has fallen silent: it counts as dead`);
  }
}

/** Undefined when it was let go meanwhile. */
async function holdOn(link: Link): Promise<Held | undefined> {
  const held = link.hold();
  if (await link.isKept()) return held;
  held.release();
  return undefined;
}

const isDuplicate = (error: unknown): boolean => error instanceof HandshakeRejected && error.reason === 'duplicate';

const quarantined = (peer: ActorId): HandshakeRejected =>
  new HandshakeRejected(`${formatActor(peer)} was declared dead by this side: only a new actor is let in`, {
    reason: 'quarantined',
  });
