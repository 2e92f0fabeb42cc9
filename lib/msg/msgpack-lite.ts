/**
 * Writes MessagePack with msgpack-lite: the content of the values that `writer` does not write itself.
 * Floor 1: above `encoded`, below `encoder`, which makes the values plain that it gets. The specs compare with it what `writer`
 * writes.
 */
import {requireDependency} from '../base/dependency.js';
import {binaryHeader, Encoded} from './encoded.js';

/** The part of msgpack-lite that is used here. */
interface MsgpackLite {
  createCodec(): LiteCodec;
}
interface LiteBuffers {
  readonly EncodeBuffer: new (options: {codec: LiteCodec}) => LiteBuffer;
}
interface LiteBuffer {
  write(value: unknown): void;
  /** The bytes that were written since the last call. */
  read(): Buffer;
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

/** The bytes of a plain value (see `encoder`), in memory that nobody writes again. The library is loaded at the first call. */
export function encodePlain(plain: unknown): Uint8Array {
  encode ??= loadEncode();
  return encode(plain);
}
let encode: ((plain: unknown) => Uint8Array) | undefined;

function loadEncode(): (plain: unknown) => Uint8Array {
  // This entry leaves out the streams, which would take as long to load as the rest.
  const {createCodec} = requireDependency('msgpack-lite/lib/browser') as MsgpackLite;
  const {EncodeBuffer} = requireDependency('msgpack-lite/lib/encode-buffer') as LiteBuffers;
  const codec = createCodec();
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

  let buffer: LiteBuffer | undefined;
  return plain => {
    // `encode` of the library takes 2 KiB for each value. That took 3 times as long for a small Map.
    const writing = buffer ?? new EncodeBuffer({codec});
    // One that has thrown holds the beginning of a value.
    buffer = undefined;
    writing.write(plain);
    buffer = writing;
    return writing.read();
  };
}

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
