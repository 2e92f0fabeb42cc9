/**
 * State that a process has once, even when several copies of the library are loaded (a bundled entry, a nested dependency).
 * Floor 0: used for the running actor, the hooks, the log and the registered errors.
 */

/** Raised when the shape of any shared state changes, because copies that differ in it must not share it. */
const version = 1;

/** The state with this name. The first copy that asks for it makes it. */
export function processWide<T>(name: string, make: () => T): T {
  const key = Symbol.for(`rxtractor/${name}/${version}`);
  const shared = globalThis as unknown as Record<symbol, T | undefined>;
  shared[key] ??= make();
  return shared[key];
}
