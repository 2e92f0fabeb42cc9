/**
 * The error classes of users that revive as themselves.
 * Floor 0: filled by users through `registerError`, read by `msg/revive`.
 */
import {processWide} from './process-wide.js';

type ErrorClass = abstract new (...args: never[]) => Error;

/** The registered classes by name. */
const registered = processWide('registered-errors', () => new Map<string, ErrorClass>());

/**
 * Makes a class of yours revive as itself when an error of it arrives from another actor, so that `instanceof` and
 * `error.is(Class)` work there. Call it in both actors: the module that defines the class is the place for it. The constructor
 * is not called: the prototype and the own properties are restored.
 *
 * @example
 * ```ts
 * export class QuotaError extends Error {
 *   override readonly name = 'QuotaError';
 * }
 * registerError(QuotaError);
 * // … and in the caller
 * if (error instanceof RemoteActorError && error.is(QuotaError)) await sleep(1_000);
 * ```
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

/** The registered class with this name. */
export function registeredError(name: string): ErrorClass | undefined {
  return registered.get(name);
}
