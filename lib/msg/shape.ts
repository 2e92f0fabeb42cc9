/**
 * Questions about the shape of values that the language has no quick answer to.
 * Floor 1: below `builtin` and `encoder`.
 */
import {inspect, types} from 'node:util';

/**
 * Whether this is the prototype of a builtin class in another realm (`node:vm`, and the test runners that use it): it has the
 * constructor and the chain of prototypes that ours has, up to an `Object.prototype` that is not ours.
 *
 * @param ours the prototype of the class in this realm
 */
export function isOfOtherRealm(prototype: unknown, ours: object): boolean {
  let theirs: unknown = prototype;
  for (let own = ours; !isTop(own); own = Object.getPrototypeOf(own) as object) {
    if (theirs === own || !isObject(theirs) || !Object.hasOwn(theirs, 'constructor')) return false;
    theirs = Object.getPrototypeOf(theirs);
  }
  return isObject(theirs) && theirs !== Object.prototype && Object.hasOwn(theirs, 'isPrototypeOf') && isTop(theirs);
}

const isTop = (prototype: object): boolean => Object.getPrototypeOf(prototype) === null;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * Whether an array, a typed array or a Buffer has properties besides its items, as the match of a RegExp has. A property that is not
 * enumerable is found only at a frozen array (the texts of a template), because to look for it everywhere would cost as much as to
 * encode the items.
 */
export function hasNamedProperties(list: ArrayLike<unknown> & object): boolean {
  if (Object.getOwnPropertySymbols(list).length > 0) return true;
  // JavaScript cannot list the names without the indices, whose texts cost more time than to encode the items. `inspect` can. If
  // the form of its output changes, this only becomes slower.
  if (list.length > 64 && nameless.test(inspect(list, namesOnly))) return false;
  if (Object.keys(list).length > list.length) return true;
  return Array.isArray(list) && Object.isFrozen(list) && Object.getOwnPropertyNames(list).length > list.length + 1;
}
const namesOnly = {maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY};
/** `[ ... 70 more items ]`, `Buffer(70) [Uint8Array] [ ... 70 more items ]`. */
const nameless = /^(?:\w+\(\d+\) (?:\[\w+\] )?)?\[ \.\.\. \d+ more items \]$/;

/**
 * Whether an object that has the prototype of a plain object, or none, has more in it than its properties: somebody has changed the
 * prototype of a Map, a Date or the like.
 */
export function isMoreThanPlain(value: object): boolean {
  return (
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isPromise(value) ||
    types.isBoxedPrimitive(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  );
}
