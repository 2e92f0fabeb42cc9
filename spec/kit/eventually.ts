// Waits for what no event tells of. Below the specs and the rest of the kit; imports nothing, so that a program of spec/fixtures may load it.
import {setTimeout as delay} from 'node:timers/promises';

/** Several times what anything takes on a starved machine, and less than the limit of a test, because this failure says more. */
export const patienceMs = 2 * 60_000;

export interface Waiting {
  /** Says why it cannot come any more; undefined while it can. One look more is made after that. */
  readonly unless?: () => string | undefined;
  readonly pollMs?: number;
}

/**
 * Looks again and again until there is something. Time is counted in looks, because a machine that stood still has not looked.
 *
 * @param what it is, for the error
 * @returns what was found: the first value that is neither false, undefined, null, 0 nor empty
 * @throws when it cannot come any more, or has not come in two minutes and more
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string | (() => string),
  {unless = () => undefined, pollMs = 20}: Waiting = {},
): Promise<NonNullable<T>> {
  for (let looks = 0; looks < patienceMs / pollMs; looks++) {
    // Asked first: what it waits for may be the last thing that was done.
    const why = unless();
    const found = await look();
    if (found) return found;
    if (why !== undefined) throw new Error(`${textOf(what)} cannot come any more: ${why}`);
    await delay(pollMs);
  }
  throw new Error(`${textOf(what)} has not come within ${patienceMs / 1_000} s`);
}

const textOf = (what: string | (() => string)): string => (typeof what === 'string' ? what : what());
