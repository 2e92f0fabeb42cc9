/**
 * Checks a value before it is encoded, and puts ready bytes in the place of what MessagePack has no type for.
 * Floor 1: above `extensions`, below `codec`. What it lets through, either library writes in the same bytes;
 * what would arrive changed is refused, with the path that leads to it. Nothing is copied unless something must be replaced.
 */
import {inspect, types} from 'node:util';
import {Unserializable} from '../base/errors.js';
import {Boxed, boxNode, isError} from './boxed-node.js';
import {describe} from './describe.js';
import {
  binaryWeight,
  canSendViews,
  Ext,
  extension,
  isPlainText,
  type Ready,
  readyBigInt,
  readyDate,
  readyNegativeZero,
  readyText16,
  readyUndefined,
  readyView,
  viewType,
  weightOf,
} from './extensions.js';
import {limits} from './limits.js';

/** Encodes a value that was prepared. */
export type WritePlain = (prepared: unknown) => Uint8Array;

/**
 * The value as the libraries may have it: null, booleans, numbers, strings, plain arrays and objects, Uint8Array
 * and Ready. @throws Unserializable
 */
export function prepare(value: unknown, label: string | undefined, write: WritePlain): unknown {
  // A getter or a proxy may encode something while this runs, hence not simply one for all.
  const pass = idle ?? new Pass();
  idle = undefined;
  try {
    return pass.run(value, label, write);
  } finally {
    idle = pass;
  }
}
let idle: Pass | undefined;

class Pass {
  /** The key at each depth on the way to the value at hand: a path costs nothing until it is needed. */
  readonly #keys: (string | number)[] = [];
  /** The containers around the value at hand. */
  readonly #around: object[] = [];
  #label: string | undefined;
  #write: WritePlain = () => new Uint8Array();
  #nodes = 0;
  #bytes = 0;

