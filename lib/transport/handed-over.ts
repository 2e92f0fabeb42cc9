/**
 * A connection that the daemon of a host hands over to the process of an actor, which then speaks TLS on it with a key of its own.
 * Floor 2: beside `connect`. The daemon never sees what passes, and no code of a user holds the key of the host.
 *
 * The connecting end sends 20 bytes: a mark, and the ticket that names the actor. When the process has the connection, one byte comes
 * back, and TLS begins. TLS itself begins otherwise, so that the daemon tells both kinds of connections by their first byte.
 */
import {connect, type Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {connect as connectTls, TLSSocket} from 'node:tls';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../base/errors.js';
import {platform} from '../base/platform.js';
import {maxFrameBytes} from '../msg/frame.js';
import {formatAddress, type NetworkAddress} from './address.js';
import {SocketTransport} from './socket.js';
import type {Transport} from './transport.js';

const mark = Buffer.from('RXA1');
const ticketBytes = 16;
export const prologueBytes = mark.length + ticketBytes;
const keyBytes = 32;
/** The byte by which the process says that it has the connection. */
export const taken = Buffer.from([1]);
/** The key exchange of each connection is new, so that a key that becomes known later opens no recorded connection. */
const ciphers = 'TLS_AES_128_GCM_SHA256:PSK';

export const newTicket = (): string => Buffer.from(platform.randomBytes(ticketBytes)).toString('hex');
export const newKey = (): Uint8Array => platform.randomBytes(keyBytes);

export const isTicket = (text: string): boolean => text.length === 2 * ticketBytes && /^[0-9a-f]*$/.test(text);
export const isKey = (bytes: Uint8Array): boolean => bytes.length === keyBytes;

/** Whether a connection that begins with this byte is to be handed over. */
export const isHandedOver = (first: number): boolean => first === mark[0];

/** The ticket in a prologue. Undefined for other bytes. */
export function ticketIn(prologue: Buffer): string | undefined {
  const isOne = prologue.length === prologueBytes && prologue.subarray(0, mark.length).equals(mark);
  return isOne ? prologue.subarray(mark.length).toString('hex') : undefined;
}

/** In the process: the channel over the descriptor that it has inherited. */
export function acceptHandedOver(socket: Duplex, ticket: string, key: Uint8Array): Transport {
  const tls = new TLSSocket(
    socket as Socket,
    {
      isServer: true,
      minVersion: 'TLSv1.3',
      ciphers,
      pskCallback: (_socket: TLSSocket, identity: string) => (identity === ticket ? Buffer.from(key) : null),
    } as ConstructorParameters<typeof TLSSocket>[1],
  );
  return new SocketTransport(tls, {maxFrameBytes});
}

/** A connection that the parent has opened for an actor on another host. */
export interface OpenedConnection {
  /** Resolves when the process has it. Rejects with TransportClosed when it breaks off before. */
  readonly taken: Promise<void>;
  /** Begins TLS. Called after `taken`. */
  secure(key: Uint8Array, timeout: number): Promise<Transport>;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
  destroy(): void;
}

export function openHandedOver(address: NetworkAddress, ticket: string): OpenedConnection {
  return askHandedOver(
    connect({host: address.host, port: address.port, noDelay: true}),
    formatAddress(address),
    ticket,
  );
}

/** Asks for a connection that is there, or is about to be, to be handed over. @param where whom it leads to, for texts */
export function askHandedOver(socket: Duplex, where: string, ticket: string): OpenedConnection {
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()));
  const hasTaken = new Promise<void>((resolve, reject) => {
    const failed = (cause?: Error): void =>
      reject(
        new TransportClosed(`${where} has not given its connection to the actor${cause ? `: ${cause.message}` : ''}`, {
          kind: 'reset',
          cause,
        }),
      );
    socket.on('error', failed);
    socket.once('close', () => failed());
    socket.once('data', () => {
      socket.pause();
      resolve();
    });
  });
  hasTaken.catch(() => {});
  socket.write(Buffer.concat([mark, Buffer.from(ticket, 'hex')]));
  return {
    taken: hasTaken,
    secure: (key, timeout) => secure(socket, where, ticket, key, timeout),
    ended,
    destroy: () => void socket.destroy(),
  };
}

function secure(socket: Duplex, where: string, ticket: string, key: Uint8Array, timeout: number): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const tls = connectTls({
      socket: socket as Socket,
      minVersion: 'TLSv1.3',
      ciphers,
      pskCallback: () => ({psk: Buffer.from(key), identity: ticket}),
      // Both ends have proved that they know the key. There are no certificates.
      checkServerIdentity: () => undefined,
    });
    const settle = (error?: Error): void => {
      stop();
      if (!error) return resolve(new SocketTransport(tls, {maxFrameBytes}));
      tls.on('error', () => {});
      tls.destroy();
      reject(error);
    };
    const refused = (cause?: Error): void =>
      settle(
        new HandshakeRejected(`the actor at ${where} has not proved that it knows its key`, {reason: 'secret', cause}),
      );
    const closed = (): void => refused();
    const stop = plainClock.deadline(timeout, closed);
    tls.once('error', refused).once('close', closed);
    tls.once('secureConnect', () => {
      tls.off('error', refused).off('close', closed);
      settle();
    });
  });
}
