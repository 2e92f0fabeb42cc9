/**
 * The extension types: the JavaScript values that MessagePack has no type for, each with its pinned number.
 * Floor 1: below `encoder` (which packs them) and `reader` (which unpacks them); no library is involved.
 */
import {ProtocolError} from '../base/errors.js';
import {limits} from './limits.js';

/** On the wire for ever: a number is never given to another type. */
export const Ext = {
  /** The timestamp of the MessagePack specification, -1. */
  Date: 0xff,
  Undefined: 1,
  BigInt: 2,
  Map: 3,
  Set: 4,
  RegExp: 5,
  Error: 6,
  URL: 7,
  /** A string with a lone surrogate, which UTF-8 cannot carry: UTF-16, little-endian. */
  Text16: 8,
  ArrayBuffer: 16,
  DataView: 17,
  Int8Array: 18,
  Uint8ClampedArray: 19,
  Int16Array: 20,
  Uint16Array: 21,
  Int32Array: 22,
  Uint32Array: 23,
  Float32Array: 24,
  Float64Array: 25,
  BigInt64Array: 26,
  BigUint64Array: 27,
} as const;

/** A container of MessagePack values, in an extension. */
export const isNested = (type: number): boolean =>
  type === Ext.Map || type === Ext.Set || type === Ext.RegExp || type === Ext.Error;

/** How many small objects a value weighs at the receiver, beyond itself: three bytes may ask for a Map. */
export function weightOf(type: number): number {
  switch (type) {
    case Ext.Undefined:
    case Ext.BigInt:
    case Ext.Text16:
      return 0;
    case Ext.Date:
      return 1;
    case Ext.URL:
      return 8;
    case Ext.Error:
      return 16;
    default:
      return 4;
  }
}
/** Of a Uint8Array, which is no extension. */
export const binaryWeight = 4;

