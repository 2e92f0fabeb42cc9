/**
 * Properties of errors that are not printed with them.
 * Floor 0: for identities and texts that stand in the message already, and for what belongs to the runtime alone.
 */

/** Sets a property that is not enumerable, so that `util.inspect` does not print it. */
export function setHidden(error: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(error, key, {value, configurable: true, writable: true});
}
