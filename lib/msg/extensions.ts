/**
 * The extension types: the JavaScript values that MessagePack has no type for, each with its pinned number.
 * Floor 1: below `encoded`, which packs them, and `unpack`, which unpacks them.
 */

/** The numbers are on the wire for ever: a number is never given to another type. */
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
  /** A string with a lone surrogate, which UTF-8 cannot carry. It goes as UTF-16, little-endian. */
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
  /** The binary of MessagePack is a Uint8Array. */
  Buffer: 28,
  /** An object without a prototype. Its content is a map of MessagePack. */
  Dictionary: 29,
  /** An instance of a class that users have registered. Its content is the name, and the value that crosses instead of it. */
  Registered: 30,
} as const;

/** Whether an extension contains MessagePack values. The payload of all others is bytes or text. */
export const isNested = (type: number): boolean =>
  type === Ext.Map ||
  type === Ext.Set ||
  type === Ext.RegExp ||
  type === Ext.Error ||
  type === Ext.Dictionary ||
  type === Ext.Registered;

/**
 * How many small objects an extension weighs at the receiver, besides its content. It counts against `limits.nodes`, because
 * three bytes may ask for a Map.
 */
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

/** The weight of a Uint8Array, which is not an extension. */
export const binaryWeight = 4;

interface ViewClass {
  readonly BYTES_PER_ELEMENT?: number;
  readonly prototype: object;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): ArrayBufferView;
}

export const viewClasses: readonly (readonly [type: number, Class: ViewClass])[] = [
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

/** The classes of typed arrays and DataView, by extension number. */
export const viewByType: ReadonlyMap<number, ViewClass> = new Map(viewClasses);

/** Views are sent in the byte order of the wire, which every platform has that Node supports, except one. */
export const canSendViews = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** These methods are in Node 20, and not yet in our library of types. */
const {isWellFormed, toWellFormed} = String.prototype as unknown as {
  isWellFormed(this: string): boolean;
  toWellFormed(this: string): string;
};

/** Whether UTF-8 can carry a text: a lone surrogate would arrive as U+FFFD. */
export const isPlainText = (text: string): boolean => isWellFormed.call(text);

/** The text with U+FFFD for every lone surrogate, as a terminal shows it. */
export const wellFormed = (text: string): string => toWellFormed.call(text);
