/**
 * Reads MessagePack and checks it in the same pass.
 * Floor 1: above `unpack` and `revive`, below `codec`, whichever library wrote the bytes; `gradual-reader` reads with it what lies
 * whole within a piece.
 */
import {isUtf8} from 'node:buffer';
import {ProtocolError} from '../base/errors.js';
import {binaryWeight, Ext, isNested, weightOf} from './extensions.js';
import {limits} from './limits.js';
import {type OnRegistered, withinError} from './registered.js';
import {reviveNode} from './revive.js';
import {isContainer} from './token.js';
import {malformedError, unpackLeaf, unpackNested} from './unpack.js';

/**
 * The one value in the bytes. Nothing in it shares memory with them.
 *
 * @param onRegistered makes the values of registered types
 * @throws ProtocolError, and whatever `onRegistered` throws
 */
export function read(bytes: Uint8Array, onRegistered: OnRegistered): unknown {
  const reader = new Reader(bytes, onRegistered);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new ProtocolError(`${bytes.length - reader.at} bytes follow a value`);
  return value;
}

/** One view for all numbers: with a view for each message, a small object takes 1.5 times as long. */
const float = new DataView(new ArrayBuffer(8));
const floatBytes = new Uint8Array(float.buffer);
/** Keys that were read before, by a hash of their bytes. */
const knownKeys: string[] = Array.from({length: 1024}, () => '');

export class Reader {
  at = 0;
  /** How many values were read, by their weight in memory. */
  nodes = 0;
  #bytes: Uint8Array;
  #buffer: Buffer | undefined;
  /** Makes the values of registered types. */
  onRegistered: OnRegistered;

  constructor(bytes: Uint8Array, onRegistered: OnRegistered) {
    this.#bytes = bytes;
    this.onRegistered = onRegistered;
  }

  /** Reads other bytes from now on, and goes on counting. */
  goOn(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#buffer = undefined;
    this.at = 0;
  }

  value(depth: number): unknown {
    const token = this.#byte();
    if (token < 0x80) return token;
    if (token >= 0xe0) return token - 0x100;
    if (token < 0x90) return this.#map(token & 0x0f, depth);
    if (token < 0xa0) return this.#array(token & 0x0f, depth);
    if (token < 0xc0) return this.#text(token & 0x1f);
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#byte());
      case 0xc5:
        return this.#binary(this.#uint(2));
      case 0xc6:
        return this.#binary(this.#uint(4));
      case 0xc7:
        return this.#extension(this.#byte(), depth);
      case 0xc8:
        return this.#extension(this.#uint(2), depth);
      case 0xc9:
        return this.#extension(this.#uint(4), depth);
      case 0xcb:
        return this.#float();
      case 0xcc:
        return this.#byte();
      case 0xcd:
        return this.#uint(2);
      case 0xce:
        return this.#uint(4);
      case 0xd0:
        return (this.#byte() << 24) >> 24;
      case 0xd1:
        return (this.#uint(2) << 16) >> 16;
      case 0xd2:
        return this.#uint(4) | 0;
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (token - 0xd4), depth);
      case 0xd9:
        return this.#text(this.#byte());
      case 0xda:
        return this.#text(this.#uint(2));
      case 0xdb:
        return this.#text(this.#uint(4));
      case 0xdc:
        return this.#array(this.#uint(2), depth);
      case 0xdd:
        return this.#array(this.#uint(4), depth);
      case 0xde:
        return this.#map(this.#uint(2), depth);
      case 0xdf:
        return this.#map(this.#uint(4), depth);
      default:
        throw new ProtocolError(`a value of unknown form 0x${token.toString(16)} arrived`);
    }
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(length, depth);
    const bytes = this.#bytes;
    // A long array grows with its elements, because a peer could claim any length.
    const array: unknown[] = length <= 1024 ? new Array(length) : [];
    for (let i = 0; i < length; i++) {
      const token = bytes[this.at] as number;
      // The numbers up to 127 are read without a call. Beyond the end of the bytes this is false.
      if (token < 0x80) {
        this.at++;
        array[i] = token;
      } else array[i] = this.value(depth + 1);
    }
    return array;
  }

