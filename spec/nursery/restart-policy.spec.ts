// How often an actor is started again, and after what pause: the counting alone, without actors.
import test from 'ava';
import {RestartPolicy} from '../../lib/nursery/restart-policy.js';

test('by default three deaths within a minute are each followed by a start, after 100, 200 and 400 ms', t => {
  const policy = new RestartPolicy({});
  t.deepEqual(
    [0, 10, 20, 30].map(now => policy.died(now)),
    [100, 200, 400, undefined],
  );
});

test('the pause is doubled up to 5 s', t => {
  const policy = new RestartPolicy({times: 3_000});
  const pauses = Array.from({length: 2_000}, () => policy.died(0));
  t.deepEqual(pauses.slice(0, 8), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  t.is(pauses.at(-1), 5_000);
});

test('a death counts for the time `within`, and no longer', t => {
  const seen: number[] = [];
  const policy = new RestartPolicy({times: 2, within: 100, delay: attempt => seen.push(attempt)});
  for (const now of [0, 99, 100, 199, 1_000]) t.not(policy.died(now), undefined);
  t.deepEqual(seen, [1, 2, 2, 2, 1]);
  t.is(policy.died(1_001), 6);
  t.is(policy.died(1_002), undefined);
});

test('with `times` 0 the first death is one too many, and with Infinity none is', t => {
  t.is(new RestartPolicy({times: 0}).died(0), undefined);
  const policy = new RestartPolicy({times: Number.POSITIVE_INFINITY, delay: 7});
  for (let death = 0; death < 20_000; death++) if (policy.died(0) !== 7) return t.fail();
  t.is(policy.attempt, 10_000);
});
