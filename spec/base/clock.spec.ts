// lib/base/clock: timers of any length, pauses that end early, and limits that a gate holds up. The time is made here.
import test from 'ava';
import {Clock, type Gate, plainClock, type Time} from '../../lib/base/clock.js';
import {deferred} from '../../lib/base/deferred.js';

/** A platform whose time stands until `advance`: the timers that are due fire in their order. */
function madeTime(): Time & {advance(ms: number): Promise<void>; stall(ms: number): void; readonly pending: number} {
  let now = 0;
  let last = 0;
  const timers = new Map<number, {due: number; fn: () => void}>();
  const set = (fn: () => void, ms = 0): {id: number; unref(): void} => {
    const id = ++last;
    timers.set(id, {due: now + ms, fn});
    return {id, unref: () => {}};
  };
  const clear = (handle?: {id: number}): void => void (handle && timers.delete(handle.id));
  const due = (until: number): [number, {due: number; fn: () => void}] | undefined =>
    [...timers].filter(([, timer]) => timer.due <= until).sort(([, a], [, b]) => a.due - b.due)[0];
  const made = {
    setTimeout: set,
    setImmediate: set,
    clearTimeout: clear,
    clearImmediate: clear,
    now: () => now,
    async advance(ms: number): Promise<void> {
      const until = now + ms;
      for (let next = due(until); next; next = due(until)) {
        const [id, timer] = next;
        timers.delete(id);
        now = Math.max(now, timer.due);
        timer.fn();
        await plainClock.turn();
      }
      now = until;
    },
    /** The process stands still: time passes, and no timer fires. */
    stall(ms: number): void {
      now += ms;
    },
    get pending() {
      return timers.size;
    },
  };
  return made as unknown as Time & typeof made;
}

test('a timer longer than the platform takes fires once, after its whole length', async t => {
  const time = madeTime();
  let fired = 0;
  const month = 30 * 24 * 60 * 60 * 1_000;
  new Clock(time).timer(month, () => fired++);
  await time.advance(month - 1);
  t.is(fired, 0);
  await time.advance(1);
  t.deepEqual([fired, time.pending], [1, 0]);
});

for (const ms of [Number.POSITIVE_INFINITY, 2 ** 40, 2 ** 31])
  test(`a time of ${ms} ms is not a short one, for timers, deadlines, limits and what comes again and again`, async t => {
    const time = madeTime();
    const clock = new Clock(time);
    let fired = 0;
    const fire = (): void => void fired++;
    const stops = [clock.timer(ms, fire), clock.deadline(ms, fire), clock.limit(ms, fire), clock.every(ms, fire)];
    const never = clock.within(new Promise(() => {}), ms).then(fire);
    // The platform takes a longer time than this as 1 ms.
    await time.advance(2 ** 31 - 1);
    t.is(fired, 0);
    t.is(time.pending, 5);
    for (const stop of stops) stop();
    t.is(time.pending, 1);
    if (ms !== 2 ** 31) return;
    await time.advance(1);
    await never;
    t.deepEqual([fired, time.pending], [1, 0]);
  });

test('what comes again and again comes in its period, until it is stopped from within', async t => {
  const time = madeTime();
  let ticks = 0;
  const stop = new Clock(time).every(10, () => {
    if (++ticks === 3) stop();
  });
  await time.advance(25);
  t.is(ticks, 2);
  await time.advance(100);
  t.deepEqual([ticks, time.pending], [3, 0]);
});

test('a timer that is stopped does not fire, and leaves nothing behind', async t => {
  const time = madeTime();
  const stop = new Clock(time).timer(10, () => t.fail());
  stop();
  stop();
  t.is(time.pending, 0);
  await time.advance(20);
});

