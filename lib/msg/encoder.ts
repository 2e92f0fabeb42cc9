/**
 * Makes a value plain before a library encodes it: everything that MessagePack has no type for is encoded here.
 * Floor 1: above `encoded`, below `codec`. Both libraries write a plain value in the same bytes. A value that would arrive
 * changed is refused, with the path that leads to the part at fault. A container is copied only when something in it changes.
 */
import {types} from 'node:util';
import {Unserializable} from '../base/errors.js';
import {isError} from '../base/foreign.js';
import {boxNode} from './boxed-node.js';
import {describe} from './describe.js';
import {
  type Encoded,
  encodeBigInt,
  encodeDate,
  encodedNegativeZero,
  encodedUndefined,
  encodeExtension,
  encodeText16,
  encodeView,
} from './encoded.js';
import {Boxed} from './error-node.js';
import {binaryWeight, canSendViews, Ext, isPlainText, viewType, weightOf} from './extensions.js';
import {limits} from './limits.js';
import {hasNamedProperties, isOfOtherRealm} from './shape.js';

/** Encodes a plain value. */
export type EncodePlain = (plain: unknown) => Uint8Array;

/**
 * The value as the libraries may get it: null, booleans, numbers, well-formed strings, plain arrays and objects, Uint8Array and
 * Encoded. @throws Unserializable
 */
export function toPlain(value: unknown, label: string | undefined, encodePlain: EncodePlain): unknown {
  // A getter or a Proxy may encode another value while this one is encoded, so that one encoder is not enough.
  const encoder = idle ?? new Encoder();
  idle = undefined;
  try {
    const plain = encoder.toPlain(value, label, encodePlain);
    walked.bytes = encoder.leastBytes;
    return plain;
  } finally {
    idle = encoder;
  }
}
let idle: Encoder | undefined;

/** The number of bytes that the last value has at least when it is encoded. */
export const walked = {bytes: 0};

class Encoder {
  /** The key at each depth on the way to the value at hand, because a path of its own for each value would cost time. */
  readonly #keys: (string | number)[] = [];
  /** The containers around the value at hand. */
  readonly #around: object[] = [];
  #label: string | undefined;
  #encodePlain: EncodePlain = () => new Uint8Array();
  #nodes = 0;
  #bytes = 0;

  /** Every value and key takes a byte at least, besides its text. */
  get leastBytes(): number {
    return this.#bytes + this.#nodes;
  }

  toPlain(value: unknown, label: string | undefined, encodePlain: EncodePlain): unknown {
    this.#label = label;
    this.#encodePlain = encodePlain;
    this.#nodes = 0;
    this.#bytes = 0;
    try {
      return this.#value(value, 0);
    } finally {
      // The encoder is used again, and must not keep the user's objects alive.
      if (this.#around.length > 0) this.#around.length = 0;
    }
  }

  #value(value: unknown, depth: number): unknown {
    this.#weigh(1, depth);
    switch (typeof value) {
      case 'string':
        this.#count(value.length, depth);
        return isPlainText(value) ? value : encodeText16(value);
      case 'number':
        return value === 0 && Object.is(value, -0) ? encodedNegativeZero : value;
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#object(value, depth);
      case 'undefined':
        return encodedUndefined;
      case 'bigint':
        return encodeBigInt(value) ?? this.#refuse(`a bigint of more than ${limits.bigintBytes} bytes`, depth);
      case 'function':
      case 'symbol':
        return this.#refuse(describe(value), depth);
    }
  }

