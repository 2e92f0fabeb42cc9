/**
 * State that a process has once, whatever number of copies of the library is loaded (a bundled entry, a nested
 * dependency).
 * Floor 0.
 */

/** Raised when the shape of anything shared changes: copies that do not agree do not share. */
const version = 1;

export function processWide<T>(name: string, make: () => T): T {
  const key = Symbol.for(`rxtractor/${name}/${version}`);
  const shared = globalThis as unknown as Record<symbol, T | undefined>;
  shared[key] ??= make();
  return shared[key];
}
