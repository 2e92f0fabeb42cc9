/**
 * What a `tls:` road asks for: certificates of both sides, and nothing older than TLS 1.3. And when a `tcp:` one is refused.
 * Floor 2: between `address` and the two that open roads, `listener` and `connect`.
 */
import type {ConnectionOptions, TlsOptions as ServerOptions} from 'node:tls';
import {type Address, formatAddress, isLoopback} from './address.js';

/** PEM. Both ends show a certificate that `ca` has signed; that of the listening end is for the host in the address. */
export interface TlsOptions {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly ca: string | Buffer | readonly (string | Buffer)[];
}

export function serverOptions(tls: TlsOptions): ServerOptions {
  return {...common(tls), requestCert: true};
}

export function clientOptions(tls: TlsOptions): ConnectionOptions {
  return common(tls);
}

/** Without `ca` Node would trust what every browser trusts: anybody with a certificate. */
function common({cert, key, ca}: TlsOptions) {
  return {
    cert,
    key,
    ca: Array.isArray(ca) ? [...(ca as (string | Buffer)[])] : (ca as string | Buffer),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
  } as const;
}

/** @throws TypeError for a plain road that others could reach or read, and for a `tls:` one without certificates */
export function checkRoad(address: Address, tls: TlsOptions | undefined): void {
  const text = formatAddress(address);
  if (address.kind === 'tls') {
    const missing = (['cert', 'key', 'ca'] as const).filter(name => !tls?.[name]?.length);
    if (missing.length > 0) throw new TypeError(`${text} needs certificates: tls: {cert, key, ca}; without ${missing}`);
  } else if (!isLoopback(address)) throw exposed(text);
}

export function exposed(text: string): TypeError {
  return new TypeError(
    `${text} is refused: others could reach it, and read and change what passes in the clear. ` +
      'Use tcp://127.0.0.1:port within this host, or tls://host:port with tls: {cert, key, ca}',
  );
}
