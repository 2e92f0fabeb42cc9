/**
 * Whole MessagePack values as bytes, for what the libraries cannot write or write in another form.
 * Floor 1: above `extensions`, below `encoder` and `codec`; `unpack` reads the same bytes.
 */
import {Ext} from './extensions.js';
import {limits} from './limits.js';

/**
 * One whole MessagePack value, encoded already: the libraries write it as it is. A long payload stays where it is until then, so
 * that it is copied once.
 */
export class Encoded {
  /** The value, or the part of it before `payload`. */
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array | undefined;
  readonly length: number;

  constructor(bytes: Uint8Array, payload?: Uint8Array) {
    this.bytes = bytes;
    this.payload = payload;
    this.length = bytes.length + (payload?.length ?? 0);
  }

  /** Throws when code of the user has taken the memory away since its length was written into the header. */
  check(): void {
    if (this.bytes.length + (this.payload?.length ?? 0) !== this.length)
      throw new Error('memory was given away, or resized, while the value was read');
  }

  writeTo(target: Uint8Array, at: number): void {
    target.set(this.bytes, at);
    if (this.payload) target.set(this.payload, at + this.bytes.length);
  }

  /** All bytes, in memory that nobody writes again. */
  toBytes(): Uint8Array {
    this.check();
    // Short bytes may be a constant of this file, which nobody must write.
    if (!this.payload && this.length >= 16) return this.bytes;
    const all = Buffer.allocUnsafe(this.length);
    this.writeTo(all, 0);
    return all;
  }
}

/** The bytes of a value, in one piece of memory or in two. */
export type Bytes = Uint8Array | Encoded;

export function partsOf(bytes: Bytes): readonly Uint8Array[] {
  if (bytes instanceof Uint8Array) return [bytes];
  return bytes.payload ? [bytes.bytes, bytes.payload] : [bytes.bytes];
}

/** The bytes of an extension value. */
export function encodeExtension(type: number, payload: Uint8Array): Encoded {
  const {length} = payload;
  const fixed = fixedHeaders[length];
  const header = fixed === undefined ? [...sized(0xc7, length), type] : [fixed, type];
  return length < longPayload ? new Encoded(join(header, payload)) : new Encoded(Uint8Array.from(header), payload);
}
const fixedHeaders: Readonly<Record<number, number>> = {1: 0xd4, 2: 0xd5, 4: 0xd6, 8: 0xd7, 16: 0xd8};
/** From this length on a payload is kept beside its header, because its bytes are copied once more when the message is put together. */
const longPayload = 256;

/** The bytes of a binary value, copied. */
export const encodeBinary = (bytes: Uint8Array): Uint8Array => join(binaryHeader(bytes.length), bytes);
/** The same with the binary left where it is. */
export const wrapBinary = (bytes: Uint8Array): Encoded =>
  new Encoded(Uint8Array.from(binaryHeader(bytes.length)), bytes);
export const binaryHeader = (length: number): readonly number[] => sized(0xc4, length);

/** A token and a length. The tokens for lengths of one, two and four bytes follow one another. */
function sized(token: number, length: number): readonly number[] {
  if (length <= 0xff) return [token, length];
  if (length <= 0xffff) return [token + 1, length >>> 8, length & 0xff];
  return [token + 2, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff];
}

function join(header: readonly number[], payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}

export const encodedUndefined = encodeExtension(Ext.Undefined, Uint8Array.of(0));
/** A float, so that its sign arrives: both libraries would write the integer 0. */
export const encodedNegativeZero = new Encoded(Uint8Array.of(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0));

/** A text that UTF-8 cannot carry. */
export const encodeText16 = (text: string): Encoded => encodeExtension(Ext.Text16, Buffer.from(text, 'utf16le'));

/** Undefined when the number has too many digits. */
export function encodeBigInt(value: bigint): Encoded | undefined {
  if (BigInt.asIntN(64, value) === value) {
    const short = Buffer.allocUnsafe(8);
    short.writeBigInt64BE(value);
    return encodeExtension(Ext.BigInt, short);
  }
  if (BigInt.asIntN(limits.bigintBytes * 8, value) !== value) return undefined;
  const digits = (value < 0n ? ~value : value).toString(16).length;
  // Two's complement in whole words, with room for the sign.
  const words = Math.floor(digits / 16) + 1;
  const hex = BigInt.asUintN(words * 64, value).toString(16);
  return encodeExtension(Ext.BigInt, Buffer.from(hex.padStart(words * 16, '0'), 'hex'));
}

/** The shortest of the three forms that the MessagePack specification has for a timestamp. One byte for an invalid date. */
export function encodeDate(milliseconds: number): Encoded {
  if (Number.isNaN(milliseconds)) return encodeExtension(Ext.Date, Uint8Array.of(0xff));
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = (milliseconds - seconds * 1000) * 1_000_000;
  const inUint34 = seconds >= 0 && seconds < 2 ** 34;
  const payload = Buffer.alloc(!inUint34 ? 12 : nanoseconds === 0 && seconds < 2 ** 32 ? 4 : 8);
  if (payload.length === 4) payload.writeUInt32BE(seconds);
  else if (payload.length === 8) payload.writeBigUInt64BE((BigInt(nanoseconds) << 34n) | BigInt(seconds));
  else {
    payload.writeUInt32BE(nanoseconds);
    payload.writeBigInt64BE(BigInt(seconds), 4);
  }
  return encodeExtension(Ext.Date, payload);
}