  run(value: unknown, label: string | undefined, write: WritePlain): unknown {
    this.#label = label;
    this.#write = write;
    this.#nodes = 0;
    this.#bytes = 0;
    try {
      return this.#value(value, 0);
    } finally {
      // Kept for reuse, it must not keep the user's objects alive.
      if (this.#around.length > 0) this.#around.length = 0;
    }
  }

  #value(value: unknown, depth: number): unknown {
    this.#weigh(1, depth);
    switch (typeof value) {
      case 'string':
        this.#count(value.length, depth);
        return isPlainText(value) ? value : readyText16(value);
      case 'number':
        return value === 0 && Object.is(value, -0) ? readyNegativeZero : value;
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#object(value, depth);
      case 'undefined':
        return readyUndefined;
      case 'bigint':
        return readyBigInt(value) ?? this.#refuse(`a bigint of more than ${limits.bigintBytes} bytes`, depth);
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
      if (prototype !== Array.prototype && !isForeign(prototype, 'flatMap')) this.#refuse(describe(value), depth);
      return this.#array(types.isProxy(value) ? this.#snapshot(value, depth) : (value as unknown[]), depth);
    }
    if (prototype === Object.prototype || prototype === null || isForeign(prototype, 'isPrototypeOf'))
      return this.#record(
        types.isProxy(value) ? this.#snapshot(value, depth) : (value as Record<string, unknown>),
        depth,
      );
    try {
      return this.#special(value, prototype, depth) ?? this.#refuse(describe(value), depth);
    } catch (error) {
      if (error instanceof Unserializable) throw error;
      // An object that has the prototype of a builtin and is none.
      return this.#refuse(describe(value), depth, error);
    }
  }

  /** A proxy could answer the library otherwise than it answered us: it is read once, into a copy. */
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
      const prepared = this.#value(item, depth + 1);
      if (copy !== undefined) copy.push(prepared);
      else if (!Object.is(prepared, item)) copy = [...array.slice(0, i), prepared];
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
      const prepared = this.#value(item, depth + 1);
      if (copy === undefined && !Object.is(prepared, item)) {
        copy = {};
        for (let earlier = 0; earlier < i; earlier++) copy[keys[earlier] as string] = record[keys[earlier] as string];
      }
      if (copy !== undefined) copy[key] = prepared;
    }
    return copy ?? record;
  }

  /** Builtin classes, exactly: a subclass would arrive as something else. undefined for every other object. */
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
      return readyView(view, value as ArrayBufferView);
    }
    if (prototype === ArrayBuffer.prototype) {
      const bytes = new Uint8Array(value as ArrayBuffer);
      this.#weigh(weightOf(Ext.ArrayBuffer), depth);
      this.#count(bytes.length, depth);
      return extension(Ext.ArrayBuffer, bytes);
    }
    if (value instanceof Boxed) return this.#nested(Ext.Error, this.#value(value.node, depth), depth);
    if (isError(value)) return this.#nested(Ext.Error, this.#value(boxNode(value), depth), depth);
    if (prototype !== RegExp.prototype && Reflect.ownKeys(value).length > 0) return undefined;
    switch (prototype) {
      case Date.prototype:
        this.#weigh(weightOf(Ext.Date), depth);
        return readyDate(Date.prototype.getTime.call(value));
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

  #map(map: Map<unknown, unknown>, depth: number): Ready {
    this.#enter(map, depth);
    const content: unknown[] = [];
    // The prototype's own, so that nothing patched or inherited answers.
    for (const [key, item] of Map.prototype.entries.call(map) as MapIterator<[unknown, unknown]>) {
      this.#keys[depth] = typeof key === 'string' || typeof key === 'number' ? key : content.length / 2;
      content.push(this.#value(key, depth + 1), this.#value(item, depth + 1));
    }
    return this.#nested(Ext.Map, content, depth);
  }

  #set(set: Set<unknown>, depth: number): Ready {
    this.#enter(set, depth);
    const content: unknown[] = [];
    for (const item of Set.prototype.values.call(set) as SetIterator<unknown>) {
      this.#keys[depth] = content.length;
      content.push(this.#value(item, depth + 1));
    }
    return this.#nested(Ext.Set, content, depth);
  }

  #url(url: URL, depth: number): Ready {
    this.#weigh(weightOf(Ext.URL), depth);
    const text = Buffer.from(url.href);
    if (text.length > limits.patternBytes) this.#refuse(`a URL of more than ${limits.patternBytes} bytes`, depth);
    return extension(Ext.URL, text);
  }

  #regExp(pattern: RegExp, depth: number): Ready | undefined {
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

  #nested(type: number, content: unknown, depth: number): Ready {
    this.#weigh(weightOf(type), depth);
    return extension(type, this.#write(content));
  }

  /** Memory that is shared, or was given away, would arrive as something else. */
  #ownMemory(view: ArrayBufferView, depth: number): void {
    const {buffer, byteLength} = view;
    if (types.isSharedArrayBuffer(buffer)) this.#refuse('a view of shared memory', depth);
    // Of a detached buffer no view can be made.
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

  /** Early and low: a message that cannot fit is refused before memory is taken for it. */
  #count(bytes: number, depth: number): void {
    this.#bytes += bytes;
    if (this.#bytes > limits.messageBytes) this.#refuse(`more than ${limits.messageBytes} bytes in one message`, depth);
  }

  #refuse(what: string, depth: number, cause?: unknown): never {
    const keys = this.#keys.slice(0, depth);
    throw new Unserializable(what, {path: this.#label === undefined ? keys : [this.#label, ...keys], cause});
  }
}

/** The prototype of `{}` or `[]` in another realm (`node:vm`, and the test runners that use it). */
function isForeign(prototype: unknown, own: string): boolean {
  if (typeof prototype !== 'object' || prototype === null || !Object.hasOwn(prototype, own)) return false;
  const above: unknown = Object.getPrototypeOf(prototype);
  return own === 'isPrototypeOf' ? above === null : Array.isArray(prototype) && isForeign(above, 'isPrototypeOf');
}

/** Properties of an array beside its items, like those of a RegExp match. */
function hasNamedProperties(array: readonly unknown[]): boolean {
  // No JavaScript lists the names without the indices, whose texts cost more than encoding the items; `inspect`
  // shows them. A change of its form could only make this slower.
  if (array.length > 64 && inspect(array, namesOnly).replace(/\d+/, '') === noNames) return false;
  return Object.keys(array).length > array.length || Object.getOwnPropertySymbols(array).length > 0;
}
const namesOnly = {maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY};
const noNames = inspect([0, 0], namesOnly).replace(/\d+/, '');
