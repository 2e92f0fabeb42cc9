// lib/channel/heartbeat: a silent peer is asked, and reported. A stand-in for the channel, real timers, no clock is asserted.
import type {Channel} from '../../lib/channel/channel.js';
import {startHeartbeat} from '../../lib/channel/heartbeat.js';
import {Kind} from '../../lib/msg/types.js';
import {test} from '../kit/limited.js';

const period = 20;

// A heartbeat keeps no process alive: something must, while a test waits for it.
const awake = setInterval(() => {}, 1_000);
test.after.always(() => clearInterval(awake));

/** Only what a heartbeat uses of a channel. */
function standIn(onPing: (channel: {lastHeard: number}) => void) {
  const channel = {
    lastHeard: performance.now(),
    pings: 0,
    sendUrgent: (kind: Kind, context: number) => {
      if (kind !== Kind.Ping || context !== 0) throw new Error('a heartbeat sends pings about the channel itself');
      channel.pings++;
      onPing(channel);
    },
  };
  return channel;
}

const asChannel = (channel: object): Channel => channel as unknown as Channel;

test('F5: a peer that does not answer is reported once as unresponsive, and as responsive when it is heard again', async t => {
  const channel = standIn(() => {});
  const reports: string[] = [];
  await new Promise<void>(resolve => {
    const stop = startHeartbeat(asChannel(channel), period, state => {
      reports.push(state);
      // Some periods more, so that a second report would be seen.
      if (state === 'unresponsive') setTimeout(() => (channel.lastHeard = performance.now()), 5 * period);
      else {
        stop();
        resolve();
      }
    });
  });
  t.deepEqual(reports, ['unresponsive', 'responsive']);
  t.true(channel.pings >= 1);
});

test('F5: a silent peer that answers every ping is never reported', async t => {
  const reports: string[] = [];
  let answered!: () => void;
  const tenth = new Promise<void>(resolve => {
    answered = resolve;
  });
  const channel = standIn(silent => {
    silent.lastHeard = performance.now();
    if (channel.pings === 10) answered();
  });
  const stop = startHeartbeat(asChannel(channel), period, state => reports.push(state));
  await tenth;
  stop();
  t.deepEqual(reports, []);
});

test('T14: a stall of this process is no silence of the peer: it is asked once more', async t => {
  const reports: string[] = [];
  const channel = standIn(() => {});
  const asked = new Promise<void>(resolve => {
    const stop = startHeartbeat(asChannel(channel), period, state => reports.push(state));
    const look = setInterval(() => {
      if (channel.pings === 0) return;
      clearInterval(look);
      // Far longer than a period: what the peer said meanwhile lies unread.
      const until = performance.now() + 10 * period;
      while (performance.now() < until);
      setTimeout(() => {
        stop();
        resolve();
      }, period / 2);
    }, 1);
  });
  await asked;
  t.deepEqual(reports, []);
});

test('P2: a heartbeat keeps no process alive', t => {
  const before = process.getActiveResourcesInfo().length;
  const stop = startHeartbeat(asChannel(standIn(() => {})), period, () => {});
  t.is(process.getActiveResourcesInfo().length, before);
  stop();
});
