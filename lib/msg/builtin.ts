/**
 * The builtin classes whose instances cross, recognised in every realm (`node:vm`, and the test runners that use it).
 * Floor 1: above `shape`, below `encoder` and `lossy`, which ask what a value is.
 */
import {types} from 'node:util';
import {Ext, viewClasses} from './extensions.js';
import {hasNamedProperties, isOfOtherRealm} from './shape.js';

export interface Builtin {
  readonly name: string;
  /** The number of its extension. `binary` for Uint8Array, which MessagePack has a type for. */
  readonly type: number | 'binary';
  readonly isView: boolean;
  readonly prototype: object;
  /** Whether a value is one inside, whatever its prototype is. */
  readonly isInstance: (value: unknown) => boolean;
  /** How many properties of its own an instance has that no user gave it. */
  readonly ownKeys: number;
}

/** The builtin class of a value. Undefined for a subclass, and for what only has the prototype of such a class. */
export function builtinOf(value: object, prototype: object): Builtin | undefined {
  const known = byPrototype.get(prototype);
  if (known) return known.isInstance(value) ? known : undefined;
  const foreign = builtins.find(each => each.isInstance(value) && isOfOtherRealm(prototype, each.prototype));
  if (foreign) byPrototype.set(prototype, foreign);
  return foreign;
}

/** Whether users have given the instance properties of its own, which would not arrive. */
export function hasOwnProperties(value: object, {isView, type, ownKeys}: Builtin): boolean {
  return isView && type !== Ext.DataView
    ? hasNamedProperties(value as Uint8Array)
    : Reflect.ownKeys(value).length > ownKeys;
}

/** `a Map`, `an ArrayBuffer`. */
export const withArticle = ({name}: Builtin): string => `${/^(?:Array|Int)/.test(name) ? 'an' : 'a'} ${name}`;

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => string | undefined;

const plain = (
  Class: {readonly name: string; readonly prototype: object},
  type: number,
  isInstance: (value: unknown) => boolean,
  ownKeys = 0,
): Builtin => ({name: Class.name, type, isView: false, prototype: Class.prototype, isInstance, ownKeys});

const view = (
  name: string,
  type: number | 'binary',
  prototype: object,
  isInstance: Builtin['isInstance'],
): Builtin => ({
  name,
  type,
  isView: true,
  prototype,
  isInstance,
  ownKeys: 0,
});

const builtins: readonly Builtin[] = [
  view('Uint8Array', 'binary', Uint8Array.prototype, types.isUint8Array),
  view('Buffer', Ext.Buffer, Buffer.prototype, types.isUint8Array),
  plain(Date, Ext.Date, types.isDate),
  plain(Map, Ext.Map, types.isMap),
  plain(Set, Ext.Set, types.isSet),
  plain(RegExp, Ext.RegExp, types.isRegExp, 1),
  plain(ArrayBuffer, Ext.ArrayBuffer, types.isArrayBuffer),
  // An URL has nothing inside that could be asked for. What only claims to be one throws when it is read.
  plain(URL, Ext.URL, value => Object.getPrototypeOf(value) === URL.prototype),
  ...viewClasses.map(([type, Class]) =>
    view(
      Class.name,
      type,
      Class.prototype,
      type === Ext.DataView ? types.isDataView : value => tagOf.call(value as never) === Class.name,
    ),
  ),
];

const byPrototype = new WeakMap<object, Builtin>(builtins.map(each => [each.prototype, each]));
