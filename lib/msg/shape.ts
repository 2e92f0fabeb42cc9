/**
 * Questions about the shape of arrays and objects that the language has no quick answer to.
 * Floor 1: below `encoder`.
 */
import {inspect} from 'node:util';

/** Whether this is the prototype of `{}` or `[]` in another realm (`node:vm`, and the test runners that use it). */
export function isOfOtherRealm(prototype: unknown, own: 'flatMap' | 'isPrototypeOf'): boolean {
  if (typeof prototype !== 'object' || prototype === null || !Object.hasOwn(prototype, own)) return false;
  const above: unknown = Object.getPrototypeOf(prototype);
  return own === 'isPrototypeOf' ? above === null : Array.isArray(prototype) && isOfOtherRealm(above, 'isPrototypeOf');
}

/** Whether an array has properties besides its items, as the match of a RegExp has. */
export function hasNamedProperties(array: readonly unknown[]): boolean {
  // JavaScript cannot list the names of an array without its indices, whose texts cost more time than to encode the items.
  // `inspect` can. If the form of its output changes, this only becomes slower.
  if (array.length > 64 && inspect(array, namesOnly).replace(/\d+/, '') === noNames) return false;
  return Object.keys(array).length > array.length || Object.getOwnPropertySymbols(array).length > 0;
}
const namesOnly = {maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY};
const noNames = inspect([0, 0], namesOnly).replace(/\d+/, '');
