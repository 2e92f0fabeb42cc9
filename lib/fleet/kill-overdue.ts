/**
 * The watchdog of a daemon: it kills actors whose lease is over. The daemon does the same, unless it stands still.
 * Floor 6: an entry that `watchdog` starts; it runs when it is loaded, and ends with its stdin.
 *
 * While the daemon stands still nobody takes note of a process that has ended, so that its pid names no other process.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {attempt} from '../base/foreign.js';
import {hostNow, readLines} from './term.js';
import type {Watched} from './watchdog.js';

/** How much later than the daemon it kills, in ms: what the daemon has just told may still be on its way. */
const graceMs = 100;

const all = new Map<number, Watched>();
let stopWaiting: Stop = () => {};

readLines<Watched>(process.stdin, watched => {
  if (watched.pids.length > 0) all.set(watched.id, watched);
  else all.delete(watched.id);
  wait();
});

const isOverdue = ({killAt}: Watched): boolean => hostNow() >= killAt + graceMs;

function wait(): void {
  stopWaiting();
  if (all.size === 0) return;
  const next = Math.min(...[...all.values()].map(({killAt}) => killAt));
  stopWaiting = plainClock.timer(Math.max(0, next + graceMs - hostNow()), () => void look(), {background: true});
}

async function look(): Promise<void> {
  // Where this process stood still too, the latest news lies unread.
  await plainClock.turn(2);
  for (const watched of [...all.values()].filter(isOverdue)) {
    all.delete(watched.id);
    for (const pid of watched.pids) attempt(() => process.kill(pid, 'SIGKILL'));
  }
  wait();
}
