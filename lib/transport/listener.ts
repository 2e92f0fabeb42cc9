/**
 * Waits at an address for others to connect, and hands each on as a transport. Whether it may talk is asked above.
 * Floor 2: beside `connect`; `channel/listen` greets what comes in.
 */
import {type AddressInfo, createServer, type ListenOptions, type Server, type Socket} from 'node:net';
import {createServer as createTlsServer, type TLSSocket} from 'node:tls';
import {HandshakeRejected, ResourceExhausted} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {log} from '../base/log.js';
import {type Address, checkPathLength, formatAddress, isLoopbackHost, type NetworkAddress} from './address.js';
import {SocketTransport} from './socket.js';
import {takePath} from './socket-path.js';
import {checkRoad, exposed, serverOptions, type TlsOptions} from './tls.js';
import type {Transport} from './transport.js';

export interface ListenerOptions {
  /** Called in a turn of its own for each that connects; it must open the transport or destroy it. */
  accept(transport: Transport, from: Address): void;
  readonly maxFrameBytes: number;
  /** For `tls:` only. */
  readonly tls?: TlsOptions | undefined;
  /** How long one that connects by TLS may take until both certificates are checked. Default 3 000 ms. */
  readonly handshakeMs?: number;
  /** Somebody could not be let in: `ResourceExhausted` `fd`, `HandshakeRejected`. Logged by default. */
  failed?(error: Error): void;
}

export interface Listener {
  /** The real one: a port 0 is replaced by what the system chose. */
  readonly address: string;
  /** Whether it keeps the process running; it does not, unless asked to. */
  keepAlive(on: boolean): void;
  /** Ends the listening; what has connected stays. Idempotent. */
  close(): Promise<void>;
}

/** So many may be within a TLS handshake at a time: each holds a descriptor before anybody knows who it is. */
const maxPending = 64;
/** As many as the kernel keeps until the loop comes round. */
const backlog = 511;

/** @throws TypeError for an address that is refused, ResourceExhausted `address` when it is taken, `fd` */
export async function listen(address: Address, options: ListenerOptions): Promise<Listener> {
  checkRoad(address, options.tls);
  const server = address.kind === 'tls' ? tlsServer(address, options) : plainServer(address, options);
  server.unref();
  try {
    const listener = await (address.kind === 'unix'
      ? listenUnix(server, address.path)
      : listenNetwork(server, address));
    server.on('error', error => report(options, outOfDescriptors(address, error) ?? error));
    return listener;
  } catch (error) {
    server.close();
    throw outOfDescriptors(address, error) ?? taken(address, error) ?? error;
  }
}

async function listenUnix(server: Server, path: string): Promise<Listener> {
  checkPathLength(path);
  const giveBack = await takePath(path, bound => start(server, {path: bound, backlog}));
  return listenerOf(server, `unix:${path}`, giveBack);
}

async function listenNetwork(server: Server, address: NetworkAddress): Promise<Listener> {
  const {kind, host, port} = address;
  await start(server, {host, port, backlog});
  const bound = server.address() as AddressInfo;
  // Whatever the name was resolved to.
  if (kind === 'tcp' && !isLoopbackHost(bound.address)) throw exposed(formatAddress(address));
  return listenerOf(server, formatAddress({kind, host, port: bound.port}), () => {});
}

function listenerOf(server: Server, address: string, giveBack: () => void): Listener {
  let closed = false;
  return {
    address,
    keepAlive: on => void (on ? server.ref() : server.unref()),
    close: async () => {
      if (closed) return;
      closed = true;
      giveBack();
      // Its callback would wait for all that have ever connected.
      server.close();
    },
  };
}

function start(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function plainServer(address: Address, options: ListenerOptions): Server {
  return createServer({noDelay: true}, socket => accept(socket, address, options));
}

function tlsServer(address: Address, options: ListenerOptions): Server {
  const {handshakeMs: handshakeTimeout = 3_000} = options;
  /** Those in the handshake, oldest first. */
  const pending = new Map<string, Socket>();
  const server = createTlsServer({...serverOptions(options.tls as TlsOptions), handshakeTimeout, noDelay: true});
  server.on('connection', (socket: Socket) => {
    const [oldest] = pending.values();
    if (pending.size >= maxPending) oldest?.destroy();
    const key = keyOf(socket);
    pending.set(key, socket);
    socket.once('close', () => pending.delete(key));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    pending.delete(keyOf(socket));
    accept(socket, address, options);
  });
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    const from = formatAddress(remoteOf(socket, address));
    const text = `a connection from ${from} was refused in its TLS handshake: ${escapeText(error.message)}`;
    report(options, new HandshakeRejected(text, {reason: 'certificate', cause: error}));
    socket.destroy();
  });
  return server;
}

const keyOf = ({remoteAddress, remotePort}: Socket): string => `${remoteAddress} ${remotePort}`;

function accept(socket: Socket, address: Address, options: ListenerOptions): void {
  options.accept(transportOf(socket, address.kind, options.maxFrameBytes), remoteOf(socket, address));
}

/** A Unix socket has no address at its other end: the listener's own stands for it. */
function remoteOf(socket: Socket, address: Address): Address {
  if (address.kind === 'unix') return address;
  return {kind: address.kind, host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0};
}

/** The descriptor lets an `exit` handler write past the event loop; not where it would have to encrypt. */
export function transportOf(socket: Socket, kind: Address['kind'], maxFrameBytes: number): Transport {
  const fd = kind === 'tls' ? undefined : (socket as unknown as {_handle?: {fd?: number}})._handle?.fd;
  return new SocketTransport(socket, fd === undefined || fd < 0 ? {maxFrameBytes} : {maxFrameBytes, fd});
}

function report(options: ListenerOptions, error: Error): void {
  if (options.failed) options.failed(error);
  else log('warn', error.message, {error});
}

/** This process, or the system, has no descriptor left. */
export function outOfDescriptors(address: Address, error: unknown): ResourceExhausted | undefined {
  const {code} = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') return undefined;
  const text = `no file descriptor is left for ${escapeText(formatAddress(address))}: raise the limit (ulimit -n) or close some`;
  return new ResourceExhausted(text, {what: 'fd', cause: error});
}

function taken(address: Address, error: unknown): ResourceExhausted | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return undefined;
  const text = `cannot listen on ${escapeText(formatAddress(address))}: somebody listens there already`;
  return new ResourceExhausted(text, {what: 'address', cause: error});
}
