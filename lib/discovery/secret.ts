/**
 * What the programs that talk to one another know, and nobody else.
 * Floor 6: read from options, or made for one tree alone.
 */
import {randomBytes} from 'node:crypto';
import {checkSecret} from '../channel/handshake/proof.js';

/** A text counts by its bytes in UTF-8. @throws TypeError for one that is too short */
export function secretOf(secret: Uint8Array | string): Uint8Array {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array))
    throw new TypeError('a secret is a text or bytes: at least 16 of them, the same at both sides');
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  checkSecret(bytes);
  return bytes;
}

export function newSecret(): Uint8Array {
  return Uint8Array.from(randomBytes(32));
}
