/**
 * The heartbeat of a channel: it asks a silent peer whether it is there, and reports when no answer comes.
 * Floor 3: beside `channel`. It only reports, because on a local channel the kernel knows better than a clock which peer is dead:
 * a busy, stopped or paused actor is alive.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {Kind} from '../msg/types.js';
import type {Channel} from './channel.js';

/** A tick that comes after this many periods instead of one shows that this process itself stood still. */
const ownStall = 1.5;

/** Whether the time between two ticks shows that this process stood still. */
export const isOwnStall = (between: number, period: number): boolean => between > ownStall * period;

/**
 * Sends a Ping after `period` ms of silence. Reports `unresponsive` when nothing comes in another period, and `responsive` when
 * something comes again. Its timer does not keep the process alive. Returns how to stop.
 */
export function startHeartbeat(
  channel: Channel,
  period: number,
  report: (state: 'unresponsive' | 'responsive') => void,
): Stop {
  let lastTick = plainClock.now();
  let askedAt: number | undefined;
  let silent = false;
  let stopped = false;
  const stop = plainClock.every(period, () => {
    const now = plainClock.now();
    const stalled = isOwnStall(now - lastTick, period);
    lastTick = now;
    const heard = askedAt === undefined ? now - channel.lastHeard < period : channel.lastHeard >= askedAt;
    if (heard) {
      askedAt = undefined;
      if (silent) report('responsive');
      silent = false;
    } else if (askedAt === undefined || stalled) {
      // After this process stood still, the peer gets a whole period once more.
      askedAt = now;
      channel.sendUrgent(Kind.Ping, 0);
    } else if (!silent) {
      // When this process was busy until now, the answer may lie unread. It is read before the next turn.
      const asked = askedAt;
      plainClock.soon(() => {
        if (stopped || silent || askedAt !== asked || channel.lastHeard >= asked) return;
        silent = true;
        report('unresponsive');
      });
    }
  });
  return () => {
    stopped = true;
    stop();
  };
}
