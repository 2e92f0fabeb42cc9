// The claims of tests/test_local.py: a runtime without any other actor.
import {setTimeout as delay} from 'node:timers/promises';
import {
  currentActor,
  findActor,
  isRoot,
  listActors,
  NoRuntime,
  openNursery,
  parent,
  sleep,
  waitForActor,
} from '../../lib/index.js';
import {everyWay, useInEveryWay} from '../fixtures/every-way.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

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

test('local/test_self_is_registered: a root that has started nobody finds itself by its name (D1, C10)', async t => {
  await openNursery(
    async () => {
      const found = await waitForActor('lonely');
      t.deepEqual(found.actor, currentActor());
      t.deepEqual((await findActor('lonely'))?.actor, currentActor());
      t.deepEqual(await listActors(), [currentActor()]);
    },
    {name: 'lonely'},
  );
});

test('local/test_self_is_registered_localportal: what it finds is a portal to itself, which takes every call (C10, F6)', async t => {
  await openNursery(
    async () => {
      const used = await useInEveryWay(await waitForActor('lonely'));
      t.deepEqual(used.threw, [currentActor(), 1]);
      t.deepEqual(used.values, [2, 3, 4]);
    },
    {name: 'lonely', expose: everyWay},
  );
});
