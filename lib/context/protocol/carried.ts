/**
 * The pairs that travel with a call, as bytes of its Start.
 * Floor 4, room `protocol`: `call` writes it, `actor/dispatch` reads it. It is a value in bytes within the payload, so that a
 * receiver that does not trust its peer reads none of it.
 */
import type {CarriedPair} from '../../base/carry.js';
import {ProtocolError, retold, Unserializable} from '../../base/errors.js';
import type {Codec} from '../../msg/codec.js';
import {RegisteredFaults} from '../../msg/registered.js';

/** Maximum bytes of all carriers of a call. */
const maxBytes = 4_096;

/** @throws Unserializable that names the carrier, for a value that cannot cross and for more bytes than may travel */
export function encodeCarried(codec: Codec, pairs: readonly CarriedPair[], of: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = codec.encode(pairs, '');
  } catch (error) {
    if (!(error instanceof Unserializable)) throw error;
    const [, index, , ...within] = error.path;
    throw retold(error, ['carrier', pairs[Number(index)]?.[0] ?? '', ...within], of);
  }
  if (bytes.length <= maxBytes) return bytes;
  const [name] = largest(codec, pairs);
  const what = `the carriers of a call have ${maxBytes} bytes together, and these have ${bytes.length}`;
  throw new Unserializable(what, {path: ['carrier', name], of});
}

function largest(codec: Codec, pairs: readonly CarriedPair[]): CarriedPair {
  const sizes = pairs.map(pair => codec.encode(pair).length);
  return pairs[sizes.indexOf(Math.max(...sizes))] as CarriedPair;
}

/**
 * The pairs that came with a Start. A value of a registered type that cannot be made here is undefined.
 *
 * @throws ProtocolError for bytes that are not a list of pairs
 */
export function decodeCarried(codec: Codec, bytes: unknown): readonly CarriedPair[] {
  if (!(bytes instanceof Uint8Array) || bytes.length > maxBytes)
    throw new ProtocolError('a call arrived whose carriers are not a few bytes');
  const pairs = codec.decode(bytes, new RegisteredFaults().unpack);
  if (!Array.isArray(pairs) || !pairs.every(isPair))
    throw new ProtocolError('a call arrived whose carriers are not a list of pairs');
  return pairs;
}

function isPair(pair: unknown): pair is CarriedPair {
  return Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string';
}
