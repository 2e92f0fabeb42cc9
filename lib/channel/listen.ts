/**
 * Roads between actors that are not parent and child: waits for those that connect, goes to those that listen, and lets
 * through who has proved that it belongs here.
 * Floor 3: above `transport/listener`, `transport/connect` and `handshake/run`; the actor makes a peer of what comes out.
 */
import type {ActorId} from '../base/actor-id.js';
import {Backoff} from '../base/backoff.js';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {log} from '../base/log.js';
import type {Codec} from '../msg/codec.js';
import {maxFrameBytes} from '../msg/frame.js';
import {type Address, formatAddress} from '../transport/address.js';
import {connectTo} from '../transport/connect.js';
import {type Listener, listen} from '../transport/listener.js';
import type {TlsOptions} from '../transport/tls.js';
import type {Transport} from '../transport/transport.js';
import {checkSecret, goaway} from './handshake/proof.js';
import {type Attempt, type Greeted, greet} from './handshake/run.js';

export interface RoadOptions {
  readonly self: ActorId;
  readonly codec: Codec;
  /** At least 16 bytes. Only a `tls:` road goes without: there the certificates prove who is there. */
  readonly secret: Uint8Array | undefined;
  readonly tls?: TlsOptions | undefined;
}

export interface AcceptOptions extends RoadOptions {
  /** How long one that connects may take to say and prove who it is, in ms. */
  readonly handshake: number;
  /** Asked about one who has proved itself; what it returns is told to the other side. */
  admit?(peer: ActorId): HandshakeRejected | undefined;
  /** Called with each that may talk to this actor. Its transport is to be opened in this turn, or destroyed. */
  greeted(greeted: Greeted): void;
  /** Called with each that may not, and when the listener itself has a fault. */
  refused?(error: Error): void;
}

export interface ReachOptions extends RoadOptions {
  /** The id of the actor that should be there, where it is known. */
  readonly expected?: string | undefined;
  /** For all of it, in ms: one that is busy is asked again. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * So many may be on their way to prove themselves. One more takes the place of the oldest: a greeting takes milliseconds, so
 * the oldest is the likeliest to be one that never will. Were the newest refused, 64 that keep silent could shut everybody out.
 */
const maxPending = 64;
/** Strangers may not fill the log: so many lines in so many ms. */
const maxLines = 10;
const linesMs = 10_000;

/** @throws TypeError without a secret, and what `listen` throws */
export async function listenForActors(address: Address, options: AcceptOptions): Promise<Listener> {
  checkProof(address, options);
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

/** @throws TypeError without a secret, HandshakeRejected, and what `connectTo` throws */
export async function connectToActor(address: Address, options: ReachOptions): Promise<Greeted> {
  checkProof(address, options);
  const due = plainClock.now() + options.timeout;
  const backoff = new Backoff({first: 25, isSpread: true});
  for (;;) {
    const timeout = Math.max(0, Math.ceil(due - plainClock.now()));
    const transport = await connectTo(address, {...options, maxFrameBytes, timeout});
    const where = escapeText(formatAddress(address));
    try {
      return await greet(transport, {...options, role: 'connector', where, timeout}).greeted;
    } catch (error) {
      const wait = backoff.next();
      if (!mayBeBusy(address, error) || plainClock.now() + wait >= due) throw error;
      // When the signal aborts, the next attempt fails with its reason.
      await plainClock.pause(wait, {signal: options.signal});
    }
  }
}

/** Greets those that a listener lets in. */
export class Acceptor {
  readonly #options: AcceptOptions;
  /** Oldest first. One whose refusal is still on its way counts: it holds a descriptor. */
  readonly #pending = new Set<Attempt>();
  #closed = false;
  #lines = 0;
  #linesSince = 0;

  constructor(options: AcceptOptions) {
    this.#options = options;
  }

  /** How many are on their way. */
  get pending(): number {
    return this.#pending.size;
  }

  accept(transport: Transport, from: Address): void {
    if (this.#closed) return transport.destroy();
    this.#makeRoom();
    // One that nobody knows does not keep this process running.
    transport.keepAlive(false);
    const {handshake: timeout} = this.#options;
    const where = `a connection at ${escapeText(formatAddress(from))}`;
    const released = (): void => void this.#pending.delete(attempt);
    const attempt = greet(transport, {...this.#options, role: 'acceptor', where, timeout, released});
    this.#pending.add(attempt);
    attempt.greeted.then(
      greeted => {
        if (this.#closed) return greeted.transport.destroy();
        greeted.transport.keepAlive(true);
        this.#options.greeted(greeted);
      },
      (error: Error) => this.report(error),
    );
  }

  /** Whoever has not proved itself yet is sent away. */
  close(): void {
    this.#closed = true;
    for (const attempt of this.#pending)
      attempt.refuse(new HandshakeRejected('this side does not listen any more', {reason: 'closed'}));
  }

  report(error: Error): void {
    this.#options.refused?.(error);
    if (this.#options.refused) return;
    // Whoever comes and goes without a word (a port scan, a look whether we live) is worth no warning, nor one that has
    // done nothing wrong: two connect to one another, or this side is about to end.
    if (error instanceof TransportClosed || (error instanceof HandshakeRejected && isUsual.has(error.reason)))
      return log('transport', error.message);
    const now = plainClock.now();
    if (now - this.#linesSince > linesMs) {
      if (this.#lines > maxLines) log('warn', `${this.#lines - maxLines} more connections were refused`);
      this.#linesSince = now;
      this.#lines = 0;
    }
    if (++this.#lines <= maxLines) log('warn', error.message, {error});
  }

  #makeRoom(): void {
    if (this.#pending.size < maxPending) return;
    const [oldest] = this.#pending;
    const text = `more than ${maxPending} connections are waiting to greet`;
    oldest?.refuse(new HandshakeRejected(text, {reason: 'busy'}), [goaway(this.#options.codec, 'busy', text)]);
  }
}

function checkProof(address: Address, {secret}: RoadOptions): void {
  if (secret) checkSecret(secret);
  else if (address.kind !== 'tls')
    throw new TypeError(`${formatAddress(address)} needs a secret: whoever reaches it could say that it is an actor`);
}

const isUsual: ReadonlySet<string | undefined> = new Set(['duplicate', 'closed']);

/**
 * It had no room for us, or no descriptor: then it has let us in and hung up. By `tls:` that would have been within the TLS
 * handshake; whoever hangs up behind it has not accepted our certificate.
 */
function mayBeBusy(address: Address, error: unknown): boolean {
  if (error instanceof HandshakeRejected) return error.reason === 'busy';
  return address.kind !== 'tls' && error instanceof TransportClosed && (error.kind === 'eof' || error.kind === 'reset');
}
