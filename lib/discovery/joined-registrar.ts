/**
 * The registrar of another program that this program has joined: the connection to it, and its repair when it is lost.
 * Floor 6: above `names`, as its upstream; `root` makes it.
 */
import type {Actor} from '../actor/actor.js';
import {guestPortal, type Portal} from '../actor/portal.js';
import {Backoff} from '../base/backoff.js';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {type Address, formatAddress} from '../transport/address.js';
import type {Names} from './names.js';
import type {Upstream} from './upstream.js';

/** The pauses in ms between attempts to reach a lost registrar. They stay short, because it should be found soon when it is back. */
const pauses = {first: 100, longest: 2_000};

export class JoinedRegistrar implements Upstream {
  readonly #root: Actor;
  readonly #address: Address;
  #names: Names | undefined;
  #announce: ((portal: Portal) => Promise<unknown>) | undefined;
  /** Undefined while the registrar cannot be reached. */
  #portal: Portal | undefined;
  /** The error that shows why it cannot be reached. */
  #failure: unknown;
  /** Aborted at the end of this program: that ends the pause before the next attempt. */
  readonly #closing = new AbortController();

  constructor(root: Actor, address: Address) {
    this.#root = root;
    this.#address = address;
  }

  onReached(announce: (portal: Portal) => Promise<unknown>): void {
    this.#announce = announce;
  }

  async portal(): Promise<Portal> {
    if (this.#portal) return this.#portal;
    if (this.#failure instanceof HandshakeRejected) throw this.#failure;
    throw new TransportClosed(`the registrar at ${formatAddress(this.#address)} cannot be reached`, {
      kind: 'closed',
      cause: this.#failure,
    });
  }

  /** Joins. Rejects when the registrar cannot be reached. */
  async open(names: Names): Promise<void> {
    this.#names = names;
    await this.#reach();
  }

  close(): void {
    this.#closing.abort();
  }

  async #reach(): Promise<void> {
    const connections = await (this.#names as Names).connections();
    const lease = await connections.connect(this.#address, {timeout: this.#root.tree.timeouts.handshake});
    if (!lease) throw new TypeError(`registry: ${formatAddress(this.#address)} is an address of this very program`);
    const portal = guestPortal(lease.peer, this.#root.scope);
    // Set before the registrar has answered, so that actors that come or end meanwhile are told behind the announcement.
    this.#portal = portal;
    try {
      await this.#announce?.(portal);
    } catch (error) {
      this.#portal = undefined;
      lease.release();
      throw error;
    }
    lease.peer.onEnded(error => {
      this.#portal = undefined;
      this.#failure = error;
      if (this.#root.scope.settled || this.#names?.isClosed) return;
      log('warn', `the registrar at ${formatAddress(this.#address)} is gone: ${error.message}`);
      void this.#reachAgain();
    });
  }

  async #reachAgain(): Promise<void> {
    let wasRejectionLogged = false;
    const backoff = new Backoff(pauses);
    while (!this.#names?.isClosed) {
      // The timer keeps the process running, as the connection did, because the body of the program has not ended.
      await plainClock.pause(backoff.next(), {signal: this.#closing.signal});
      if (this.#names?.isClosed) return;
      try {
        await this.#reach();
        log('info', `the registrar at ${formatAddress(this.#address)} is reached again`);
        return;
      } catch (error) {
        this.#failure = error;
        // One of the two programs was declared dead by the other, and they stay apart. It still tries again, because another
        // registrar may come to this address.
        if (wasRejectionLogged || !(error instanceof HandshakeRejected)) continue;
        wasRejectionLogged = true;
        log('error', error.message);
      }
    }
  }
}
