/**
 * Errors that came after another one (during its clean-up, for example) and did not replace it.
 * Floor 0: kept under a symbol, so that errors of users can carry them too.
 */
import {attempt, readProperty} from './foreign.js';

const suppressedKey = Symbol.for('rxtractor/suppressed');

/** Keeps `other` with `error`, without replacing it. A thrown value that is not an object cannot carry anything. */
export function suppress(error: unknown, other: unknown): void {
  if (error === other || typeof error !== 'object' || error === null) return;
  const kept = suppressedBy(error);
  if (kept.includes(other)) return;
  // A frozen error cannot carry it, and must not be replaced either.
  attempt(() => Object.defineProperty(error, suppressedKey, {value: [...kept, other], configurable: true}));
}

/** The errors that are kept with an error, in the order in which they came. */
export function suppressedBy(error: object): readonly unknown[] {
  const kept = readProperty(error, suppressedKey);
  // A mock gives something for every property that is read.
  return attempt(() => (Array.isArray(kept) ? [...kept] : []), []);
}