  /** @param record is filled */
  #map(size: number, depth: number, record: Record<string, unknown> = {}): Record<string, unknown> {
    this.#enter(size * 2, depth);
    for (let i = 0; i < size; i++) {
      const key = this.key();
      record[key] = this.value(depth + 1);
    }
    return record;
  }

  /** Enters a container. @param nodes the number of its values and keys, each of which takes a byte at least */
  #enter(nodes: number, depth: number): void {
    if (depth >= limits.depth) throw new ProtocolError(`nested deeper than ${limits.depth}`);
    this.#need(nodes);
    this.count(nodes);
  }

  /** @throws ProtocolError when a message has more values than it may have */
  count(nodes: number): void {
    this.nodes += nodes;
    if (this.nodes > limits.nodes) throw new ProtocolError(`more than ${limits.nodes} values in one message`);
  }

  /** The key of an entry of an object. */
  key(): string {
    const token = this.#byte();
    if (token > 0xa0 && token < 0xc0) return this.#shortKey(token & 0x1f);
    switch (token) {
      case 0xa0:
        return '';
      case 0xd9:
        return checkedKey(this.#text(this.#byte()));
      case 0xda:
        return checkedKey(this.#text(this.#uint(2)));
      case 0xdb:
        return checkedKey(this.#text(this.#uint(4)));
      default:
        throw new ProtocolError('an object with a key that is no text arrived');
    }
  }

  /**
   * The keys of messages recur. A key that was read before costs a comparison, and is a string that property access knows: an object of
   * two keys takes a quarter of the time that it takes with new ones.
   */
  #shortKey(length: number): string {
    const at = this.#need(length);
    const bytes = this.#bytes;
    const end = at + length;
    const slot =
      ((bytes[at] as number) +
        (bytes[end - 1] as number) * 31 +
        (bytes[at + (length >>> 1)] as number) * 7 +
        length * 131) &
      (knownKeys.length - 1);
    const known = knownKeys[slot] as string;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[at + i]) i++;
      if (i === length) {
        this.at = end;
        return known;
      }
    }
    const key = checkedKey(this.#text(length));
    // Only an ASCII text has as many characters as bytes.
    if (key.length === length) knownKeys[slot] = key;
    return key;
  }

  #text(length: number): string {
    const at = this.#need(length);
    const end = at + length;
    const bytes = this.#bytes;
    if (length < 24) {
      const text = shortAscii(bytes, at, end);
      if (text !== undefined) {
        this.at = end;
        return text;
      }
    }
    this.#buffer ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const text = this.#buffer.toString('utf8', at, end);
    // The decoder puts U+FFFD where the bytes are not UTF-8. The sender may also have sent that character.
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(at, end)))
      throw new ProtocolError('a text that is no UTF-8 arrived');
    this.at = end;
    return text;
  }

  #binary(length: number): Uint8Array {
    this.count(binaryWeight);
    return new Uint8Array(this.#take(length));
  }

  #extension(length: number, depth: number): unknown {
    const type = this.#byte();
    this.count(weightOf(type));
    if (!isNested(type)) return unpackLeaf(type, this.#take(length));
    const end = this.#need(length) + length;
    if (!isContainer(this.#bytes[this.at])) throw malformedError(type);
    const value = this.#nested(type, depth);
    if (this.at !== end) throw malformedError(type);
    return value;
  }

  #nested(type: number, depth: number): unknown {
    if (type === Ext.Dictionary) return this.#dictionary(depth);
    if (type !== Ext.Error) return this.made(type, this.value(depth));
    const outside = this.onRegistered;
    this.onRegistered = withinError(outside);
    const content = this.value(depth);
    this.onRegistered = outside;
    return this.made(type, content);
  }

  /** The value of an extension whose content was read already. @throws ProtocolError, and whatever `onRegistered` throws */
  made(type: number, content: unknown): unknown {
    switch (type) {
      case Ext.Error:
        return reviveNode(content);
      case Ext.Dictionary:
        if (typeof content !== 'object' || content === null || Object.getPrototypeOf(content) !== null)
          throw malformedError(type);
        return content;
      case Ext.Registered:
        if (!Array.isArray(content) || content.length !== 2 || typeof content[0] !== 'string')
          throw malformedError(type);
        return this.onRegistered(content[0], content[1]);
      default:
        return unpackNested(type, content);
    }
  }

  #dictionary(depth: number): Record<string, unknown> {
    const token = this.#byte();
    const record = Object.create(null);
    if (token >= 0x80 && token < 0x90) return this.#map(token & 0x0f, depth, record);
    if (token === 0xde) return this.#map(this.#uint(2), depth, record);
    if (token === 0xdf) return this.#map(this.#uint(4), depth, record);
    throw malformedError(Ext.Dictionary);
  }

  #float(): number {
    const at = this.#need(8);
    const bytes = this.#bytes;
    for (let i = 0; i < 8; i++) floatBytes[i] = bytes[at + i] as number;
    this.at = at + 8;
    return float.getFloat64(0);
  }

  #uint(size: 2 | 4): number {
    const at = this.#need(size);
    const bytes = this.#bytes;
    this.at = at + size;
    if (size === 2) return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    return (
      (bytes[at] as number) * 0x1000000 +
      (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
    );
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new ProtocolError('a value is cut short');
    return byte;
  }

  #take(length: number): Uint8Array {
    const at = this.#need(length);
    this.at = at + length;
    return this.#bytes.subarray(at, this.at);
  }

  /** The place where the reader stands. @throws ProtocolError when fewer than `length` bytes follow */
  #need(length: number): number {
    if (length > this.#bytes.length - this.at) throw new ProtocolError('a value is cut short');
    return this.at;
  }
}

/** @throws ProtocolError for a key that an object cannot have */
export function checkedKey(key: string): string {
  // To assign this key would set the prototype of the object.
  if (key === '__proto__') throw new ProtocolError('an object with the key __proto__ arrived');
  return key;
}

/** Reads a short text without a call into the decoder, which would cost more. Undefined when the text is not all ASCII. */
function shortAscii(bytes: Uint8Array, from: number, end: number): string | undefined {
  let text = '';
  let at = from;
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    if ((a | b | c | d) >= 0x80) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
