// The claims of tests/test_clustering.py: equal actors as one.
import {openNursery} from '../../lib/index.js';
import {pidOf} from '../fixtures/tasks.js';
import {isAlive} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

test('clustering/test_empty_mngrs_input_raises: a cluster of nobody is a RangeError, with which its nursery ends and takes the cluster that it has with it (T9, T10)', async t => {
  const pids: number[] = [];
  await t.throwsAsync(
    openNursery(async nursery => {
      const pool = await nursery.openPool(2, {expose: [pidOf]});
      pids.push(...(await Promise.all([pool.run(pidOf), pool.run(pidOf)])));
      t.is(pids.filter(isAlive).length, 2);
      await nursery.openPool(0, {expose: [pidOf]});
    }),
    {instanceOf: RangeError, message: /from 1 on/},
  );
  t.deepEqual(pids.filter(isAlive), []);
});