test('a pause ends at its time, or when its signal aborts, and leaves neither a timer nor a listener', async t => {
  const time = madeTime();
  const clock = new Clock(time);
  const whole = clock.pause(10);
  await time.advance(10);
  await whole;
  const controller = new AbortController();
  const early = clock.pause(10, {signal: controller.signal});
  controller.abort();
  await early;
  await clock.pause(10, {signal: controller.signal});
  t.is(time.pending, 0);
});

test('within tells whether a promise settles in time, and leaves no timer', async t => {
  const time = madeTime();
  const clock = new Clock(time);
  const slow = deferred();
  const missed = clock.within(slow.promise, 10);
  await time.advance(10);
  t.false(await missed);
  t.true(await clock.within(Promise.resolve(), 10));
  await t.throwsAsync(clock.within(Promise.reject(new Error('its own')), 10), {message: 'its own'});
  t.is(time.pending, 0);
});

test('T14: a deadline is set once more when this process itself stood still', async t => {
  const time = madeTime();
  let missed = 0;
  new Clock(time).deadline(100, () => missed++);
  time.stall(1_000);
  await time.advance(0);
  t.is(missed, 0);
  await time.advance(99);
  t.is(missed, 0);
  await time.advance(1);
  t.is(missed, 1);
});

test('a limit that is over while the gate is closed begins anew after the prompt', async t => {
  const time = madeTime();
  const opened = deferred<number>();
  let gate: Gate = {isClosed: () => true, opened: () => opened.promise};
  const clock = new Clock(time, {isClosed: () => gate.isClosed(), opened: () => gate.opened()});
  let over = 0;
  clock.limit(100, () => over++);
  await time.advance(100);
  t.deepEqual([over, clock.standsStill], [0, true]);
  gate = {isClosed: () => false, opened: () => undefined};
  // The prompt was left 30 ms ago.
  opened.resolve(30);
  await plainClock.turn();
  await time.advance(69);
  t.is(over, 0);
  await time.advance(1);
  t.is(over, 1);
});

test('a limit that is stopped while the gate is closed stays stopped', async t => {
  const time = madeTime();
  const opened = deferred<number>();
  const clock = new Clock(time).gatedBy({isClosed: () => true, opened: () => opened.promise});
  const stop = clock.limit(100, () => t.fail());
  await time.advance(100);
  stop();
  opened.resolve(Number.POSITIVE_INFINITY);
  await plainClock.turn();
  t.is(time.pending, 0);
});

test('a deadline that fires behind the gate gives the peer the whole time after the prompt', async t => {
  const time = madeTime();
  const opened = deferred<number>();
  let isClosed = true;
  const clock = new Clock(time, {isClosed: () => isClosed, opened: () => (isClosed ? opened.promise : undefined)});
  let missed = 0;
  clock.deadline(10, () => missed++, 500);
  clock.overdue(500, () => missed++);
  await time.advance(10);
  isClosed = false;
  opened.resolve(0);
  await plainClock.turn();
  await time.advance(499);
  t.is(missed, 0);
  await time.advance(1);
  t.is(missed, 2);
});

test('whenFree acts at once, or when nobody is at a prompt', async t => {
  const opened = deferred<number>();
  const acts: string[] = [];
  plainClock.whenFree(() => acts.push('plain'));
  plainClock.gatedBy({isClosed: () => true, opened: () => opened.promise}).whenFree(() => acts.push('gated'));
  t.deepEqual(acts, ['plain']);
  opened.resolve(0);
  await plainClock.turn();
  t.deepEqual(acts, ['plain', 'gated']);
});

test.serial('a test runner that replaces the global timers does not stop the clock', async t => {
  const {setTimeout: timeout, setImmediate: immediate} = globalThis;
  const never = (() => {}) as never;
  Object.assign(globalThis, {setTimeout: never, setImmediate: never});
  try {
    await plainClock.turn();
    await plainClock.pause(1);
    t.false(await plainClock.within(new Promise(() => {}), 1));
  } finally {
    Object.assign(globalThis, {setTimeout: timeout, setImmediate: immediate});
  }
});