  #object(value: object, depth: number): unknown {
    let prototype: unknown;
    let isArray: boolean;
    try {
      prototype = Object.getPrototypeOf(value);
      isArray = Array.isArray(value);
    } catch (error) {
      return this.#refuse('a proxy that was revoked, or whose trap throws', depth, error);
    }
    if (isArray) {
      if (prototype !== Array.prototype && !isOfOtherRealm(prototype, 'flatMap')) this.#refuse(describe(value), depth);
      return this.#array(types.isProxy(value) ? this.#snapshot(value, depth) : (value as unknown[]), depth);
    }
    if (prototype === Object.prototype || prototype === null || isOfOtherRealm(prototype, 'isPrototypeOf'))
      return this.#record(
        types.isProxy(value) ? this.#snapshot(value, depth) : (value as Record<string, unknown>),
        depth,
      );
    try {
      return this.#special(value, prototype, depth) ?? this.#refuse(describe(value), depth);
    } catch (error) {
      if (error instanceof Unserializable) throw error;
      // The object has the prototype of a builtin class and is not an instance of it.
      return this.#refuse(describe(value), depth, error);
    }
  }

  /** A Proxy is read once, into a copy, because it could give the library other values than it gave to these checks. */
  #snapshot<T>(proxy: object, depth: number): T {
    try {
      return (Array.isArray(proxy) ? Object.assign(new Array(proxy.length), proxy) : {...proxy}) as T;
    } catch (error) {
      return this.#refuse('a proxy that was revoked, or whose trap throws', depth, error);
    }
  }

  #array(array: readonly unknown[], depth: number): unknown {
    this.#enter(array, depth);
    if (hasNamedProperties(array)) this.#refuse('an array with properties of its own', depth);
    let copy: unknown[] | undefined;
    for (let i = 0; i < array.length; i++) {
      const item = array[i];
      this.#keys[depth] = i;
      if (item === undefined && !(i in array)) this.#refuse('a hole in an array', depth + 1);
      const plain = this.#value(item, depth + 1);
      if (copy !== undefined) copy.push(plain);
      else if (!Object.is(plain, item)) copy = [...array.slice(0, i), plain];
    }
    return copy ?? array;
  }

  #record(record: Record<string, unknown>, depth: number): unknown {
    this.#enter(record, depth);
    if (Object.getOwnPropertySymbols(record).length > 0) this.#refuse('an object with a symbol as a key', depth);
    let copy: Record<string, unknown> | undefined;
    const keys = Object.keys(record);
    this.#nodes += keys.length;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      this.#keys[depth] = key;
      if (key === '__proto__') this.#refuse('the key __proto__', depth + 1);
      if (!isPlainText(key)) this.#refuse('a key that is no well-formed text', depth + 1);
      this.#count(key.length, depth);
      let item: unknown;
      try {
        item = record[key];
      } catch (error) {
        this.#refuse('a getter that throws', depth + 1, error);
      }
      const plain = this.#value(item, depth + 1);
      if (copy === undefined && !Object.is(plain, item)) {
        copy = {};
        for (let earlier = 0; earlier < i; earlier++) copy[keys[earlier] as string] = record[keys[earlier] as string];
      }
      if (copy !== undefined) copy[key] = plain;
    }
    return copy ?? record;
  }

  /** Instances of builtin classes, but not of their subclasses, which would arrive changed. Undefined for all other objects. */
  #special(value: object, prototype: unknown, depth: number): unknown {
    if (prototype === Uint8Array.prototype || prototype === Buffer.prototype) {
      this.#weigh(binaryWeight, depth);
      this.#ownMemory(value as Uint8Array, depth);
      return value;
    }
    const view = viewType(prototype);
    if (view !== undefined) {
      if (!canSendViews) this.#refuse('a typed array on a big-endian machine', depth);
      this.#weigh(weightOf(view), depth);
      this.#ownMemory(value as ArrayBufferView, depth);
      return encodeView(view, value as ArrayBufferView);
    }
    if (prototype === ArrayBuffer.prototype) {
      const bytes = new Uint8Array(value as ArrayBuffer);
      this.#weigh(weightOf(Ext.ArrayBuffer), depth);
      this.#count(bytes.length, depth);
      return encodeExtension(Ext.ArrayBuffer, bytes);
    }
    if (value instanceof Boxed) return this.#nested(Ext.Error, this.#value(value.node, depth), depth);
    if (isError(value)) return this.#nested(Ext.Error, this.#value(boxNode(value), depth), depth);
    if (prototype !== RegExp.prototype && Reflect.ownKeys(value).length > 0) return undefined;
    switch (prototype) {
      case Date.prototype:
        this.#weigh(weightOf(Ext.Date), depth);
        return encodeDate(Date.prototype.getTime.call(value));
      case Map.prototype:
        return this.#map(value as Map<unknown, unknown>, depth);
      case Set.prototype:
        return this.#set(value as Set<unknown>, depth);
      case URL.prototype:
        return this.#url(value as URL, depth);
      case RegExp.prototype:
        return this.#regExp(value as RegExp, depth);
      default:
        return undefined;
    }
  }

  #map(map: Map<unknown, unknown>, depth: number): Encoded {
    this.#enter(map, depth);
    const content: unknown[] = [];
    // The method of the prototype is called, because the map could have another one.
    for (const [key, item] of Map.prototype.entries.call(map) as MapIterator<[unknown, unknown]>) {
      this.#keys[depth] = typeof key === 'string' || typeof key === 'number' ? key : content.length / 2;
      content.push(this.#value(key, depth + 1), this.#value(item, depth + 1));
    }
    return this.#nested(Ext.Map, content, depth);
  }

  #set(set: Set<unknown>, depth: number): Encoded {
    this.#enter(set, depth);
    const content: unknown[] = [];
    for (const item of Set.prototype.values.call(set) as SetIterator<unknown>) {
      this.#keys[depth] = content.length;
      content.push(this.#value(item, depth + 1));
    }
    return this.#nested(Ext.Set, content, depth);
  }

  #url(url: URL, depth: number): Encoded {
    this.#weigh(weightOf(Ext.URL), depth);
    const text = Buffer.from(url.href);
    if (text.length > limits.patternBytes) this.#refuse(`a URL of more than ${limits.patternBytes} bytes`, depth);
    return encodeExtension(Ext.URL, text);
  }

  #regExp(pattern: RegExp, depth: number): Encoded | undefined {
    if (Reflect.ownKeys(pattern).length > 1) return undefined;
    const {source, flags, lastIndex} = pattern;
    if (source.length > limits.patternBytes)
      this.#refuse(`a RegExp of more than ${limits.patternBytes} characters`, depth);
    this.#enter(pattern, depth);
    const content = lastIndex === 0 ? [source, flags] : [source, flags, lastIndex];
    return this.#nested(
      Ext.RegExp,
      content.map(part => this.#value(part, depth + 1)),
      depth,
    );
  }

  #nested(type: number, content: unknown, depth: number): Encoded {
    this.#weigh(weightOf(type), depth);
    return encodeExtension(type, this.#encodePlain(content));
  }

  /** Refuses memory that is shared, or that was given away: it would arrive changed. */
  #ownMemory(view: ArrayBufferView, depth: number): void {
    const {buffer, byteLength} = view;
    if (types.isSharedArrayBuffer(buffer)) this.#refuse('a view of shared memory', depth);
    // To make a view of a detached buffer throws.
    if (byteLength === 0) new Uint8Array(buffer);
    this.#count(byteLength, depth);
  }

  #enter(container: object, depth: number): void {
    if (depth >= limits.depth) this.#refuse(`nested deeper than ${limits.depth}`, depth);
    const around = this.#around;
    for (let i = 0; i < depth; i++) if (around[i] === container) this.#refuse('a circular reference', depth);
    around[depth] = container;
  }

  #weigh(nodes: number, depth: number): void {
    this.#nodes += nodes;
    if (this.#nodes > limits.nodes) this.#refuse(`more than ${limits.nodes} values in one message`, depth);
  }

  /** Counts fewer bytes than are written, but early: a message that is too large is refused before it takes memory. */
  #count(bytes: number, depth: number): void {
    this.#bytes += bytes;
    if (this.#bytes > limits.messageBytes) this.#refuse(`more than ${limits.messageBytes} bytes in one message`, depth);
  }

  #refuse(what: string, depth: number, cause?: unknown): never {
    const keys = this.#keys.slice(0, depth);
    throw new Unserializable(what, {path: this.#label === undefined ? keys : [this.#label, ...keys], cause});
  }
}
