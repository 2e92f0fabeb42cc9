// A test over two actors joined in memory, for what needs no process. Above pair.ts.
import test, {type ExecutionContext} from 'ava';
import {newPair, type Pair} from './pair.js';

export type Calls = ReturnType<Pair['with']>;
type Check = (t: ExecutionContext, pair: Pair, calls: Calls) => Promise<void>;

/** After the check no context may be left at either end, and no failure may have come to the scope of an actor. */
export function over(title: string, check: Check, run: typeof test | typeof test.serial = test): void {
  run(title, async t => {
    const pair = await newPair();
    await check(t, pair, pair.with({}));
    await pair.quiet();
    t.deepEqual(pair.near.actor.scope.failures, []);
  });
}
