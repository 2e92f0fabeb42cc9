/**
 * Names a value that cannot cross, in words that call none of its code.
 * Floor 1: below `encoder`, whose refusals it words, and `lossy`, whose marks.
 */
import {types} from 'node:util';

/** `a function`, `the symbol Symbol(x)`, `an instance of Socket`. */
export function describe(value: unknown): string {
  try {
    if (types.isProxy(value)) return 'a proxy';
    if (typeof value === 'symbol') return `the symbol ${value.toString()}`;
    if (typeof value === 'function') return nameOf(value, 'the function', 'a function');
    const prototype: unknown = Object.getPrototypeOf(value);
    return nameOf(
      Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value,
      'an instance of',
      'an object of a class',
    );
  } catch {
    return 'an object of a class';
  }
}

function nameOf(target: unknown, before: string, otherwise: string): string {
  if (typeof target !== 'function') return otherwise;
  const name: unknown = Object.getOwnPropertyDescriptor(target, 'name')?.value;
  return typeof name === 'string' && name !== '' ? `${before} ${name.slice(0, 100)}` : otherwise;
}
