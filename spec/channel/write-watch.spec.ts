// lib/channel/write-watch: a peer that takes nothing is reported. A stand-in for the channel, real timers, no clock is asserted.
import test from 'ava';
import type {Channel} from '../../lib/channel/channel.js';
import {watchWrites} from '../../lib/channel/write-watch.js';

const period = 20;

// A watch keeps no process alive: something must, while a test waits for it.
const awake = setInterval(() => {}, 1_000);
test.after.always(() => clearInterval(awake));

/** Only what a watch uses of a channel. `look` is called whenever it looks. */
function standIn(look: (times: number) => number) {
  let times = 0;
  return {
    lastDrained: 0,
    get unsentBytes(): number {
      return look(++times);
    },
  };
}

/** The reports until the watch has looked so often. */
async function reportsOf(
  looks: number,
  waiting: (times: number, channel: {lastDrained: number}) => number,
): Promise<string[]> {
  const reports: string[] = [];
  await new Promise<void>(resolve => {
    const channel = standIn(times => {
      if (times > looks) {
        stop();
        resolve();
      }
      return waiting(times, channel);
    });
    const stop = watchWrites(channel as unknown as Channel, period, state => reports.push(state));
  });
  return reports;
}

test('F5: a peer that takes nothing is reported once as stuck, and as moving when it takes something again', async t => {
  // On a busy machine a tick may come late, and does not count then.
  t.deepEqual(await reportsOf(200, times => (times < 150 ? 1_000 : 1_000 - times)), ['stuck', 'moving']);
});

test('F5: a peer that takes a little at a time is never reported', async t => {
  t.deepEqual(await reportsOf(30, times => 10_000 - times), []);
});

test('F5: a peer is never reported for what was written anew after all was taken', async t => {
  const refilled = (times: number, channel: {lastDrained: number}): number => {
    channel.lastDrained = performance.now();
    return 1_000 + times;
  };
  t.deepEqual(await reportsOf(30, refilled), []);
});

test('F5: nothing is reported while nothing waits', async t => {
  t.deepEqual(await reportsOf(10, () => 0), []);
});
