/**
 * The credentials that an actor uses in handshakes: who it is, and the secret or the certificates that prove it.
 * Floor 3: below `connect-to-actor` and `listen-for-actors`.
 */
import type {ActorId} from '../base/actor-id.js';
import type {Codec} from '../msg/codec.js';
import {type Address, formatAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {checkSecret} from './handshake/proof.js';

export interface Credentials {
  /** The actor of this side. */
  readonly self: ActorId;
  readonly codec: Codec;
  /** At least 16 bytes. Undefined only for a `tls:` address, because there the certificates prove who the peer is. */
  readonly secret: Uint8Array | undefined;
  /** The certificates; for a `tls:` address only. */
  readonly tls?: TlsOptions | undefined;
}

/** @throws TypeError without a secret for an address that needs one, and for a secret that is too short */
export function checkCredentials(address: Address, {secret}: Credentials): void {
  if (secret) checkSecret(secret);
  else if (address.kind !== 'tls')
    throw new TypeError(`${formatAddress(address)} needs a secret: whoever reaches it could say that it is an actor`);
}
