import test from 'ava';
import {beginLease, leaseTimes, nextLookIn, remainingOf, stepLease} from '../../lib/fleet/lease.js';
import {fc} from '../kit/fast-check.js';
import {faultOf, runs} from './lease-model.js';
import {tokenFault} from './token-model.js';

test('a lease does what its model says, in whatever order proofs, ticks and sleep come', t => {
  fc.assert(
    fc.property(runs, run => {
      const fault = faultOf(run);
      if (fault !== undefined) throw new Error(fault);
    }),
    {numRuns: process.env.RXTRACTOR_CI ? 20_000 : 3_000},
  );
  t.pass();
});

test('the times of a lease of 15 s', t => {
  t.deepEqual(leaseTimes(15_000), {
    beat: 1_000,
    warn: 4_500,
    cancel: 9_000,
    budget: 4_500,
    kill: 15_000,
    fenced: 16_250,
  });
  t.is(leaseTimes(2_000).beat, 200);
});

test('the holder of a lease that has no end looks at each beat, and never acts', t => {
  const lease = beginLease('holder', Number.POSITIVE_INFINITY, 0, 0);
  t.is(nextLookIn(lease, 1e12), 1_000);
  t.is(remainingOf(lease, 1e12), Number.POSITIVE_INFINITY);
  t.deepEqual(stepLease(lease, {type: 'tick', at: 1e12}).acts, []);
});

test('an actor is killed at the moment at which its lease is over, though the last beat was a moment ago', t => {
  let lease = beginLease('holder', 15_000, 0, 0);
  for (let at = 0; at < 14_999; at += nextLookIn(lease, at)) lease = stepLease(lease, {type: 'tick', at}).next;
  t.is(nextLookIn({...lease, provenAt: 0}, 14_500), 500);
  t.deepEqual(stepLease(lease, {type: 'tick', at: 15_000}).acts, ['kill']);
});

test('a token grows with each grant, though many are in one microsecond, and over the restarts of a root', t => {
  t.is(tokenFault(), undefined);
});
