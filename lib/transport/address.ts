/**
 * Where an actor listens, as a URL: `unix:/absolute/path`, `tcp://host:port`, `tls://host:port`.
 * Floor 2: pure; below `listener` and `connect`.
 */
import {isIP, isIPv4, isIPv6} from 'node:net';

export type Address = UnixAddress | NetworkAddress;

export interface UnixAddress {
  readonly kind: 'unix';
  /** Absolute, as the system has it: nothing in it is decoded. */
  readonly path: string;
}

export interface NetworkAddress {
  readonly kind: 'tcp' | 'tls';
  /** A name or an IP address; that of version 6 without its brackets. */
  readonly host: string;
  /** 0 lets the system choose where one listens. */
  readonly port: number;
}

/**
 * What the system has room for, its closing zero taken off. Node cuts a longer path in silence, and two paths that
 * begin alike would be the same socket.
 */
export const maxPathBytes = process.platform === 'darwin' ? 103 : 107;

/** @throws TypeError that says what is wrong */
export function parseAddress(text: string): Address {
  if (typeof text !== 'string') throw new TypeError(`an address is a text like ${forms}, not ${typeof text}`);
  if (text.startsWith('unix:')) return {kind: 'unix', path: parsePath(text, text.slice('unix:'.length))};
  const kind = /^(tcp|tls):\/\//.exec(text)?.[1] as NetworkAddress['kind'] | undefined;
  if (kind === undefined) throw fault(text, `an address begins as one of ${forms}`);
  const [, bracketed, bare, digits] = /^\w+:\/\/(?:\[([^\]]*)\]|([^:/?#@[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? bare;
  if (host === undefined) throw fault(text, `it is not ${kind}://host:port; an IPv6 address stands in brackets`);
  if (digits === undefined) throw fault(text, 'it has no port');
  if (Number(digits) > 65_535) throw fault(text, 'a port is a number from 0 to 65535');
  if (bracketed === undefined) checkHost(text, host);
  else if (!isIPv6(bracketed)) throw fault(text, 'what stands in brackets is no IPv6 address');
  return {kind, host, port: Number(digits)};
}

export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const {kind, host, port} = address;
  return `${kind}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Whether only this host can reach it: always so for a Unix socket. */
export function isLoopback(address: Address): boolean {
  return address.kind === 'unix' || isLoopbackHost(address.host);
}

/** `localhost`, or an IP address of the host itself. Other names mean what a resolver says: they do not count. */
export function isLoopbackHost(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  if (isIPv6(host)) return /^(0{0,4}:)+0{0,3}1$/.test(host) || /^::ffff:127\./i.test(host);
  return host.toLowerCase() === 'localhost';
}

const forms = 'unix:/path, tcp://host:port, tls://host:port';

const fault = (text: string, why: string): TypeError => new TypeError(`${JSON.stringify(text)} is no address: ${why}`);

/** `unix:///path` is the same as `unix:/path`. */
function parsePath(text: string, rest: string): string {
  if (/^\/\/[^/]/.test(rest)) throw fault(text, 'a Unix socket has no host: write unix:/absolute/path');
  const path = rest.replace(/^\/+/, '/');
  if (!path.startsWith('/')) throw fault(text, 'the path of a Unix socket is absolute');
  if (path.endsWith('/')) throw fault(text, 'the path of a Unix socket names a file, not a folder');
  if (path.includes('\0')) throw fault(text, 'a path has no zero character');
  checkPathLength(path);
  return path;
}

/** @throws TypeError where the system would not take the path whole. Bytes count, not characters. */
export function checkPathLength(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > maxPathBytes) {
    throw new TypeError(
      `${JSON.stringify(path)} is too long for a Unix socket: it has ${bytes} bytes, ${maxPathBytes} are allowed`,
    );
  }
}

/** What resolvers take for a number (`0`, `127.1`, `0x7f.1`) is refused: it would mean an address that nobody reads in it. */
function checkHost(text: string, host: string): void {
  if (host === '') throw fault(text, 'it has no host; 127.0.0.1 is this host');
  if (isIP(host)) return;
  if (host.length > 253 || !/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(host))
    throw fault(text, 'its host is neither a name nor an IP address');
  if (/(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(host)) throw fault(text, 'its host is a number, but no IPv4 address');
}
