/**
 * Makes a value plain before a library encodes it: everything that MessagePack has no type for is encoded here.
 * Floor 1: above `encoded`, below `codec`. Both libraries write a plain value in the same bytes. A value that would arrive
 * changed is refused, with the path that leads to the part at fault. A container is read once, into a copy, because a getter or a
 * Proxy could give the library another value than it gave to the checks.
 */
import {types} from 'node:util';
import {Unserializable} from '../base/errors.js';
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
import {Packed, pack} from './registered.js';
import {hasNamedProperties, isMoreThanPlain, isOfOtherRealm} from './shape.js';

/** Encodes a plain value. */
export type EncodePlain = (plain: unknown) => Uint8Array;

/**
 * The value as the libraries may get it: null, booleans, numbers, well-formed strings, plain arrays and objects, Uint8Array and
 * Encoded.
 *
 * @param owned is filled with the memory that views of the value have for themselves
 * @throws Unserializable
 */
export function toPlain(
  value: unknown,
  label: string | undefined,
  of: string | undefined,
  encodePlain: EncodePlain,
  owned?: Set<ArrayBufferLike>,
): unknown {
  // A getter or a Proxy may encode another value while this one is encoded, so that one encoder is not enough.
  const encoder = idle ?? new Encoder();
  idle = undefined;
  try {
    const plain = encoder.toPlain(value, label, of, encodePlain, owned);
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
  /** The call, or the function, that the value belongs to. */
  #of: string | undefined;
  #encodePlain: EncodePlain = () => new Uint8Array();
  #owned: Set<ArrayBufferLike> | undefined;
  #nodes = 0;
  #bytes = 0;

  /** Every value and key takes a byte at least, besides its text. */
  get leastBytes(): number {
    return this.#bytes + this.#nodes;
  }

  toPlain(
    value: unknown,
    label: string | undefined,
    of: string | undefined,
    encodePlain: EncodePlain,
    owned: Set<ArrayBufferLike> | undefined,
  ): unknown {
    this.#owned = owned;
    this.#label = label;
    this.#of = of;
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
    let prototype: object | null;
    let isArray: boolean;
    try {
      prototype = Object.getPrototypeOf(value) as object | null;
      isArray = Array.isArray(value);
    } catch (error) {
      return this.#refuse('a proxy that was revoked, or whose trap throws', depth, error);
    }
    if (isArray) {
      if (prototype === Array.prototype || isOfOtherRealm(prototype, Array.prototype))
        return this.#array(value as unknown[], depth);
    } else if (prototype === Object.prototype || prototype === null || isOfOtherRealm(prototype, Object.prototype)) {
      const record = this.#record(value as Record<string, unknown>, prototype, depth);
      return prototype === null ? this.#nested(Ext.Dictionary, record, depth) : record;
    }
    return this.#instance(value, prototype, depth);
  }

  #array(array: readonly unknown[], depth: number): unknown {
    this.#enter(array, depth);
    const items = this.#itemsOf(array, depth);
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      this.#keys[depth] = i;
      if (item === undefined && !(i in array)) this.#refuse('a hole in an array', depth + 1);
      const plain = this.#value(item, depth + 1);
      if (!Object.is(plain, item)) items[i] = plain;
    }
    return items;
  }

  #itemsOf(array: readonly unknown[], depth: number): unknown[] {
    let hasNames: boolean;
    let items: unknown[];
    try {
      hasNames = hasNamedProperties(array);
      // An array may claim any length. With one item more than a message may have, it is refused when its items are counted.
      const length = Math.min(array.length, limits.nodes + 1);
      // An iterator fills the copy fastest. That of a Proxy may never end.
      const isSafe = length <= limits.nodes && !types.isProxy(array);
      items = isSafe ? [...array] : Array.from({length}, (_, i) => array[i]);
    } catch (error) {
      return this.#refuseReading(array, depth, error);
    }
    if (hasNames) this.#refuse('an array with properties of its own', depth);
    return items;
  }

  #record(record: Record<string, unknown>, prototype: object | null, depth: number): Record<string, unknown> {
    this.#enter(record, depth);
    let copy: Record<string, unknown>;
    let own: readonly PropertyKey[];
    try {
      copy = {...record};
      own = Reflect.ownKeys(record);
    } catch (error) {
      return this.#refuseReading(record, depth, error);
    }
    const keys = Object.keys(copy);
    if (own.length > keys.length) this.#refuseHidden(copy, own, depth);
    if ((prototype === null || keys.length === 0) && isMoreThanPlain(record))
      this.#refuse('a builtin object whose prototype was changed', depth);
    this.#nodes += keys.length;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      this.#keys[depth] = key;
      if (key === '__proto__') this.#refuse('the key __proto__', depth + 1);
      if (!isPlainText(key)) this.#refuse('a key that is no well-formed text', depth + 1);
      this.#count(key.length, depth);
      const item = copy[key];
      const plain = this.#value(item, depth + 1);
      if (!Object.is(plain, item)) copy[key] = plain;
    }
    return copy;
  }

  /** A copy would lose these properties. */
  #refuseHidden(copy: object, own: readonly PropertyKey[], depth: number): never {
    if (own.some(key => typeof key === 'symbol')) this.#refuse('an object with a symbol as a key', depth);
    this.#keys[depth] = own.find(key => !Object.hasOwn(copy, key)) as string;
    return this.#refuse('a property that is not enumerable', depth + 1);
  }

  /** Reading the container threw. It is not read again to find out more, because a getter is called once at most. */
  #refuseReading(container: object, depth: number, error: unknown): never {
    if (types.isProxy(container)) this.#refuse('a proxy that was revoked, or whose trap throws', depth, error);
    if (Object.getOwnPropertySymbols(container).length > 0) this.#refuse('a getter that throws', depth, error);
    const getters = Object.entries(Object.getOwnPropertyDescriptors(container)).filter(
      ([, {get}]) => get !== undefined,
    );
    if (getters.length !== 1)
      this.#refuse(`one of its getters throws: ${getters.map(([key]) => key).join(', ')}`, depth, error);
    const [[key]] = getters as [[string, unknown]];
    this.#keys[depth] = Array.isArray(container) ? Number(key) : key;
    return this.#refuse('a getter that throws', depth + 1, error);
  }

  /** An instance of a class. One of a subclass of a builtin class is refused, because it would arrive as something else. */
  #instance(value: object, prototype: object | null, depth: number): unknown {
    const type = typeOfPrototype(prototype);
    if (type) return this.#registered(value, type, depth);
    const builtin = prototype === null ? undefined : builtinOf(value, prototype);
    if (builtin) return this.#builtin(value, builtin, depth);
    if (value instanceof Boxed) return this.#nested(Ext.Error, this.#value(value.node, depth), depth);
    if (value instanceof Packed) return this.#packed(value, depth);
    if (isError(value)) return this.#nested(Ext.Error, this.#value(boxNode(value), depth), depth);
    return this.#refuse(describe(value), depth);
  }

  #registered(value: object, type: RegisteredType, depth: number): Encoded {
    this.#enter(value, depth);
    let wire: unknown;
    try {
      wire = pack(type, value);
    } catch (error) {
      this.#refuse(`pack() of the type ${type.name} threw: ${thrownText(error)}`, depth, error);
    }
    return this.#packed(new Packed(type.name, wire), depth);
  }

  #packed({name, wire}: Packed, depth: number): Encoded {
    this.#keys[depth] = 'pack()';
    const content = [this.#value(name, depth + 1), this.#value(wire, depth + 1)];
    return this.#nested(Ext.Registered, content, depth);
  }

  #builtin(value: object, builtin: Builtin, depth: number): unknown {
    if (hasOwnProperties(value, builtin)) this.#refuse(`${withArticle(builtin)} with properties of its own`, depth);
    switch (builtin.type) {
      case Ext.Date:
        this.#weigh(weightOf(Ext.Date), depth);
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
    const href = attempt(() => url.href) ?? this.#refuse(describe(url), depth);
    const text = Buffer.from(href);
    if (text.length > limits.patternBytes) this.#refuse(`a URL of more than ${limits.patternBytes} bytes`, depth);
    return encodeExtension(Ext.URL, text);
  }

  #regExp(pattern: RegExp, depth: number): Encoded {
    const {source, flags, lastIndex} = pattern;
    if (typeof lastIndex !== 'number') this.#refuse('a RegExp whose lastIndex is not a number', depth);
    if (source.length > limits.patternBytes)
      this.#refuse(`a RegExp of more than ${limits.patternBytes} characters`, depth);
    this.#enter(pattern, depth);
    const content = Object.is(lastIndex, 0) ? [source, flags] : [source, flags, lastIndex];
    return this.#nested(
      Ext.RegExp,
      content.map(part => this.#value(part, depth + 1)),
      depth,
    );
  }

  #arrayBuffer(buffer: ArrayBuffer, depth: number): Encoded {
    if (isGivenAway(buffer)) this.#refuse('an ArrayBuffer whose memory was given away', depth);
    // It would arrive with a fixed length.
    if ((buffer as {resizable?: boolean}).resizable) this.#refuse('an ArrayBuffer that can be resized', depth);
    this.#weigh(weightOf(Ext.ArrayBuffer), depth);
    this.#count(buffer.byteLength, depth);
    this.#owned?.add(buffer);
    return encodeExtension(Ext.ArrayBuffer, new Uint8Array(buffer));
  }

  /** The receiver gets a view of memory of its own, which has just the bytes of this view. */
  #view(view: ArrayBufferView, builtin: Builtin, depth: number): unknown {
    const {buffer, byteLength} = view;
    if (types.isSharedArrayBuffer(buffer)) this.#refuse('a view of shared memory', depth);
    if (byteLength === 0 && isGivenAway(buffer))
      this.#refuse(`${withArticle(builtin)} whose memory was given away`, depth);
    this.#count(byteLength, depth);
    if (byteLength === buffer.byteLength) this.#owned?.add(buffer);
    const {type} = builtin;
    if (type === 'binary') {
      this.#weigh(binaryWeight, depth);
      return view instanceof Uint8Array ? view : bytesOf(view);
    }
    this.#weigh(weightOf(type), depth);
    if (type === Ext.Buffer) return encodeExtension(type, view as Buffer);
    if (!canSendViews) this.#refuse('a typed array on a big-endian machine', depth);
    return encodeExtension(type, bytesOf(view));
  }

  #nested(type: number, content: unknown, depth: number): Encoded {
    this.#weigh(weightOf(type), depth);
    return encodeExtension(type, this.#encodePlain(content));
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
    throw new Unserializable(what, {
      path: this.#label === undefined ? keys : [this.#label, ...keys],
      of: this.#of,
      cause,
    });
  }
}

/** To make a view of memory that was given away throws. */
const isGivenAway = (buffer: ArrayBufferLike): boolean => attempt(() => new Uint8Array(buffer)) === undefined;

const bytesOf = ({buffer, byteOffset, byteLength}: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
