/**
 * A bound for tables that would grow for as long as a program runs.
 * Floor 0: a pure function over Sets and Maps, which keep the order in which their keys came.
 */

/** Deletes the oldest key when there are more than `most`. Call it after each `add` or `set`. */
export function forgetOldest<K>(
  table: {readonly size: number; keys(): Iterator<K>; delete(key: K): boolean},
  most: number,
): void {
  const {value, done} = table.keys().next();
  if (!done && table.size > most) table.delete(value);
}