/** One whole MessagePack value, encoded already: the libraries write it as it is. */
export class Ready {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** The bytes of an extension value. */
export function extension(type: number, payload: Uint8Array): Ready {
  const {length} = payload;
  const fixed = fixedHeaders[length];
  return new Ready(join(fixed === undefined ? [...sized(0xc7, length), type] : [fixed, type], payload));
}
const fixedHeaders: Readonly<Record<number, number>> = {1: 0xd4, 2: 0xd5, 4: 0xd6, 8: 0xd7, 16: 0xd8};

/** The bytes of a binary value. */
export const binary = (bytes: Uint8Array): Uint8Array => join(binaryHeader(bytes.length), bytes);
export const binaryHeader = (length: number): readonly number[] => sized(0xc4, length);

/** A token and a length; the tokens for one, two and four bytes follow one another. */
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

export const readyUndefined = extension(Ext.Undefined, Uint8Array.of(0));
/** A float, so that its sign arrives: both libraries would write the integer 0. */
export const readyNegativeZero = new Ready(Uint8Array.of(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0));

/** In Node 20, and not yet in our library of types. */
const {isWellFormed, toWellFormed} = String.prototype as unknown as {
  isWellFormed(this: string): boolean;
  toWellFormed(this: string): string;
};

/** Whether UTF-8 can carry it: a lone surrogate would arrive as U+FFFD. */
export const isPlainText = (text: string): boolean => isWellFormed.call(text);

/** What a terminal shows of it. */
export const wellFormed = (text: string): string => toWellFormed.call(text);

export const readyText16 = (text: string): Ready => extension(Ext.Text16, Buffer.from(text, 'utf16le'));

/** @returns undefined when it has too many digits */
export function readyBigInt(value: bigint): Ready | undefined {
  if (BigInt.asIntN(64, value) === value) {
    const short = Buffer.allocUnsafe(8);
    short.writeBigInt64BE(value);
    return extension(Ext.BigInt, short);
  }
  if (BigInt.asIntN(limits.bigintBytes * 8, value) !== value) return undefined;
  const digits = (value < 0n ? ~value : value).toString(16).length;
  // Two's complement in whole words, with room for the sign.
  const words = Math.floor(digits / 16) + 1;
  const hex = BigInt.asUintN(words * 64, value).toString(16);
  return extension(Ext.BigInt, Buffer.from(hex.padStart(words * 16, '0'), 'hex'));
}

export function readyDate(milliseconds: number): Ready {
  if (Number.isNaN(milliseconds)) return extension(Ext.Date, Uint8Array.of(0xff));
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
  return extension(Ext.Date, payload);
}

interface View {
  readonly BYTES_PER_ELEMENT?: number;
  readonly prototype: object;
  new (buffer: ArrayBuffer): ArrayBufferView;
}
const views: readonly (readonly [type: number, View: View])[] = [
  [Ext.DataView, DataView],
  [Ext.Int8Array, Int8Array],
  [Ext.Uint8ClampedArray, Uint8ClampedArray],
  [Ext.Int16Array, Int16Array],
  [Ext.Uint16Array, Uint16Array],
  [Ext.Int32Array, Int32Array],
  [Ext.Uint32Array, Uint32Array],
  [Ext.Float32Array, Float32Array],
  [Ext.Float64Array, Float64Array],
  [Ext.BigInt64Array, BigInt64Array],
  [Ext.BigUint64Array, BigUint64Array],
];
const viewByType = new Map(views);
const typeByPrototype = new Map<unknown, number>(views.map(([type, View]) => [View.prototype, type]));
/** The wire has the byte order of every platform that Node supports but one. */
export const canSendViews = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The extension number of a typed array or DataView by its prototype, else undefined. */
export const viewType = (prototype: unknown): number | undefined => typeByPrototype.get(prototype);

export function readyView(type: number, view: ArrayBufferView): Ready {
  return extension(type, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

/** The value of an extension whose payload is no MessagePack. @throws ProtocolError when the payload is not of its form */
export function unpackLeaf(type: number, payload: Uint8Array): unknown {
  switch (type) {
    case Ext.Undefined:
      if (payload.length !== 1) break;
      return undefined;
    case Ext.BigInt:
      if (payload.length === 0 || payload.length % 8 !== 0 || payload.length > limits.bigintBytes + 8) break;
      return BigInt.asIntN(payload.length * 8, BigInt(`0x${asBuffer(payload).toString('hex')}`));
    case Ext.Date:
      return unpackDate(asBuffer(payload));
    case Ext.URL:
      if (payload.length > limits.patternBytes) break;
      try {
        return new URL(asBuffer(payload).toString());
      } catch {
        break;
      }
    case Ext.Text16: {
      const text = asBuffer(payload).toString('utf16le');
      if (payload.length % 2 !== 0 || isPlainText(text)) break;
      return text;
    }
    case Ext.ArrayBuffer:
      return new Uint8Array(payload).buffer;
    default: {
      const View = viewByType.get(type);
      if (View === undefined) throw new ProtocolError(`an extension of unknown type ${type} arrived`);
      if (payload.length % (View.BYTES_PER_ELEMENT ?? 1) !== 0) break;
      return new View(new Uint8Array(payload).buffer);
    }
  }
  throw malformed(type);
}

export const malformed = (type: number): ProtocolError =>
  new ProtocolError(`a malformed extension of type ${type} arrived`);

function unpackDate(payload: Buffer): Date {
  if (payload.length === 1) return new Date(Number.NaN);
  let seconds: number;
  let nanoseconds = 0;
  if (payload.length === 4) seconds = payload.readUInt32BE();
  else if (payload.length === 8) {
    // 30 bits of nanoseconds, 34 of seconds.
    const high = payload.readUInt32BE();
    nanoseconds = high >>> 2;
    seconds = (high & 3) * 2 ** 32 + payload.readUInt32BE(4);
  } else if (payload.length === 12) {
    nanoseconds = payload.readUInt32BE();
    seconds = Number(payload.readBigInt64BE(4));
  } else throw malformed(Ext.Date);
  const date = new Date(seconds * 1000 + nanoseconds / 1_000_000);
  // A finer or farther time than a Date can tell would be changed in silence.
  if (nanoseconds > 999_999_999 || nanoseconds % 1_000_000 !== 0 || Number.isNaN(date.getTime()))
    throw malformed(Ext.Date);
  return date;
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
