/**
 * Writes MessagePack with msgpack-lite: the reference library, which is always installed.
 * Floor 1: one of the two libraries below `codec`. It gets plain values only, as `encoder` makes them.
 */
import {requireDependency} from '../base/dependency.js';
import {binaryHeader, Encoded} from './encoded.js';
import type {Library} from './library.js';

/** The part of msgpack-lite that is used here. */
interface MsgpackLite {
  createCodec(): LiteCodec;
  encode(value: unknown, options: {codec: LiteCodec}): Buffer;
}
interface LiteCodec {
  /** Called for every value, also by the library itself. */
  encode(encoder: LiteEncoder, value: unknown): void;
}
interface LiteEncoder {
  buffer: Buffer;
  /** Makes room in `buffer` and returns its offset. */
  reserve(length: number): number;
  /** Writes bytes. */
  send(bytes: Uint8Array): void;
}

export function loadMsgpackLite(): Library {
  // This entry leaves out the streams, which would take as long to load as the rest.
  const lite = requireDependency('msgpack-lite/lib/browser') as MsgpackLite;
  const codec = lite.createCodec();
  const encodeAtom = codec.encode;
  codec.encode = (encoder, value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) encodeAtom(encoder, value);
    else if (value instanceof Encoded) sendEncoded(encoder, value);
    else if (value instanceof Uint8Array) sendBinary(encoder, value);
    else encodeRecord(encoder, value as Record<string, unknown>);
  };

  // The library itself would look at `constructor` and at `_isUint64BE`, which are keys like any other in a message.
  function encodeRecord(encoder: LiteEncoder, record: Record<string, unknown>): void {
    const keys = Object.keys(record);
    const {length} = keys;
    if (length < 16) writeHeader(encoder, [0x80 | length]);
    else if (length <= 0xffff) writeHeader(encoder, [0xde, length >>> 8, length & 0xff]);
    else writeHeader(encoder, [0xdf, 0, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]);
    for (const key of keys) {
      codec.encode(encoder, key);
      codec.encode(encoder, record[key]);
    }
  }

  return {
    name: 'msgpack-lite',
    encode(value) {
      const bytes = lite.encode(value, {codec});
      // The library takes 2 KiB for each message, which a message that waits would keep alive.
      return bytes.length < smallBytes ? Buffer.from(bytes) : bytes;
    },
  };
}

/** Messages of fewer bytes are copied into memory of their size. */
const smallBytes = 1_024;

function sendEncoded(encoder: LiteEncoder, encoded: Encoded): void {
  encoded.check();
  encoder.send(encoded.bytes);
  if (encoded.payload) encoder.send(encoded.payload);
}

/** The library itself writes a longer header than needed for 255 bytes. */
function sendBinary(encoder: LiteEncoder, bytes: Uint8Array): void {
  writeHeader(encoder, binaryHeader(bytes.length));
  encoder.send(bytes);
}

function writeHeader(encoder: LiteEncoder, header: readonly number[]): void {
  const at = encoder.reserve(header.length);
  encoder.buffer.set(header, at);
}
