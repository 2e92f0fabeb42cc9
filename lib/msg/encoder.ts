/**
 * Makes a value plain before the library encodes it: everything that MessagePack has no type for is encoded here.
 * Floor 1: above `encoded` and `msgpack-lite`, below `writer`, which takes this way for what it does not write itself: the content
 * of a Map, of an error, of an instance of a registered class. A value that would arrive changed is refused, with the path that
 * leads to the part at fault. A container is read once, into a copy, because a getter or a Proxy could give the library another
 * value than it gave to the checks.
 */
import {types} from 'node:util';
import {attempt, isError, thrownText} from '../base/foreign.js';
import {type RegisteredType, typeOfPrototype} from '../base/registered-types.js';
import {boxNode} from './boxed-node.js';
import {type Builtin, builtinOf, hasOwnProperties, withArticle} from './builtin.js';
import {describe} from './describe.js';
import {
  type Encoded,
  encodeBigInt,
  encodeDate,
  encodedNegativeZero,
  encodedUndefined,
  encodeExtension,
  encodeText16,
} from './encoded.js';
import {Boxed} from './error-node.js';
import {binaryWeight, canSendViews, Ext, isPlainText, weightOf} from './extensions.js';
import {limits} from './limits.js';
import {encodePlain} from './msgpack-lite.js';
import {Packed, pack} from './registered.js';
import {isOfOtherRealm} from './shape.js';
import {Walk} from './walk.js';

/** Whether a value is an array of no class of a user. Throws for a Proxy that was revoked. */
export const isPlainArray = (value: object, prototype: object | null): value is unknown[] =>
  Array.isArray(value) && (prototype === Array.prototype || isOfOtherRealm(prototype, Array.prototype));

export const isPlainRecord = (value: object, prototype: object | null): value is Record<string, unknown> =>
  (prototype === Object.prototype || isOfOtherRealm(prototype, Object.prototype)) && !Array.isArray(value);

export class Encoder extends Walk {
  /** Is filled with the memory that views of the value have for themselves. */
  protected owned: Set<ArrayBufferLike> | undefined;

  /**
   * The value as the library may get it: null, booleans, numbers, well-formed strings, plain arrays and objects, Uint8Array and
   * Encoded.
   *
   * @param owned is filled with the memory that views of the value have for themselves
   * @throws Unserializable
   */
  toPlain(value: unknown, label?: string, of?: string, owned?: Set<ArrayBufferLike>): unknown {
    this.begin(label, of);
    this.owned = owned;
    try {
      return this.plain(value, 0);
    } finally {
      this.leave();
    }
  }

  /** The value as the library may get it. */
  protected plain(value: unknown, depth: number): unknown {
    this.weigh(1, depth);
    return this.plainOf(value, depth);
  }

