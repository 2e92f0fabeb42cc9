/**
 * The fencing token of an actor on another host: whoever keeps the lock refuses a token that is smaller than one it has seen.
 * Floor 6: beside `lease`. A lease cannot protect from a machine that stands still together with its clock. The token does.
 */

import {wallTime} from '../base/clock.js';

/** The characters of a token. Tokens of one length are in the same order as texts and as numbers. */
const digits = 20;

/**
 * A token that is larger than the last one of this root, and than those of its earlier runs: it has the microseconds of the wall
 * clock. An earlier run can have a larger token only when the wall clock was put back since then.
 *
 * @param last undefined: there was none in this run
 * @param wallMs the wall clock, in ms
 */
export function nextToken(last: string | undefined, wallMs: number): string {
  const now = BigInt(Math.floor(wallMs * 1_000));
  const token = last !== undefined && BigInt(last) >= now ? BigInt(last) + 1n : now;
  return String(token).padStart(digits, '0');
}

/** The last token of this process. */
let last: string | undefined;

/** The token of an actor that this process places now. */
export function newToken(): string {
  last = nextToken(last, wallTime());
  return last;
}

export const isToken = (text: string): boolean => text.length === digits && /^[0-9]*$/.test(text);
