/**
 * The secret that the programs that talk to one another share.
 * Floor 6: read from options, or made for one tree alone.
 */
import {platform} from '../base/platform.js';
import {checkSecret} from '../channel/handshake/proof.js';

/** The bytes of a secret: for a text its UTF-8. @throws TypeError for a secret of another type, or a short one */
export function secretOf(secret: Uint8Array | string): Uint8Array {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array))
    throw new TypeError('a secret is a text or bytes: at least 16 of them, the same at both sides');
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  checkSecret(bytes);
  return bytes;
}

export function newSecret(): Uint8Array {
  return Uint8Array.from(platform.randomBytes(32));
}
