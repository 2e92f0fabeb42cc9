/**
 * Names a value that cannot cross, in words, without calling code of the value.
 * Floor 1: below `encoder`, which refuses such a value with these words, and `lossy`, which puts them in its place.
 */
import {types} from 'node:util';
import {attempt} from '../base/foreign.js';

/** Maximum characters of a class's or function's name. */
const maxNameLength = 100;

/** `a function`, `the symbol Symbol(x)`, `an instance of Socket`. */
export function describe(value: unknown): string {
  return attempt(() => {
    if (types.isProxy(value)) return 'a proxy';
    if (typeof value === 'symbol') return `the symbol ${value.toString()}`;
    if (typeof value === 'function') return nameOf(value, 'the function', 'a function');
    const prototype: unknown = Object.getPrototypeOf(value);
    const Class: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    return nameOf(Class, 'an instance of', 'an object of a class');
  }, 'an object of a class');
}

/** Reads the name from its descriptor, because a getter would be code of the value. */
function nameOf(target: unknown, before: string, otherwise: string): string {
  if (typeof target !== 'function') return otherwise;
  const name: unknown = Object.getOwnPropertyDescriptor(target, 'name')?.value;
  return typeof name === 'string' && name !== '' ? `${before} ${name.slice(0, maxNameLength)}` : otherwise;
}