  /** The same for a value that was counted already. */
  protected plainOf(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        this.count(value.length, depth);
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
        return encodeBigInt(value) ?? this.refuse(`a bigint of more than ${limits.bigintBytes} bytes`, depth);
      case 'function':
      case 'symbol':
        return this.refuse(describe(value), depth);
    }
  }

  #object(value: object, depth: number): unknown {
    const prototype = this.prototypeOf(value, depth);
    if (isPlainArray(value, prototype)) return this.#array(value, depth);
    if (isPlainRecord(value, prototype)) return this.#record(value, depth);
    return this.instance(value, prototype, depth);
  }

  protected prototypeOf(value: object, depth: number): object | null {
    try {
      return Object.getPrototypeOf(value) as object | null;
    } catch (error) {
      return this.refuse('a proxy that was revoked, or whose trap throws', depth, error);
    }
  }

  #array(array: readonly unknown[], depth: number): unknown[] {
    this.enter(array, depth);
    const length = this.lengthOf(array, depth);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.plain(this.itemOf(array, i, depth), depth + 1));
    return items;
  }

  #record(record: Record<string, unknown>, depth: number): Record<string, unknown> {
    this.enter(record, depth);
    const copy: Record<string, unknown> = {};
    for (const key of this.keysOf(record, depth)) {
      this.meetKey(key, depth, isPlainText(key));
      copy[key] = this.plain(this.valueOf(record, key, depth), depth + 1);
    }
    return copy;
  }

  /** An instance of a class. One of a subclass of a builtin class is refused, because it would arrive as something else. */
  protected instance(value: object, prototype: object | null, depth: number): unknown {
    if (prototype === null && !Array.isArray(value)) return this.#dictionary(value as Record<string, unknown>, depth);
    const type = typeOfPrototype(prototype);
    if (type) return this.#registered(value, type, depth);
    const builtin = prototype === null ? undefined : builtinOf(value, prototype);
    if (builtin) return this.#builtin(value, builtin, depth);
    if (value instanceof Boxed) return this.#nested(Ext.Error, this.plain(value.node, depth), depth);
    if (value instanceof Packed) return this.#packed(value, depth);
    if (isError(value)) return this.#nested(Ext.Error, this.plain(boxNode(value), depth), depth);
    return this.refuse(describe(value), depth);
  }

  #dictionary(record: Record<string, unknown>, depth: number): Encoded {
    this.refuseMore(record, depth);
    return this.#nested(Ext.Dictionary, this.#record(record, depth), depth);
  }

  #registered(value: object, type: RegisteredType, depth: number): Encoded {
    this.enter(value, depth);
    let wire: unknown;
    try {
      wire = pack(type, value);
    } catch (error) {
      this.refuse(`pack() of the type ${type.name} threw: ${thrownText(error)}`, depth, error);
    }
    return this.#packed(new Packed(type.name, wire), depth);
  }

  #packed({name, wire}: Packed, depth: number): Encoded {
    this.keys[depth] = 'pack()';
    const content = [this.plain(name, depth + 1), this.plain(wire, depth + 1)];
    return this.#nested(Ext.Registered, content, depth);
  }

  #builtin(value: object, builtin: Builtin, depth: number): unknown {
    if (hasOwnProperties(value, builtin)) this.refuse(`${withArticle(builtin)} with properties of its own`, depth);
    switch (builtin.type) {
      case Ext.Date:
        this.weigh(weightOf(Ext.Date), depth);
        return encodeDate(Date.prototype.getTime.call(value));
      case Ext.Map:
        return this.#map(value as Map<unknown, unknown>, depth);
      case Ext.Set:
        return this.#set(value as Set<unknown>, depth);
      case Ext.URL:
        return this.#url(value as URL, depth);
      case Ext.RegExp:
        return this.#regExp(value as RegExp, depth);
      case Ext.ArrayBuffer:
        return this.#arrayBuffer(value as ArrayBuffer, depth);
      default:
        return this.#view(value as ArrayBufferView, builtin, depth);
    }
  }

  #map(map: Map<unknown, unknown>, depth: number): Encoded {
    this.enter(map, depth);
    const content: unknown[] = [];
    // The method of the prototype is called, because the map could have another one.
    for (const [key, item] of Map.prototype.entries.call(map) as MapIterator<[unknown, unknown]>) {
      this.keys[depth] = typeof key === 'string' || typeof key === 'number' ? key : content.length / 2;
      content.push(this.plain(key, depth + 1), this.plain(item, depth + 1));
    }
    return this.#nested(Ext.Map, content, depth);
  }

  #set(set: Set<unknown>, depth: number): Encoded {
    this.enter(set, depth);
    const content: unknown[] = [];
    for (const item of Set.prototype.values.call(set) as SetIterator<unknown>) {
      this.keys[depth] = content.length;
      content.push(this.plain(item, depth + 1));
    }
    return this.#nested(Ext.Set, content, depth);
  }

  #url(url: URL, depth: number): Encoded {
    this.weigh(weightOf(Ext.URL), depth);
    const href = attempt(() => url.href) ?? this.refuse(describe(url), depth);
    const text = Buffer.from(href);
    if (text.length > limits.patternBytes) this.refuse(`a URL of more than ${limits.patternBytes} bytes`, depth);
    return encodeExtension(Ext.URL, text);
  }

  #regExp(pattern: RegExp, depth: number): Encoded {
    const {source, flags, lastIndex} = pattern;
    if (typeof lastIndex !== 'number') this.refuse('a RegExp whose lastIndex is not a number', depth);
    if (source.length > limits.patternBytes)
      this.refuse(`a RegExp of more than ${limits.patternBytes} characters`, depth);
    this.enter(pattern, depth);
    const content = Object.is(lastIndex, 0) ? [source, flags] : [source, flags, lastIndex];
    return this.#nested(
      Ext.RegExp,
      content.map(part => this.plain(part, depth + 1)),
      depth,
    );
  }

  #arrayBuffer(buffer: ArrayBuffer, depth: number): Encoded {
    if (isGivenAway(buffer)) this.refuse('an ArrayBuffer whose memory was given away', depth);
    // It would arrive with a fixed length.
    if ((buffer as {resizable?: boolean}).resizable) this.refuse('an ArrayBuffer that can be resized', depth);
    this.weigh(weightOf(Ext.ArrayBuffer), depth);
    this.count(buffer.byteLength, depth);
    this.owned?.add(buffer);
    return encodeExtension(Ext.ArrayBuffer, new Uint8Array(buffer));
  }

  /** The receiver gets a view of memory of its own, which has just the bytes of this view. */
  #view(view: ArrayBufferView, builtin: Builtin, depth: number): unknown {
    const {buffer, byteLength} = view;
    if (types.isSharedArrayBuffer(buffer)) this.refuse('a view of shared memory', depth);
    if (byteLength === 0 && isGivenAway(buffer))
      this.refuse(`${withArticle(builtin)} whose memory was given away`, depth);
    this.count(byteLength, depth);
    if (byteLength === buffer.byteLength) this.owned?.add(buffer);
    const {type} = builtin;
    if (type === 'binary') {
      this.weigh(binaryWeight, depth);
      return view instanceof Uint8Array ? view : bytesOf(view);
    }
    this.weigh(weightOf(type), depth);
    if (type === Ext.Buffer) return encodeExtension(type, view as Buffer);
    if (!canSendViews) this.refuse('a typed array on a big-endian machine', depth);
    return encodeExtension(type, bytesOf(view));
  }

  #nested(type: number, content: unknown, depth: number): Encoded {
    this.weigh(weightOf(type), depth);
    return encodeExtension(type, encodePlain(content));
  }
}

/** To make a view of memory that was given away throws. */
const isGivenAway = (buffer: ArrayBufferLike): boolean => attempt(() => new Uint8Array(buffer)) === undefined;

const bytesOf = ({buffer, byteOffset, byteLength}: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
