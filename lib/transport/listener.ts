/**
 * Waits at an address for connections, and gives each one out as a transport.
 * Floor 2: beside `connect`; `channel/listen` above runs the handshake, which decides who may talk.
 */
import {type AddressInfo, createServer, type ListenOptions, type Server, type Socket} from 'node:net';
import {createServer as createTlsServer, type TLSSocket} from 'node:tls';
import {isOutOfDescriptors, noDescriptorError} from '../base/descriptors.js';
import {HandshakeRejected, ResourceExhausted} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {log} from '../base/log.js';
import {type Address, checkPathLength, formatAddress, isLoopbackHost, type NetworkAddress} from './address.js';
import {type Listener, type ListenerOptions, networkHere} from './network.js';
import {SocketTransport} from './socket.js';
import {takePath} from './socket-path.js';
import {checkSafeAddress, serverOptions, type TlsOptions, unsafeAddressError} from './tls.js';
import type {Transport} from './transport.js';

export type {Listener, ListenerOptions} from './network.js';

/**
 * Maximum number of connections within a TLS handshake at a time, because each one holds a descriptor before this process
 * knows who it is.
 */
const maxPending = 64;
/** Maximum number of connections that wait in the kernel until the event loop accepts them: Node's own default. */
const backlog = 511;

/** @throws TypeError for an address that is refused; ResourceExhausted `address` when another listener has it, or `fd` */
export async function listen(address: Address, options: ListenerOptions): Promise<Listener> {
  checkSafeAddress(address, options.tls);
  const network = networkHere();
  if (network) return network.listen(address, options);
  const server = address.kind === 'tls' ? tlsServer(address, options) : plainServer(address, options);
  server.unref();
  try {
    const listener = await (address.kind === 'unix'
      ? listenUnix(server, address.path)
      : listenNetwork(server, address));
    server.on('error', error => report(options, descriptorError(address, error) ?? error));
    return listener;
  } catch (error) {
    server.close();
    throw descriptorError(address, error) ?? takenAddressError(address, error) ?? error;
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
  // The name was allowed, but the resolver decides which address it means.
  if (kind === 'tcp' && !isLoopbackHost(bound.address)) throw unsafeAddressError(formatAddress(address));
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
      // Without a callback, because Node would call it only after every connection has ended.
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
  /** The connections within the handshake, the oldest first. */
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

/** The address of the other side. The other side of a Unix socket has none, so the address of the listener stands for it. */
function remoteOf(socket: Socket, address: Address): Address {
  if (address.kind === 'unix') return address;
  return {kind: address.kind, host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0};
}

/**
 * The transport over a socket. It gets the descriptor, so that an `exit` handler can write without the event loop; but not
 * with TLS, because there the bytes must be encrypted first.
 */
export function transportOf(socket: Socket, kind: Address['kind'], maxFrameBytes: number): Transport {
  const fd = kind === 'tls' ? undefined : (socket as unknown as {_handle?: {fd?: number}})._handle?.fd;
  return new SocketTransport(socket, fd === undefined || fd < 0 ? {maxFrameBytes} : {maxFrameBytes, fd});
}

function report(options: ListenerOptions, error: Error): void {
  if (options.failed) options.failed(error);
  else log('warn', error.message, {error});
}

/** The error for `EMFILE` and `ENFILE`: this process, or the system, has no descriptor left. Undefined for other errors. */
export function descriptorError(address: Address, error: unknown): ResourceExhausted | undefined {
  return isOutOfDescriptors(error) ? noDescriptorError(escapeText(formatAddress(address)), error) : undefined;
}

function takenAddressError(address: Address, error: unknown): ResourceExhausted | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return undefined;
  const text = `cannot listen on ${escapeText(formatAddress(address))}: somebody listens there already`;
  return new ResourceExhausted(text, {what: 'address', cause: error});
}
