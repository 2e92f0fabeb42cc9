/**
 * The direct roads of an actor to others than its parent and its children: one channel to each, however many hold it.
 * Floor 6: above `channel/listen`; `lookup` asks for links, `names` for the addresses at which this actor is reached.
 *
 * A link that nobody holds any more, and over which nothing runs, is let go by both ends together: the end that has no use
 * for it says so (Goaway `idle`), and closes when the other has none either. Whoever needs it again before that says so
 * too (`needed`), and asks whether the other is still there (Ping): the answer comes behind it, or the end does.
 */
import type {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peers.js';
import {type ActorId, formatActor} from '../base/address.js';
import {ContextCancelled, HandshakeRejected, TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {deadline} from '../base/timer.js';
import type {Greeted} from '../channel/greeted.js';
import {startHeartbeat} from '../channel/heartbeat.js';
import {connectToActor, listenForActors} from '../channel/listen.js';
import {Kind} from '../msg/types.js';
import {type Address, parseAddress} from '../transport/address.js';
import type {Listener} from '../transport/listener.js';
import type {TlsOptions} from '../transport/tls.js';

/** How an actor may be reached, and how it proves that it belongs to its tree. Handed down from the root. */
export interface Roads {
  readonly secret: Uint8Array;
  /** Besides the private Unix socket: addresses of the network. */
  readonly listen: readonly string[];
  readonly tls?: TlsOptions | undefined;
}

/** A link that is held. */
export interface Held {
  readonly peer: Peer;
  /** Lets go. Idempotent. */
  release(): void;
}

/** So many that were declared dead are remembered. */
const maxDead = 1_024;

export class Links {
  readonly #actor: Actor;
  readonly #roads: Roads;
  readonly #socketPath: () => Promise<string>;
  readonly #links = new Map<string, Link>();
  readonly #reaching = new Map<string, Promise<Link>>();
  /** Who waits for an actor that connects by itself at this very moment. */
  readonly #awaited = new Map<string, (link: Link) => void>();
  readonly #dead = new Set<string>();
  #listening: Promise<void> | undefined;
  readonly #listeners: Listener[] = [];
  #closed = false;

  /** @param socketPath a path for a Unix socket of this actor's, asked for when it is needed */
  constructor(actor: Actor, roads: Roads, socketPath: () => Promise<string>) {
    this.#actor = actor;
    this.#roads = roads;
    this.#socketPath = socketPath;
  }

  /** Listens at addresses that a user has chosen. */
  async listenAt(addresses: readonly Address[]): Promise<void> {
    for (const address of addresses) await this.#listenTo(address);
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
  async hold(id: string, addresses: () => Promise<readonly string[]>, signal?: AbortSignal): Promise<Held> {
    for (;;) {
      const link = this.#links.get(id);
      if (!link) return (await this.#reach(id, addresses, signal)).hold();
      const held = link.hold();
      if (await link.isKept()) return held;
      held.release();
    }
  }

  /** Connects to whoever is at an address. */
  async connect(
    address: Address,
    options: {tls?: TlsOptions; secret?: Uint8Array; timeout: number; signal?: AbortSignal},
  ) {
    const greeted = await connectToActor(address, {...this.#proof, ...options});
    return this.#join(greeted, 'connected', address).hold();
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

  get #proof(): {self: ActorId; codec: Actor['codec']; secret: Uint8Array; tls: TlsOptions | undefined} {
    const {id: self, codec} = this.#actor;
    return {self, codec, secret: this.#roads.secret, tls: this.#roads.tls};
  }

  async #listen(): Promise<void> {
    for (const text of [`unix:${await this.#socketPath()}`, ...this.#roads.listen])
      await this.#listenTo(parseAddress(text));
  }

  async #listenTo(address: Address): Promise<void> {
    const listener = await listenForActors(address, {
      ...this.#proof,
      handshake: this.#actor.tree.timeouts.handshake,
      admit: peer => this.#admit(peer),
      greeted: greeted => void this.#join(greeted, 'accepted', address),
    });
    if (this.#closed) await listener.close();
    else this.#listeners.push(listener);
  }

  /** Of two that connect to one another at the same moment the one with the smaller id has its way. */
  #admit(peer: ActorId): HandshakeRejected | undefined {
    if (this.#dead.has(peer.id))
      return new HandshakeRejected(`${formatActor(peer)} was declared dead by this side: only a new actor is let in`, {
        reason: 'quarantined',
      });
    const ours = this.#reaching.has(peer.id) || this.#links.get(peer.id)?.side === 'connected';
    if (ours && this.#actor.id.id < peer.id)
      return new HandshakeRejected(`${formatActor(this.#actor.id)} is connecting by itself`, {reason: 'duplicate'});
    return undefined;
  }

  #reach(id: string, addresses: () => Promise<readonly string[]>, signal: AbortSignal | undefined): Promise<Link> {
    const reaching =
      this.#reaching.get(id) ?? this.#connect(id, addresses, signal).finally(() => this.#reaching.delete(id));
    this.#reaching.set(id, reaching);
    return reaching;
  }

  async #connect(id: string, addresses: () => Promise<readonly string[]>, signal: AbortSignal | undefined) {
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
        const greeted = await connectToActor(address, {...this.#proof, expected: id, timeout, ...(signal && {signal})});
        return this.#join(greeted, 'connected', address);
      } catch (error) {
        failure = error;
        if (error instanceof HandshakeRejected && error.reason === 'duplicate') return this.#await(id, timeout, error);
        if (error instanceof ContextCancelled) break;
      }
    }
    throw failure;
  }

  /** The other end has its way: its connection is about to come. */
  #await(id: string, timeout: number, error: unknown): Promise<Link> {
    const here = this.#links.get(id);
    if (here) return Promise.resolve(here);
    return new Promise((resolve, reject) => {
      const stop = deadline(timeout, () => {
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

  #join({transport, peer: id}: Greeted, side: 'connected' | 'accepted', address: Address): Link {
    // The peer would not connect if it still had the one before.
    this.#links.get(id.id)?.peer.channel.destroy();
    const link = new Link(this.#actor, id, transport, side, address.kind !== 'unix', silent => {
      if (this.#links.get(id.id) === link) this.#links.delete(id.id);
      if (silent) this.#declareDead(id);
    });
    this.#links.set(id.id, link);
    log('runtime', `${formatActor(id)} is linked (${side}, ${address.kind})`);
    this.#awaited.get(id.id)?.(link);
    return link;
  }

  #declareDead(id: ActorId): void {
    this.#dead.add(id.id);
    const [oldest] = this.#dead;
    if (this.#dead.size > maxDead) this.#dead.delete(oldest as string);
    log('warn', `${formatActor(id)} has fallen silent: it counts as dead`);
  }
}

/** One channel to one peer. */
class Link {
  readonly peer: Peer;
  readonly side: 'connected' | 'accepted';
  #holders = 0;
  /** This end has said that it has no use for it. */
  #saidIdle = false;
  #peerIdle = false;
  #ended = false;
  #answer: (() => void) | undefined;

  /** @param ended told when it is over, and whether because the peer fell silent */
  constructor(
    actor: Actor,
    id: ActorId,
    transport: Greeted['transport'],
    side: 'connected' | 'accepted',
    far: boolean,
    ended: (silent: boolean) => void,
  ) {
    this.side = side;
    let stopHeartbeat = (): void => {};
    this.peer = new Peer(
      actor,
      transport,
      side,
      {
        cancelled: (why, budget) => void actor.endFor?.(why, budget),
        goaway: reason => this.#heard(reason),
        answered: () => this.#answer?.(),
        quiet: () => this.#consider(),
        ended: error => {
          this.#ended = true;
          stopHeartbeat();
          this.#answer?.();
          ended(error.kind === 'heartbeat');
        },
      },
      id,
    );
    const {heartbeat} = actor.tree.timeouts;
    const {channel} = this.peer;
    stopHeartbeat = startHeartbeat(channel, heartbeat, state => {
      log('runtime', `${formatActor(id)} is ${state}`);
      // Within a host the kernel says who is gone; beyond it only silence does.
      if (far && state === 'unresponsive') channel.destroy('heartbeat');
    });
  }

  hold(): Held {
    let held = true;
    this.#holders++;
    return {
      peer: this.peer,
      release: () => {
        if (!held) return;
        held = false;
        this.#holders--;
        this.#consider();
      },
    };
  }

  /** Whether it may be used: where this end had let go of it the other may have closed it meanwhile. */
  async isKept(): Promise<boolean> {
    if (this.#ended || !this.#saidIdle) return !this.#ended;
    const {channel} = this.peer;
    const answered = new Promise<void>(resolve => {
      this.#answer = resolve;
    });
    this.peer.goaway('needed');
    // Behind it, where a heartbeat would overtake.
    channel.send(Kind.Ping, 0);
    await answered;
    this.#answer = undefined;
    if (!this.#ended) this.#saidIdle = false;
    return !this.#ended;
  }

  #heard(reason: string): void {
    if (reason === 'idle') this.#peerIdle = true;
    else if (reason === 'needed') this.#peerIdle = false;
    this.#consider();
  }

  /** Nobody here needs it: says so, or closes it where nobody over there does either. */
  #consider(): void {
    const {channel} = this.peer;
    if (this.#ended || this.#holders > 0 || channel.size > 0) return;
    if (this.#peerIdle) channel.close();
    else if (!this.#saidIdle) {
      this.#saidIdle = true;
      this.peer.goaway('idle');
    }
  }
}
