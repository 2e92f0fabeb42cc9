/**
 * The TLS of a connection: certificates of both sides, and no version before 1.3. Also decides which address is safe enough.
 * Floor 2: above `address`; below `listener` and `connect`, which open connections.
 */
import type {ConnectionOptions, TlsOptions as ServerOptions} from 'node:tls';
import {type Address, formatAddress, isLoopback} from './address.js';

/**
 * Certificates for `tls:` addresses, each as PEM. Both ends show a certificate that an authority in `ca` has signed. The
 * certificate of the listening end must be for the host in the address.
 */
export interface TlsOptions {
  /** The certificate that this side shows, with intermediate certificates behind it if there are any. */
  readonly cert: string | Buffer;
  /** The private key of `cert`. */
  readonly key: string | Buffer;
  /** The certificate of the authority, or of each authority, that this side trusts. No other authority is trusted. */
  readonly ca: string | Buffer | readonly (string | Buffer)[];
}

export function serverOptions(tls: TlsOptions): ServerOptions {
  return {...common(tls), requestCert: true};
}

export function clientOptions(tls: TlsOptions): ConnectionOptions {
  return common(tls);
}

/** Options of both sides. `ca` is always set: without it Node would trust every public authority, and so almost anybody. */
function common({cert, key, ca}: TlsOptions) {
  return {
    cert,
    key,
    ca: Array.isArray(ca) ? [...(ca as (string | Buffer)[])] : (ca as string | Buffer),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
  } as const;
}

/** @throws TypeError for an unencrypted address that other hosts could reach, and for a `tls:` address without certificates */
export function checkSafeAddress(address: Address, tls: TlsOptions | undefined): void {
  const text = formatAddress(address);
  if (address.kind === 'tls') {
    const missing = (['cert', 'key', 'ca'] as const).filter(name => !tls?.[name]?.length);
    if (missing.length > 0) throw new TypeError(`${text} needs certificates: tls: {cert, key, ca}; without ${missing}`);
  } else if (!isLoopback(address)) throw unsafeAddressError(text);
}

export function unsafeAddressError(text: string): TypeError {
  return new TypeError(
    `${text} is refused: others could reach it, and read and change what passes in the clear. ` +
      'Use tcp://127.0.0.1:port within this host, or tls://host:port with tls: {cert, key, ca}',
  );
}
