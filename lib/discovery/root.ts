/**
 * Names at a root: whether it keeps the list itself or has joined another program's, and where it listens.
 * Floor 6: above `names` and `links`; the boot of a root opens and closes it.
 */
import type {Actor} from '../actor/actor.js';
import {guestPortal, type Portal} from '../actor/portal.js';
import {Backoff} from '../base/backoff.js';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {type Address, formatAddress, parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {Names} from './names.js';
import {newSecret, secretOf} from './secret.js';
import type {Upstream} from './upstream.js';

/** Options of a root: how its actors find others, and are found. */
export interface DiscoveryOptions {
  /**
   * Addresses at which this program is reached besides the private Unix socket of each actor: `unix:/path`,
   * `tcp://127.0.0.1:0` (loopback only), `tls://host:port`. Its actors listen at the same hosts, on ports of their own.
   */
  readonly listen?: readonly string[];
  /** The address of another program whose list of actors this one joins. */
  readonly registry?: string;
  /**
   * What all programs that talk to one another know: at least 16 bytes. Default: one of this tree's own, and whoever comes
   * by `tls:` needs a certificate only.
   */
  readonly secret?: Uint8Array | string;
  /** For `tls:` addresses: certificates of both sides. */
  readonly tls?: TlsOptions;
}

/** The pauses between attempts to reach a registrar again, in ms. */
const pauses = {first: 100, longest: 2_000};

/** Rejects with TypeError for options that make no sense, and with what keeps it from listening or joining. */
export async function openNamesAtRoot(root: Actor, options: DiscoveryOptions): Promise<Names> {
  const {listen = [], registry, secret, tls} = options;
  if (!Array.isArray(listen)) throw new TypeError('listen takes a list of addresses');
  const own = listen.map(parseAddress);
  const registrar = registry === undefined ? undefined : parseAddress(registry);
  const shared = [...own, ...(registrar ? [registrar] : [])].find(({kind}) => kind !== 'tls');
  if (shared && secret === undefined)
    throw new TypeError(`${formatAddress(shared)} needs a secret that both programs know: secret: '…'`);
  const roads = secret === undefined ? {secret: newSecret(), own: true, tls} : {secret: secretOf(secret), tls};
  root.tree = {...root.tree, roads: {...roads, listen: own.flatMap(elsewhere)}};
  const joined = registrar && new Joined(root, registrar);
  const names = new Names(root, {...roads, listen: []}, joined);
  try {
    if (own.length > 0) await (await names.links()).listenAt(own);
    await joined?.open(names);
  } catch (error) {
    await names.close();
    throw error;
  }
  return names;
}

/** The same host, at a port that the system chooses. Paths are one actor's. */
function elsewhere(address: Address): string[] {
  return address.kind === 'unix' ? [] : [formatAddress({...address, port: 0})];
}

/** The registrar of another program, and the way to it: found again when it is lost. */
class Joined implements Upstream {
  readonly #root: Actor;
  readonly #address: Address;
  #names: Names | undefined;
  #say: ((portal: Portal) => Promise<unknown>) | undefined;
  #portal: Portal | undefined;
  #failure: unknown;
  /** Aborted when this program gives up the registrar: it ends the pause before the next attempt. */
  readonly #closing = new AbortController();

  constructor(root: Actor, address: Address) {
    this.#root = root;
    this.#address = address;
  }

  onReached(say: (portal: Portal) => Promise<unknown>): void {
    this.#say = say;
  }

  async portal(): Promise<Portal> {
    if (this.#portal) return this.#portal;
    if (this.#failure instanceof HandshakeRejected) throw this.#failure;
    throw new TransportClosed(`the registrar at ${formatAddress(this.#address)} cannot be reached`, {
      kind: 'closed',
      cause: this.#failure,
    });
  }

  async open(names: Names): Promise<void> {
    this.#names = names;
    await this.#reach();
  }

  close(): void {
    this.#closing.abort();
  }

  async #reach(): Promise<void> {
    const links = await (this.#names as Names).links();
    const held = await links.connect(this.#address, {timeout: this.#root.tree.timeouts.handshake});
    if (!held) throw new TypeError(`registry: ${formatAddress(this.#address)} is an address of this very program`);
    const portal = guestPortal(held.peer, this.#root.scope);
    // Before it has heard: who comes or ends meanwhile is told behind it, and not forgotten.
    this.#portal = portal;
    try {
      await this.#say?.(portal);
    } catch (error) {
      this.#portal = undefined;
      held.release();
      throw error;
    }
    held.peer.onEnded(error => {
      this.#portal = undefined;
      this.#failure = error;
      if (this.#root.scope.settled || this.#names?.closed) return;
      log('warn', `the registrar at ${formatAddress(this.#address)} is gone: ${error.message}`);
      void this.#reachAgain();
    });
  }

  async #reachAgain(): Promise<void> {
    let told = false;
    const backoff = new Backoff(pauses);
    while (!this.#names?.closed) {
      // Keeps the process running as the connection did: its body has not ended.
      await plainClock.pause(backoff.next(), {signal: this.#closing.signal});
      if (this.#names?.closed) return;
      try {
        await this.#reach();
        log('info', `the registrar at ${formatAddress(this.#address)} is reached again`);
        return;
      } catch (error) {
        this.#failure = error;
        // Declared dead by one of the two: they stay apart, but another registrar may take the place of this one.
        if (told || !(error instanceof HandshakeRejected)) continue;
        told = true;
        log('error', error.message);
      }
    }
  }
}
