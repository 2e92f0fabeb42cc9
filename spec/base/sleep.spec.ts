// lib/base/sleep: a pause ends with its scope, however that ends, and leaves nothing behind.
import test from 'ava';
import {Clock, realTime} from '../../lib/base/clock.js';
import {runWith} from '../../lib/base/current.js';
import {ContextCancelled} from '../../lib/base/errors.js';
import {Scope} from '../../lib/base/scope.js';
import {sleep} from '../../lib/base/sleep.js';

/** A scope with a clock that counts its timers, and a way to run code in it. */
function place(): {scope: Scope; within: <T>(fn: () => T) => T; readonly timers: number} {
  const timers = new Set<unknown>();
  const scope = new Scope('the body');
  scope.ownClock = new Clock({
    ...realTime,
    setTimeout: ((fn: () => void, ms: number) => {
      const handle = setTimeout(() => {
        timers.delete(handle);
        fn();
      }, ms);
      timers.add(handle);
      return handle;
    }) as typeof setTimeout,
    clearTimeout: (handle => {
      timers.delete(handle);
      clearTimeout(handle as NodeJS.Timeout);
    }) as typeof clearTimeout,
  });
  const actor = {name: 'here', id: 'a', pid: process.pid, host: ''};
  return {
    scope,
    within: fn => runWith({actor, root: true, scope, runtime: {}}, fn),
    get timers() {
      return timers.size;
    },
  };
}

test('X3: a pause rejects with the cancellation of its scope, and leaves no timer', async t => {
  const here = place();
  const pause = here.within(() => sleep(1e9));
  t.is(here.timers, 1);
  const why = new ContextCancelled('enough', {canceller: undefined, reason: 'requested'});
  here.scope.cancel(why);
  t.is(here.timers, 0);
  t.is(await t.throwsAsync(pause), why);
  t.is(await t.throwsAsync(here.within(() => sleep(0))), why);
});

test('C12: a pause that its scope does not wait for ends with it: it leaves no timer, and never settles', async t => {
  const here = place();
  let isSettled = false;
  const settled = (): void => {
    isSettled = true;
  };
  here.within(() => sleep(1)).then(settled, settled);
  here.scope.settle();
  t.is(here.timers, 0);
  await new Promise(resolve => setTimeout(resolve, 10));
  t.false(isSettled);
});

test('C12: code that goes on after its scope makes no pause there any more', async t => {
  const here = place();
  here.scope.settle();
  const error = await t.throwsAsync(
    here.within(() => sleep(0)),
    {instanceOf: ContextCancelled, message: /the body has ended/},
  );
  t.is(error.reason, 'scope');
});

test('T9: a pause that nobody awaits raises no unhandledRejection', async t => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): number => unhandled.push(error);
  process.on('unhandledRejection', note);
  const [here, there] = [place(), place()];
  void here.within(() => sleep(1e9));
  here.scope.cancel(new ContextCancelled('enough', {canceller: undefined, reason: 'requested'}));
  void there.within(() => sleep(1e9)).then(() => t.fail());
  there.scope.settle();
  void there.within(() => sleep(1e9));
  await new Promise(resolve => setTimeout(resolve, 5));
  process.off('unhandledRejection', note);
  t.deepEqual(unhandled, []);
});

test('a pause that is over leaves nothing in its scope', async t => {
  const here = place();
  await here.within(() => sleep(1));
  t.is(here.timers, 0);
  here.scope.settle();
  await sleep(1);
  t.pass();
});
