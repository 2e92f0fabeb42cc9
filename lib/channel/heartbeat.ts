/**
 * Asks a silent peer whether it is there. On a local channel the kernel knows better than any clock who is dead, so a
 * heartbeat only reports here: a busy, stopped or paused actor is alive.
 * Floor 3: beside `channel`.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {Kind} from '../msg/types.js';
import type {Channel} from './channel.js';

/** A tick that comes so many times later than it should have means that this very process was held up. */
const ownStall = 1.5;

/**
 * Pings after `period` ms of silence, and says `unresponsive` when another period brings nothing, `responsive` when
 * something comes again. Its timer keeps no process alive. Returns how to stop.
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
    const stalled = now - lastTick > ownStall * period;
    lastTick = now;
    const heard = askedAt === undefined ? now - channel.lastHeard < period : channel.lastHeard >= askedAt;
    if (heard) {
      askedAt = undefined;
      if (silent) report('responsive');
      silent = false;
    } else if (askedAt === undefined || stalled) {
      // After a stall of our own the peer gets its whole time once more.
      askedAt = now;
      channel.sendUrgent(Kind.Ping, 0);
    } else if (!silent) {
      // Where this process was busy until now, the answer may lie unread: it is read before the next turn.
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
