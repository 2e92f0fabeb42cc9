/**
 * The classes of users whose instances cross to other actors.
 * Floor 0: filled by users through `registerType`, read by `msg/registered`.
 */
import {processWide} from './process-wide.js';

/**
 * How instances of a class become a value that crosses, and are made again of it.
 *
 * @example
 * ```ts
 * const how: TypeCodec<Money, [bigint, string]> = {
 *   pack: ({amount, currency}) => [amount, currency],
 *   unpack: ([amount, currency]) => new Money(amount, currency),
 * };
 * registerType(Money, how);
 * ```
 */
export interface TypeCodec<T, W> {
  /** The name that stands for the class on the wire. Both ends register the class under the same name. Default: `Class.name`. */
  readonly name?: string;
  /**
   * The value that crosses instead of the instance. It may hold whatever crosses, instances of other registered classes too. Called
   * once for each instance that is sent, during the call that sends it.
   */
  pack(value: T): W;
  /** Makes an instance of a value that `pack` made in the other actor. It may not be asynchronous. */
  unpack(wire: W): T;
}

export interface RegisteredType {
  readonly name: string;
  readonly Class: AnyClass;
  readonly how: TypeCodec<unknown, unknown>;
}

type AnyClass = abstract new (...args: never[]) => unknown;

const registered = processWide('registered-types', () => ({
  byName: new Map<string, RegisteredType>(),
  byPrototype: new Map<unknown, RegisteredType>(),
}));

/** Classes whose instances cross without this, or never can. */
const builtins: ReadonlySet<unknown> = new Set<unknown>([
  ...[Object, Array, Function, Map, Set, Date, RegExp, URL, Buffer, ArrayBuffer, SharedArrayBuffer, DataView, Promise],
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
]);

/**
 * Lets instances of a class of yours cross to other actors, in every place where a value may stand: arguments, results, values
 * of streams, `started`, properties of errors, and within other values. Call it in both actors: the module that defines the class
 * is the place for it. A thread registers for itself, as a process does. An inline actor shares what its process has registered.
 *
 * Instances of a subclass do not cross until the subclass is registered too. When a value arrives whose type is not registered,
 * or when `unpack` throws or gives something else than an instance, the context fails with MessageTypeError, and the actors and
 * their other contexts live on. Within an error, a text stands for such a value. When `pack` throws, or gives something that
 * cannot cross, the call at the sender fails with Unserializable.
 *
 * @example
 * ```ts
 * export class Money {
 *   constructor(
 *     readonly amount: bigint,
 *     readonly currency: string,
 *   ) {}
 * }
 * registerType(Money, {
 *   name: 'shop/Money',
 *   pack: ({amount, currency}) => ({amount, currency}),
 *   unpack: ({amount, currency}) => new Money(amount, currency),
 * });
 * ```
 * @throws TypeError when the name is taken, the class is registered already, it has no name, `pack` or `unpack` is not a function,
 * or the class needs no registration (builtin classes), or another one (`registerError` for errors)
 */
export function registerType<T, W>(Class: abstract new (...args: never[]) => T, how: TypeCodec<T, W>): void {
  const type = checkedType(Class, how as TypeCodec<unknown, unknown>);
  if (registered.byName.has(type.name)) throw new TypeError(`registerType(): the name ${type.name} is taken already`);
  if (registered.byPrototype.has(Class.prototype))
    throw new TypeError(`registerType(): the class ${Class.name} is registered already`);
  registered.byName.set(type.name, type);
  registered.byPrototype.set(Class.prototype, type);
}

function checkedType(Class: AnyClass, how: TypeCodec<unknown, unknown>): RegisteredType {
  if (typeof Class !== 'function' || typeof Class.prototype !== 'object' || Class.prototype === null)
    throw new TypeError('registerType() takes a class');
  if (builtins.has(Class)) throw new TypeError(`registerType() takes a class of yours, not the builtin ${Class.name}`);
  if (Class === Error || Class.prototype instanceof Error)
    throw new TypeError(`registerType(): ${Class.name} is an error, which registerError() registers`);
  if (typeof how !== 'object' || how === null) throw new TypeError('registerType() takes {pack, unpack} as well');
  const {name = Class.name, pack, unpack} = how;
  if (typeof name !== 'string' || name === '')
    throw new TypeError('registerType() takes a class with a name, or {name}');
  if (typeof pack !== 'function') throw new TypeError(`registerType(): pack of ${name} is not a function`);
  if (typeof unpack !== 'function') throw new TypeError(`registerType(): unpack of ${name} is not a function`);
  return {name, Class, how};
}

/** The registered class with exactly this prototype. */
export const typeOfPrototype = (prototype: unknown): RegisteredType | undefined =>
  registered.byPrototype.get(prototype);

/** The class that is registered under this name. */
export const typeOfName = (name: string): RegisteredType | undefined => registered.byName.get(name);
