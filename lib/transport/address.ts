/**
 * The address at which an actor listens, as a URL: `unix:/absolute/path`, `tcp://host:port`, `tls://host:port`.
 * Floor 2: pure functions; below `listener` and `connect`.
 */
import {isIP, isIPv4, isIPv6} from 'node:net';

export type Address = UnixAddress | NetworkAddress;

export interface UnixAddress {
  readonly kind: 'unix';
  /** The absolute path as the system knows it. It is not URL-decoded. */
  readonly path: string;
}

export interface NetworkAddress {
  readonly kind: 'tcp' | 'tls';
  /** A host name or an IP address. An IPv6 address stands here without its brackets. */
  readonly host: string;
  /** The port. For a listener, 0 lets the system choose one. */
  readonly port: number;
}

/**
 * Maximum length in bytes of the path of a Unix socket, without the closing zero, because the system has room for no more.
 * Node cuts a longer path without an error, so two long paths that begin alike would be the same socket.
 */
export const maxPathBytes = process.platform === 'darwin' ? 103 : 107;

/** Reads an address. @throws TypeError that says what is wrong with the text */
export function parseAddress(text: string): Address {
  if (typeof text !== 'string') throw new TypeError(`an address is a text like ${forms}, not ${typeof text}`);
  if (text.startsWith('unix:')) return {kind: 'unix', path: parsePath(text, text.slice('unix:'.length))};
  const kind = /^(tcp|tls):\/\//.exec(text)?.[1] as NetworkAddress['kind'] | undefined;
  if (kind === undefined) throw addressError(text, `an address begins as one of ${forms}`);
  const [, bracketed, bare, digits] = /^\w+:\/\/(?:\[([^\]]*)\]|([^:/?#@[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? bare;
  if (host === undefined) throw addressError(text, `it is not ${kind}://host:port; an IPv6 address stands in brackets`);
  if (digits === undefined) throw addressError(text, 'it has no port');
  if (Number(digits) > 65_535) throw addressError(text, 'a port is a number from 0 to 65535');
  if (bracketed === undefined) checkHost(text, host);
  else if (!isIPv6(bracketed)) throw addressError(text, 'what stands in brackets is no IPv6 address');
  return {kind, host, port: Number(digits)};
}

export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const {kind, host, port} = address;
  return `${kind}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Whether only processes of this host can reach the address. This is always true for a Unix socket. */
export function isLoopback(address: Address): boolean {
  return address.kind === 'unix' || isLoopbackHost(address.host);
}

/**
 * Whether a host is `localhost`, or an IP address of the host itself. Another name is not a loopback host, because a resolver
 * decides what it means.
 */
export function isLoopbackHost(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  if (isIPv6(host)) return /^(0{0,4}:)+0{0,3}1$/.test(host) || /^::ffff:127\./i.test(host);
  return host.toLowerCase() === 'localhost';
}

const forms = 'unix:/path, tcp://host:port, tls://host:port';

const addressError = (text: string, why: string): TypeError =>
  new TypeError(`${JSON.stringify(text)} is no address: ${why}`);

/** Reads the path of a Unix socket. `unix:///path` is the same as `unix:/path`. */
function parsePath(text: string, rest: string): string {
  if (/^\/\/[^/]/.test(rest)) throw addressError(text, 'a Unix socket has no host: write unix:/absolute/path');
  const path = rest.replace(/^\/+/, '/');
  if (!path.startsWith('/')) throw addressError(text, 'the path of a Unix socket is absolute');
  if (path.endsWith('/')) throw addressError(text, 'the path of a Unix socket names a file, not a folder');
  if (path.includes('\0')) throw addressError(text, 'a path has no zero character');
  checkPathLength(path);
  return path;
}

/** @throws TypeError for a path that is longer than the system allows. The limit counts bytes, not characters. */
export function checkPathLength(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > maxPathBytes) {
    throw new TypeError(
      `${JSON.stringify(path)} is too long for a Unix socket: it has ${bytes} bytes, ${maxPathBytes} are allowed`,
    );
  }
}

/**
 * Checks a host that is not an IPv6 address in brackets. A text that resolvers take for a number (`0`, `127.1`, `0x7f.1`) is
 * refused, because a reader would not see which address it means.
 */
function checkHost(text: string, host: string): void {
  if (host === '') throw addressError(text, 'it has no host; 127.0.0.1 is this host');
  if (isIP(host)) return;
  if (host.length > 253 || !/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(host))
    throw addressError(text, 'its host is neither a name nor an IP address');
  if (/(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(host)) throw addressError(text, 'its host is a number, but no IPv4 address');
}
