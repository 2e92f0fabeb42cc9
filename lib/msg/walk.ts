/**
 * The way through a value that is encoded: where it stands, how much it has met, and the refusal that names the place.
 * Floor 1: the base class of `encoder` and `writer`, which go the same way and make something else of what they meet.
 */
import {types} from 'node:util';
import {Unserializable} from '../base/errors.js';
import {limits} from './limits.js';
import {hasNamedProperties, isMoreThanPlain} from './shape.js';

export class Walk {
  /** The key at each depth on the way to the value at hand: the path that an error names. */
  protected readonly keys: (string | number)[] = [];
  /** The containers around the value at hand. */
  readonly #around: object[] = [];
  #label: string | undefined;
  /** The call, or the function, that the value belongs to. */
  #of: string | undefined;
  #nodes = 0;
  #bytes = 0;

  /** A value begins. @param label the start of the path in errors @param of names the call in errors, or the function */
  protected begin(label: string | undefined, of: string | undefined): void {
    this.#label = label;
    this.#of = of;
    this.#nodes = 0;
    this.#bytes = 0;
  }

  /** A value was met to its end, or was refused. A walk is used again, and must not keep the user's objects alive. */
  protected leave(): void {
    if (this.#around.length > 0) this.#around.length = 0;
  }

  protected enter(container: object, depth: number): void {
    if (depth >= limits.depth) this.refuse(`nested deeper than ${limits.depth}`, depth);
    const around = this.#around;
    for (let i = 0; i < depth; i++) if (around[i] === container) this.refuse('a circular reference', depth);
    around[depth] = container;
  }

  /** How many items of an array are read. */
  protected lengthOf(array: readonly unknown[], depth: number): number {
    let hasNames: boolean;
    let length: number;
    try {
      hasNames = hasNamedProperties(array);
      // An array may claim any length. With one item more than a message may have, it is refused when its items are counted.
      length = Math.min(array.length, limits.nodes + 1);
    } catch (error) {
      return this.refuseReading(array, depth, error);
    }
    if (hasNames) this.refuse('an array with properties of its own', depth);
    return length;
  }

  /** The keys of a plain object. One that has more in it than these is refused. */
  protected keysOf(record: object, depth: number): string[] {
    let keys: string[];
    let names: readonly string[];
    let hasSymbols: boolean;
    try {
      keys = Object.keys(record);
      // `Reflect.ownKeys` gives both, and takes three times as long as the two together.
      names = Object.getOwnPropertyNames(record);
      hasSymbols = Object.getOwnPropertySymbols(record).length > 0;
    } catch (error) {
      return this.refuseReading(record, depth, error);
    }
    if (hasSymbols) this.refuse('an object with a symbol as a key', depth);
    if (names.length > keys.length) this.#refuseHidden(keys, names, depth);
    if (keys.length === 0) this.refuseMore(record, depth);
    this.#nodes += keys.length;
    return keys;
  }

  /** An object that only looks plain has an inside, which would not arrive. */
  protected refuseMore(record: object, depth: number): void {
    if (isMoreThanPlain(record)) this.refuse('a builtin object whose prototype was changed', depth);
  }

  /** Arrives at a key of a plain object. @param isPlain whether UTF-8 can carry it */
  protected meetKey(key: string, depth: number, isPlain: boolean): void {
    this.keys[depth] = key;
    if (key === '__proto__') this.refuse('the key __proto__', depth + 1);
    if (!isPlain) this.refuse('a key that is no well-formed text', depth + 1);
    this.count(key.length, depth);
  }

  /** Reads a property. To be called once for each, because a getter could give another value the second time. */
  protected valueOf(record: Record<string, unknown>, key: string, depth: number): unknown {
    try {
      return record[key];
    } catch (error) {
      return this.refuseReading(record, depth, error);
    }
  }

  /** Arrives at an item of an array, and reads it. */
  protected itemOf(array: readonly unknown[], index: number, depth: number): unknown {
    this.keys[depth] = index;
    let item: unknown;
    let isHole: boolean;
    try {
      item = array[index];
      isHole = item === undefined && !(index in array);
    } catch (error) {
      return this.refuseReading(array, depth, error);
    }
    if (isHole) this.refuse('a hole in an array', depth + 1);
    return item;
  }

  /** A property that is not among the keys would not arrive. */
  #refuseHidden(keys: readonly string[], names: readonly string[], depth: number): never {
    this.keys[depth] = names.find(name => !keys.includes(name)) as string;
    return this.refuse('a property that is not enumerable', depth + 1);
  }

  /** Reading the container threw. It is not read again to find out more, because a getter is called once at most. */
  protected refuseReading(container: object, depth: number, error: unknown): never {
    if (types.isProxy(container)) this.refuse('a proxy that was revoked, or whose trap throws', depth, error);
    if (Object.getOwnPropertySymbols(container).length > 0) this.refuse('a getter that throws', depth, error);
    const getters = Object.entries(Object.getOwnPropertyDescriptors(container)).filter(
      ([, {get}]) => get !== undefined,
    );
    if (getters.length !== 1)
      this.refuse(`one of its getters throws: ${getters.map(([key]) => key).join(', ')}`, depth, error);
    const [[key]] = getters as [[string, unknown]];
    this.keys[depth] = Array.isArray(container) ? Number(key) : key;
    return this.refuse('a getter that throws', depth + 1, error);
  }

  protected weigh(nodes: number, depth: number): void {
    this.#nodes += nodes;
    if (this.#nodes > limits.nodes) this.refuse(`more than ${limits.nodes} values in one message`, depth);
  }

  /** Counts fewer bytes than are written, but early: a message that is too large is refused before it takes memory. */
  protected count(bytes: number, depth: number): void {
    this.#bytes += bytes;
    if (this.#bytes > limits.messageBytes) this.refuse(`more than ${limits.messageBytes} bytes in one message`, depth);
  }

  protected refuse(what: string, depth: number, cause?: unknown): never {
    throw this.refusal(what, this.keys.slice(0, depth), cause);
  }

  /** The refusal of the value as a whole, or of the part to which `keys` lead. */
  protected refusal(what: string, keys: readonly (string | number)[], cause?: unknown): Unserializable {
    return new Unserializable(what, {
      path: this.#label === undefined ? keys : [this.#label, ...keys],
      of: this.#of,
      cause,
    });
  }
}
