/**
 * A test over two actors joined in memory, for the claims that need no process; after it no context may be left.
 * Above over-pair.ts of the kit.
 */
import type {ExecutionContext} from 'ava';
import {type Calls, over as overPair} from '../kit/over-pair.js';
import type {Pair} from '../kit/pair.js';

export type {Calls} from '../kit/over-pair.js';

export function over(title: string, check: (t: ExecutionContext, calls: Calls, pair: Pair) => Promise<void>): void {
  overPair(title, (t, pair, calls) => check(t, calls, pair));
}

export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}
