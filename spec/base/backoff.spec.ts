// lib/base/backoff: each wait is twice as long as the one before, up to a maximum.
import test from 'ava';
import {Backoff} from '../../lib/base/backoff.js';

const waits = (backoff: Backoff, count: number): number[] => Array.from({length: count}, () => backoff.next());

test('the waits double, up to the longest', t => {
  t.deepEqual(waits(new Backoff({first: 100, longest: 350}), 4), [100, 200, 350, 350]);
  t.deepEqual(waits(new Backoff({first: 25}), 3), [25, 50, 100]);
});

test('spread waits vary by half of their length', t => {
  for (let i = 0; i < 100; i++) {
    for (const [at, ms] of waits(new Backoff({first: 100, isSpread: true}), 3).entries()) {
      t.true(ms >= 50 * 2 ** at && ms <= 150 * 2 ** at);
    }
  }
});
