/**
 * How actors listen and connect, and whose network the running code reaches: that of the system, or the one that a simulation has made.
 * Floor 2: `listener` and `connect` ask it first. The testing kit fills it.
 */
import type {Duplex} from 'node:stream';
import type {Address} from './address.js';
import type {TlsOptions} from './tls.js';
import type {Transport} from './transport.js';

export interface ListenerOptions {
  /**
   * Called once for each new connection, each time in a turn of its own. It must open the transport or destroy it.
   *
   * @param from the address of the other side; for a Unix socket, which has none, the address of this listener
   */
  accept(transport: Transport, from: Address): void;
  /** A frame of more bytes than this ends its transport. */
  readonly maxFrameBytes: number;
  /** The certificates; for a `tls:` address only. */
  readonly tls?: TlsOptions | undefined;
  /** Timeout in ms for a connecting peer until both certificates are checked; for `tls:` only. Default 3 000. */
  readonly handshakeMs?: number;
  /** Called when a connection could not be accepted: `ResourceExhausted` `fd`, `HandshakeRejected`. Default: it is logged. */
  failed?(error: Error): void;
}

export interface Listener {
  /** The address at which it listens. Instead of port 0 it has the port that the system chose. */
  readonly address: string;
  /** Whether the listener keeps the process running. Default false. */
  keepAlive(on: boolean): void;
  /** Stops listening. Connections that are there stay open. Idempotent. */
  close(): Promise<void>;
}

export interface ConnectToOptions {
  /** A frame of more bytes than this ends the transport. */
  readonly maxFrameBytes: number;
  /** The certificates; for a `tls:` address only. */
  readonly tls?: TlsOptions | undefined;
  /** Aborting it ends the attempt. */
  readonly signal?: AbortSignal | undefined;
  /** Makes a stream that leads to the address by another road; for a `tls:` address only. Default: a connection of the system's. */
  readonly over?: (() => Duplex) | undefined;
  /** Timeout in ms for the whole attempt: resolving the name, the connection, and the certificates. */
  readonly timeout: number;
}

/** A network that stands in for that of the system. */
export interface Network {
  /** See `listen` of `listener`. */
  listen(address: Address, options: ListenerOptions): Promise<Listener>;
  /** See `connectTo` of `connect`. */
  connect(address: Address, options: ConnectToOptions): Promise<Transport>;
  /** A path for a socket of an actor of this tree, which is never given out again. */
  socketPath(treeId: string): string;
}

let here: () => Network | undefined = () => undefined;

/** The network of the code that runs now. Undefined: that of the system. */
export function networkHere(): Network | undefined {
  return here();
}

/** Lets the testing kit say which network the running code reaches. */
export function useNetwork(whichHere: () => Network | undefined): void {
  here = whichHere;
}
