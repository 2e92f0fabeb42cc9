/**
 * Listens for actors: runs the handshake with each connection, and gives out the peers that have proved who they are.
 * Floor 3: above `transport/listener` and `handshake/start-handshake`; discovery makes a peer of each result.
 */
import type {ActorId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {log} from '../base/log.js';
import {maxFrameBytes} from '../msg/frame.js';
import {type Address, formatAddress} from '../transport/address.js';
import {type Listener, listen} from '../transport/listener.js';
import type {Transport} from '../transport/transport.js';
import {type Credentials, checkCredentials} from './credentials.js';
import {goaway} from './handshake/handshake.js';
import {type HandshakeResult, type RunningHandshake, startHandshake} from './handshake/start-handshake.js';

export interface AcceptorOptions extends Credentials {
  /** Timeout in ms for the handshake of one connection. */
  readonly handshake: number;
  /** Decides about a peer that has proved itself. Returns the error that refuses the peer, which is sent to it, or undefined. */
  admit?(peer: ActorId): HandshakeRejected | undefined;
  /** Called with each peer that may talk to this actor. Its transport must be opened or destroyed in this turn. */
  accepted(result: HandshakeResult): void;
  /** Called with the error of each refused connection, and of the listener itself. Default: it is logged. */
  refused?(error: Error): void;
}

/**
 * Maximum number of connections within the handshake at a time, because each one holds a descriptor. A new connection beyond it
 * ends the oldest handshake: a handshake takes milliseconds, so the oldest is the most likely never to end. If the new one were
 * refused instead, 64 silent connections could shut out everybody.
 */
const maxPending = 64;
/** Maximum number of warnings about refused connections in `warningsMs`, so that strangers cannot fill the log. */
const maxWarnings = 10;
/** The period in ms in which warnings are counted. */
const warningsMs = 10_000;

/** @throws TypeError without a secret, and what `listen` throws */
export async function listenForActors(address: Address, options: AcceptorOptions): Promise<Listener> {
  checkCredentials(address, options);
  const acceptor = new Acceptor(options);
  const listener = await listen(address, {
    accept: (transport, from) => acceptor.accept(transport, from),
    maxFrameBytes,
    tls: options.tls,
    handshakeMs: options.handshake,
    failed: error => acceptor.report(error),
  });
  return {
    address: listener.address,
    keepAlive: on => listener.keepAlive(on),
    close: async () => {
      acceptor.close();
      await listener.close();
    },
  };
}

/** Runs the handshake with the connections of a listener. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  /** The handshakes that run, the oldest first. A refused one counts until its transport has ended, because of its descriptor. */
  readonly #pending = new Set<RunningHandshake>();
  #isClosed = false;
  /** Refused connections since `#warningsSince`. */
  #warnings = 0;
  #warningsSince = 0;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /** How many handshakes run. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Starts the handshake with a new connection. */
  accept(transport: Transport, from: Address): void {
    if (this.#isClosed) return transport.destroy();
    this.#makeRoom();
    // An unknown peer does not keep this process running.
    transport.keepAlive(false);
    const {handshake: timeout} = this.#options;
    const where = `a connection at ${escapeText(formatAddress(from))}`;
    const released = (): void => void this.#pending.delete(running);
    const running = startHandshake(transport, {...this.#options, role: 'acceptor', where, timeout, released});
    this.#pending.add(running);
    running.result.then(
      result => {
        if (this.#isClosed) return result.transport.destroy();
        result.transport.keepAlive(true);
        this.#options.accepted(result);
      },
      (error: Error) => this.report(error),
    );
  }

  /** Ends all handshakes that run. */
  close(): void {
    this.#isClosed = true;
    for (const running of this.#pending)
      running.refuse(new HandshakeRejected('this side does not listen any more', {reason: 'closed'}));
  }

  /** Tells `refused` of an error, or logs it. */
  report(error: Error): void {
    this.#options.refused?.(error);
    if (this.#options.refused) return;
    if (isUsual(error)) return log('transport', error.message);
    const now = plainClock.now();
    if (now - this.#warningsSince > warningsMs) {
      if (this.#warnings > maxWarnings) log('warn', `${this.#warnings - maxWarnings} more connections were refused`);
      this.#warningsSince = now;
      this.#warnings = 0;
    }
    if (++this.#warnings <= maxWarnings) log('warn', error.message, {error});
  }

  #makeRoom(): void {
    if (this.#pending.size < maxPending) return;
    const [oldest] = this.#pending;
    const text = `more than ${maxPending} connections are waiting to greet`;
    oldest?.refuse(new HandshakeRejected(text, {reason: 'busy'}), [goaway(this.#options.codec, 'busy', text)]);
  }
}

/**
 * Whether an error is not worth a warning: a peer that connects and leaves without a word (a port scan, or a check whether this
 * process lives), two actors that connect to each other at the same time, and a side that is about to end.
 */
function isUsual(error: Error): boolean {
  if (error instanceof TransportClosed) return true;
  return error instanceof HandshakeRejected && (error.reason === 'duplicate' || error.reason === 'closed');
}
