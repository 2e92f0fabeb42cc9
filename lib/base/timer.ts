/**
 * Timers: of any length, and such that judge others fairly.
 * Floor 0.
 */

import {teardownGate} from './hooks.js';

/** Whose time stands still while somebody in its tree is at the debugger's prompt. */
export interface Clock {
  /** The id of the actor that keeps the time. */
  readonly actor: string;
  /** After a prompt the peer gets so many milliseconds. Default: those of the deadline. */
  readonly whole?: number;
}

/** The longest time that one `setTimeout` takes; a longer one would fire at once. */
const longestMs = 2 ** 31 - 1;
/** A timer that fires so much too late tells of a stall of this very process. */
const stallMs = 200;

/** A timer of any length. Returns how to stop it. @param actor in whose tree a prompt makes its time stand still */
export function longTimer(ms: number, fn: () => void, actor?: string): () => void {
  let rest = ms;
  let stopped = false;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const part = Math.min(rest, longestMs);
    rest -= part;
    timer = setTimeout(() => (rest > 0 ? arm() : due()), part);
  };
  const again = (left: number): void => {
    rest = left;
    arm();
  };
  const due = (): void => unlessHeldUp(actor === undefined ? undefined : {actor}, ms, fn, again, () => stopped);
  arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Calls at once, for time is over that another has measured: unless somebody was at a prompt meanwhile. Returns how to stop it. */
export function whenLate(late: () => void, clock: Clock): () => void {
  let stopped = false;
  let stop = (): void => {};
  const again = (left: number): void => {
    stop = deadline(left, late, clock);
  };
  unlessHeldUp(clock, 0, late, again, () => stopped);
  return () => {
    stopped = true;
    stop();
  };
}

/** The time is over: unless somebody was at a prompt meanwhile; it begins anew when the last has left. */
function unlessHeldUp(
  clock: Clock | undefined,
  ms: number,
  over: () => void,
  again: (left: number) => void,
  stopped: () => boolean,
): void {
  const gate = clock && teardownGate(clock.actor);
  if (!gate) {
    over();
    return;
  }
  const whole = clock?.whole ?? ms;
  void gate.then(free => {
    if (stopped()) return;
    if (free < whole) again(whole - free);
    else over();
  });
}

/**
 * A deadline for somebody else. Where this process itself was held up, what they said in time may lie unread: the
 * deadline is set once more (rule T14). Returns how to stop it.
 */
export function deadline(ms: number, missed: () => void, clock?: Clock): () => void {
  let wait = Math.max(0, ms);
  let stopped = false;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const due = performance.now() + wait;
    timer = setTimeout(() => (performance.now() - due > stallMs ? arm() : over()), wait);
  };
  const again = (left: number): void => {
    wait = left;
    arm();
  };
  const over = (): void => unlessHeldUp(clock, Math.max(0, ms), missed, again, () => stopped);
  arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Whether a promise settles within so many milliseconds. Leaves no timer behind. */
export async function within(promise: Promise<unknown>, ms: number, clock?: Clock): Promise<boolean> {
  let stop = (): void => {};
  const late = new Promise<boolean>(resolve => {
    stop = deadline(ms, () => resolve(false), clock);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    stop();
  }
}
