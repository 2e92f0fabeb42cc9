/**
 * Tables that would grow for as long as a program runs.
 * Floor 0.
 */

/** Forgets who came first, where there are more than `most` now. After each `add` or `set`. */
export function forgetOldest<K>(
  table: {readonly size: number; keys(): Iterator<K>; delete(key: K): boolean},
  most: number,
): void {
  const {value, done} = table.keys().next();
  if (!done && table.size > most) table.delete(value);
}
