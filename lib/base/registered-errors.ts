/**
 * The error classes of users that revive as themselves.
 * Floor 0: filled through `errors`, read where an error is revived.
 */
import {processWide} from './process-wide.js';

type ErrorClass = abstract new (...args: never[]) => Error;

/** Classes that revive as themselves, by name. */
const registered = processWide('registered-errors', () => new Map<string, ErrorClass>());

/**
 * Makes a class of yours revive as itself when it arrives from another actor, where both ends have registered
 * it. The constructor is not called: the prototype and the own properties are restored.
 *
 * @throws TypeError when the class does not extend Error, has no name, or another class has taken the name
 */
export function registerError(Class: ErrorClass): void {
  if (typeof Class !== 'function' || !(Class.prototype instanceof Error))
    throw new TypeError('registerError() takes a class that extends Error');
  if (Class.name === '') throw new TypeError('registerError() takes a class with a name');
  const other = registered.get(Class.name);
  if (other !== undefined && other !== Class)
    throw new TypeError(`registerError(): another class named ${Class.name} is registered already`);
  registered.set(Class.name, Class);
}

export function registeredError(name: string): ErrorClass | undefined {
  return registered.get(name);
}
