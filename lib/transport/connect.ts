/**
 * Goes to an address at which somebody listens.
 * Floor 2: the other side of `listener`.
 */
import {connect, type Socket} from 'node:net';
import {connect as connectTls} from 'node:tls';
import {onAbort} from '../base/abort.js';
import {plainClock} from '../base/clock.js';
import {ContextCancelled, HandshakeRejected, TransportClosed} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {type Address, checkPathLength, formatAddress, isLoopbackHost} from './address.js';
import {outOfDescriptors, transportOf} from './listener.js';
import {checkRoad, clientOptions, exposed, type TlsOptions} from './tls.js';
import type {Transport} from './transport.js';

export interface ConnectOptions {
  readonly maxFrameBytes: number;
  /** For `tls:` only. */
  readonly tls?: TlsOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In ms, for all of it: names, connection, certificates. */
  readonly timeout: number;
}

/**
 * @throws TypeError for an address that is refused; TransportClosed when nobody answers there (`reset`), or not in time
 * (`heartbeat`); HandshakeRejected for a certificate that does not fit; ResourceExhausted `fd`; ContextCancelled by `signal`
 */
export async function connectTo(address: Address, options: ConnectOptions): Promise<Transport> {
  checkRoad(address, options.tls);
  if (address.kind === 'unix') checkPathLength(address.path);
  else if (address.port === 0) throw new TypeError(`${formatAddress(address)}: nobody can be reached at port 0`);
  const socket = await opened(address, options);
  if (address.kind === 'tcp' && !isLoopbackHost(socket.remoteAddress ?? '')) {
    socket.destroy();
    throw exposed(formatAddress(address));
  }
  if (address.kind !== 'unix') socket.setNoDelay(true);
  return transportOf(socket, address.kind, options.maxFrameBytes);
}

function opened(address: Address, {tls, signal, timeout}: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(address, signal.reason));
      return;
    }
    const socket = socketTo(address, tls);
    const settle = (error?: Error): void => {
      stopWaiting();
      stopListening();
      socket.removeListener('error', failed);
      if (!error) return resolve(socket);
      // What a dying socket still says interests nobody.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const failed = (error: Error): void => settle(faultOf(address, error));
    const stopWaiting = plainClock.deadline(timeout, () => settle(late(address, timeout)));
    const stopListening = onAbort(signal, reason => settle(aborted(address, reason)));
    socket.once('error', failed);
    socket.once(address.kind === 'tls' ? 'secureConnect' : 'connect', () => settle());
  });
}

function socketTo(address: Address, tls: TlsOptions | undefined): Socket {
  if (address.kind === 'unix') return connect(address.path);
  const {host, port} = address;
  return address.kind === 'tls' ? connectTls({host, port, ...clientOptions(tls as TlsOptions)}) : connect(port, host);
}

function faultOf(address: Address, error: Error): Error {
  const exhausted = outOfDescriptors(address, error);
  if (exhausted) return exhausted;
  const where = escapeText(formatAddress(address));
  const why = escapeText(error.message || String((error as NodeJS.ErrnoException).code));
  if (address.kind === 'tls' && !isOfSystem(error))
    return new HandshakeRejected(`the certificates of ${where} and this side do not fit: ${why}`, {
      reason: 'certificate',
      cause: error,
    });
  return new TransportClosed(`nobody could be reached at ${where}: ${why}`, {kind: 'reset', cause: error});
}

/** `ECONNREFUSED` and its like; faults of certificates and of TLS have other codes. */
function isOfSystem(error: Error): boolean {
  const {code = ''} = error as NodeJS.ErrnoException;
  return /^E(?!RR)/.test(code) && code !== 'EPROTO';
}

function late(address: Address, timeout: number): TransportClosed {
  const text = `nobody answered at ${escapeText(formatAddress(address))} within ${timeout} ms`;
  return new TransportClosed(text, {kind: 'heartbeat'});
}

function aborted(address: Address, cause: unknown): ContextCancelled {
  const text = `connecting to ${escapeText(formatAddress(address))} was cancelled (requested)`;
  return new ContextCancelled(text, {canceller: undefined, reason: 'requested', cause});
}
