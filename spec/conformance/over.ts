/**
 * A test over two actors joined in memory, for the claims that need no process; after it no context may be left.
 * Above pair.ts.
 */
import test, {type ExecutionContext} from 'ava';
import {newPair, type Pair} from '../kit/pair.js';

export type Calls = ReturnType<Pair['with']>;

export function over(title: string, check: (t: ExecutionContext, calls: Calls, pair: Pair) => Promise<void>): void {
  test(title, async t => {
    const pair = await newPair();
    await check(t, pair.with({}), pair);
    await pair.quiet();
    t.deepEqual(pair.near.actor.scope.failures, []);
  });
}

export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}
