/**
 * Connects to an address at which another process listens.
 * Floor 2: the other side of `listener`; `channel/listen` runs the handshake over the transport that comes out.
 */
import {connect, type Socket} from 'node:net';
import {connect as connectTls} from 'node:tls';
import {onAbort} from '../base/abort.js';
import {plainClock} from '../base/clock.js';
import {ContextCancelled, HandshakeRejected, TransportClosed} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {type Address, checkPathLength, formatAddress, isLoopbackHost} from './address.js';
import {descriptorError, transportOf} from './listener.js';
import {type ConnectToOptions, networkHere} from './network.js';
import {checkSafeAddress, clientOptions, type TlsOptions, unsafeAddressError} from './tls.js';
import type {Transport} from './transport.js';

export type {ConnectToOptions} from './network.js';

/**
 * Connects, and checks certificates where the address is `tls:`.
 *
 * @throws TypeError for an address that is refused; TransportClosed when nobody answers there (`reset`), or not in time
 * (`heartbeat`); HandshakeRejected for a certificate that does not fit; ResourceExhausted `fd`; ContextCancelled by `signal`
 */
export async function connectTo(address: Address, options: ConnectToOptions): Promise<Transport> {
  checkSafeAddress(address, options.tls);
  if (address.kind === 'unix') checkPathLength(address.path);
  else if (address.port === 0 && !options.over)
    throw new TypeError(`${formatAddress(address)}: nobody can be reached at port 0`);
  const network = networkHere();
  if (network) return network.connect(address, options);
  const socket = await openSocket(address, options);
  if (address.kind === 'tcp' && !isLoopbackHost(socket.remoteAddress ?? '')) {
    socket.destroy();
    throw unsafeAddressError(formatAddress(address));
  }
  if (address.kind !== 'unix' && !options.over) socket.setNoDelay(true);
  return transportOf(socket, address.kind, options.maxFrameBytes);
}

function openSocket(address: Address, {tls, over, signal, timeout}: ConnectToOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortedError(address, signal.reason));
      return;
    }
    const socket = socketTo(address, tls, over);
    const settle = (error?: Error): void => {
      stopWaiting();
      stopListening();
      socket.removeListener('error', failed);
      if (!error) return resolve(socket);
      // An error of a socket that is being destroyed does not matter any more, but without a listener it would be uncaught.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const failed = (error: Error): void => settle(connectionError(address, error));
    const stopWaiting = plainClock.deadline(timeout, () => settle(timeoutError(address, timeout)));
    const stopListening = onAbort(signal, reason => settle(abortedError(address, reason)));
    socket.once('error', failed);
    socket.once(address.kind === 'tls' ? 'secureConnect' : 'connect', () => settle());
  });
}

function socketTo(address: Address, tls: TlsOptions | undefined, over: ConnectToOptions['over']): Socket {
  if (address.kind === 'unix') return connect(address.path);
  const {host, port} = address;
  if (address.kind === 'tcp') return connect(port, host);
  // By whatever road it is reached, the certificate must be for the host in the address.
  const road = over ? {socket: over() as Socket} : {port};
  return connectTls({host, ...road, ...clientOptions(tls as TlsOptions)});
}

function connectionError(address: Address, error: Error): Error {
  const exhausted = descriptorError(address, error);
  if (exhausted) return exhausted;
  const where = escapeText(formatAddress(address));
  const why = escapeText(error.message || String((error as NodeJS.ErrnoException).code));
  if (address.kind === 'tls' && !isSystemError(error))
    return new HandshakeRejected(`the certificates of ${where} and this side do not fit: ${why}`, {
      reason: 'certificate',
      cause: error,
    });
  return new TransportClosed(`nobody could be reached at ${where}: ${why}`, {kind: 'reset', cause: error});
}

/** Whether the system made the error, like `ECONNREFUSED`. Errors of certificates and of TLS have other codes. */
function isSystemError(error: Error): boolean {
  const {code = ''} = error as NodeJS.ErrnoException;
  return /^E(?!RR)/.test(code) && code !== 'EPROTO';
}

function timeoutError(address: Address, timeout: number): TransportClosed {
  const text = `nobody answered at ${escapeText(formatAddress(address))} within ${timeout} ms (timeouts.handshake, or the timeout of connect())`;
  return new TransportClosed(text, {kind: 'heartbeat'});
}

function abortedError(address: Address, cause: unknown): ContextCancelled {
  const text = `connecting to ${escapeText(formatAddress(address))} was cancelled (requested)`;
  return new ContextCancelled(text, {canceller: undefined, reason: 'requested', cause});
}
