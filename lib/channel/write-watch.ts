/**
 * Watches whether a peer takes what is sent to it. A peer that goes on talking and never reads is not silent, so that `heartbeat`
 * does not notice it.
 * Floor 3: beside `heartbeat`; for links over a network, where nothing else ends such a link.
 */
import {plainClock, type Stop} from '../base/clock.js';
import type {Channel} from './channel.js';
import {isOwnStall} from './heartbeat.js';

/** The number of periods in a row without any progress after which a peer is `stuck`. */
const periodsToStick = 2;

/**
 * Reports `stuck` when something has waited for two periods and the system has taken nothing of it, and `moving` when it takes
 * something again. Its timer does not keep the process alive. Returns how to stop.
 */
export function watchWrites(channel: Channel, period: number, report: (state: 'stuck' | 'moving') => void): Stop {
  let lastTick = plainClock.now();
  let waitingBefore = 0;
  let periods = 0;
  return plainClock.every(period, () => {
    const now = plainClock.now();
    const waiting = channel.unsentBytes;
    const hasMoved = waitingBefore === 0 || waiting < waitingBefore || channel.lastDrained >= lastTick;
    // While this process stood still it could not have seen any progress (rule T14).
    const isInDoubt = isOwnStall(now - lastTick, period);
    lastTick = now;
    waitingBefore = waiting;
    if (hasMoved || isInDoubt) {
      if (periods >= periodsToStick && hasMoved) report('moving');
      if (periods < periodsToStick || hasMoved) periods = 0;
    } else if (++periods === periodsToStick) report('stuck');
  });
}
