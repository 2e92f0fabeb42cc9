/**
 * `instanceof` for the error classes of this library, by brand instead of by prototype: two installed copies of the library,
 * or a bundled and an unbundled one, recognise each other's errors (the habit of undici's `core/errors`).
 * Floor 0: below `errors`, whose classes carry the brands.
 */
import {inherits, readProperty} from './foreign.js';

interface BrandedClass {
  readonly code: string;
  readonly prototype: object;
}

/** The brand of the class with this code: a property of its prototype. */
const brandOf = (code: string): symbol => Symbol.for(`rxtractor/error/${code}`);

/** Puts the brand of a class on its prototype. @param code another class, to which its instances belong too */
export function putBrand(Class: BrandedClass, code: string = Class.code): void {
  Object.defineProperty(Class.prototype, brandOf(code), {value: true});
}

/** `instanceof`: by brand for the classes of this library, by prototype for the subclasses that users write. */
export function hasBrand(Class: object, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  // The value of the brand is compared, because a mock may say of every property that it has it.
  return isBranded(Class) ? readProperty(value, brandOf(Class.code)) === true : inherits(value, Class);
}

/** A subclass that a user writes inherits `code` and the brand, but has neither of its own. */
function isBranded(Class: object): Class is BrandedClass {
  const {code, prototype} = Class as BrandedClass;
  return Object.hasOwn(Class, 'code') && Object.hasOwn(prototype, brandOf(code));
}
