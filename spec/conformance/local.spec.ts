// What tests/test_local.py claims: a runtime without any other actor.
import {setTimeout as delay} from 'node:timers/promises';
import test from 'ava';
import {currentActor, isRoot, NoRuntime, openNursery, parent, sleep} from '../../lib/index.js';

test('local/test_local_actor_async_func: a nursery that starts nobody boots the root in this process, where its body runs and may wait (T2)', async t => {
  const seen: number[] = [];
  let turns = 0;
  let counting = true;
  // The rest of the process goes on meanwhile.
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  count();
  const value = await openNursery(async () => {
    t.is(currentActor().pid, process.pid);
    t.true(isRoot());
    t.is(parent(), undefined);
    for (let i = 0; i < 10; i++) {
      seen.push(i);
      const before = turns;
      await (i % 2 === 0 ? sleep(10) : delay(10));
      t.true(turns > before, 'nothing else ran while the body slept');
    }
    return 'over';
  });
  counting = false;
  t.is(value, 'over');
  t.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.throws(currentActor, {instanceOf: NoRuntime});
});
