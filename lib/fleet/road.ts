/**
 * The road to a host: direct, or through the broker where no direct connection can be made. The same is said on both: mutual TLS with the
 * daemon, and TLS with the key of an actor on its channel, so the broker reads nothing.
 * Floor 6: below `host-link` and `remote-body`.
 */
import type {Actor} from '../actor/actor.js';
import {TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {connectToActor} from '../channel/connect-to-actor.js';
import {messagePack} from '../msg/codec.js';
import {formatAddress, type NetworkAddress} from '../transport/address.js';
import {askHandedOver, type OpenedConnection, openHandedOver} from '../transport/handed-over.js';
import type {Broker} from '../transport/relay/broker.js';
import type {RelayedStream} from '../transport/relayed.js';
import {dialRelayed, type Lane} from '../transport/relayed-listener.js';
import type {TlsOptions} from '../transport/tls.js';

/** The connections of a process to the broker, by what goes over them: beats do not wait behind data. They may be one. */
export type Relay = Readonly<Record<Lane, Broker>> & {
  /** The name of this process at the broker. */
  readonly self: string;
};

export interface RoadOptions {
  /** The name of the host at the broker. */
  readonly host: string;
  /** Where the host listens. Undefined: it can be reached through the broker only. */
  readonly address?: NetworkAddress | undefined;
  readonly tls: TlsOptions;
  /** Undefined: there is no broker. */
  readonly relay?: Relay | undefined;
  /** Why this host is not to be reached through the broker now, in words. Default: nothing speaks against it. */
  readonly whyNotRelayed?: () => string | undefined;
}

export class Road {
  readonly #actor: Actor;
  readonly #options: RoadOptions;
  #isRelayed: boolean;

  constructor(actor: Actor, options: RoadOptions) {
    this.#actor = actor;
    this.#options = options;
    this.#isRelayed = options.address === undefined;
  }

  /** Whether the broker passes everything on. */
  get isRelayed(): boolean {
    return this.#isRelayed;
  }

  /** The certificate of the host is for the host in this address. */
  get address(): NetworkAddress {
    return this.#options.address ?? {kind: 'tls', host: this.#options.host, port: 0};
  }

  /** Connects to the daemon, through the broker when it cannot be reached directly. @throws what `connectToActor` throws */
  async dial(): ReturnType<typeof connectToActor> {
    if (this.#isRelayed) return this.#connect(true);
    try {
      return await this.#connectDirectly();
    } catch (error) {
      if (!this.#options.relay?.control.isUp || !isUnreachable(error)) throw error;
      log('warn', `${this.#options.host} is reached through the broker, which is slower: ${error.message}`);
      const result = await this.#connect(true).catch(relayed => {
        throw isUnreachable(relayed) ? onNeitherRoad(error, relayed) : relayed;
      });
      this.#isRelayed = true;
      return result;
    }
  }

  /** Opens a connection that the daemon hands over to an actor. */
  openChannel(ticket: string): OpenedConnection {
    if (!this.#isRelayed) return openHandedOver(this.address, ticket);
    const stream = this.#stream('data');
    const connection = askHandedOver(stream, `${this.#options.host} through the broker`, ticket);
    // When the road breaks off, the actor may live on. Only the daemon knows that its own end has closed the stream.
    return {...connection, ended: new Promise<void>(resolve => stream.once('end', resolve))};
  }

  /** Hosts of several networks may have the same private address. */
  async #connectDirectly(): ReturnType<typeof connectToActor> {
    const result = await this.#connect(false);
    const {relay, host} = this.#options;
    if (!relay?.control.isUp || result.peer.name === host) return result;
    result.transport.destroy();
    throw new TransportClosed(`${formatAddress(this.address)} is that of ${result.peer.name}`, {kind: 'reset'});
  }

  /** Rules of the connection: mutual TLS, so that no secret is needed beside the certificates. */
  async #connect(isRelayed: boolean): ReturnType<typeof connectToActor> {
    const fault = isRelayed ? this.#options.whyNotRelayed?.() : undefined;
    if (fault !== undefined) throw new TransportClosed(fault, {kind: 'reset'});
    return connectToActor(this.address, {
      self: this.#actor.id,
      codec: messagePack,
      secret: undefined,
      tls: this.#options.tls,
      over: isRelayed ? () => this.#stream('control') : undefined,
      timeout: this.#actor.tree.timeouts.handshake,
    });
  }

  #stream(lane: Lane): RelayedStream {
    const {relay, host} = this.#options;
    if (!relay)
      throw new TransportClosed(`${formatAddress(this.address)} has no address, and there is no broker`, {
        kind: 'reset',
      });
    return dialRelayed(relay[lane], {self: relay.self, other: host, lane, silence: this.#actor.tree.timeouts.lease});
  }
}

/** What was wrong with the address says most often what to do. */
function onNeitherRoad(direct: TransportClosed, relayed: TransportClosed): TransportClosed {
  const text = `${direct.message}; through the broker: ${relayed.message}`;
  return new TransportClosed(text, {kind: relayed.kind, cause: direct});
}

/** A host whose certificate does not fit was reached. */
function isUnreachable(error: unknown): error is TransportClosed {
  return error instanceof TransportClosed && (error.kind === 'reset' || error.kind === 'heartbeat');
}
