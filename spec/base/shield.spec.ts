// lib/base/shield: clean-up goes on after a cancellation, for as long as the scope gives it.
import test from 'ava';
import {Clock, realTime} from '../../lib/base/clock.js';
import {runWith} from '../../lib/base/current.js';
import {ContextCancelled} from '../../lib/base/errors.js';
import {Scope} from '../../lib/base/scope.js';
import {shield} from '../../lib/base/shield.js';
import {sleep} from '../../lib/base/sleep.js';

/** Shields a long wait in a scope that is cancelled. @returns the times that were set for it, and what the wait came to */
async function shieldedIn(scope: Scope): Promise<{readonly times: readonly number[]; readonly outcome: unknown}> {
  const times: number[] = [];
  const timers: (() => void)[] = [];
  scope.ownClock = new Clock({
    ...realTime,
    setTimeout: ((fn: () => void, ms: number) => {
      times.push(ms);
      timers.push(fn);
      return {unref() {}};
    }) as unknown as typeof setTimeout,
    clearTimeout: () => {},
  });
  const actor = {name: 'here', id: 'a', pid: process.pid, host: ''};
  scope.cancel(new ContextCancelled('enough', {canceller: undefined, reason: 'requested'}));
  const work = runWith({actor, root: true, scope, runtime: {}}, () => shield(() => sleep(1e6))).catch(error => error);
  // The first timer is that of the shield.
  timers[0]?.();
  return {times, outcome: await work};
}

test('X3: a shield holds for the time that its actor gives, and then rejects with reason deadline', async t => {
  const actor = new Scope('actor a');
  actor.ownGrace = 7_000;
  const {times, outcome} = await shieldedIn(new Scope('work in a', actor));
  t.deepEqual(times, [7_000, 1e6]);
  t.true(outcome instanceof ContextCancelled);
  t.is((outcome as ContextCancelled).reason, 'deadline');
});

test('X3: that is 1 600 ms when nobody says otherwise', async t => {
  t.is((await shieldedIn(new Scope('work'))).times[0], 1_600);
});
