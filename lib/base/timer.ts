/**
 * Timers: of any length, and such that judge others fairly.
 * Floor 0.
 */

/** The longest time that one `setTimeout` takes; a longer one would fire at once. */
const longestMs = 2 ** 31 - 1;
/** A timer that fires so much too late tells of a stall of this very process. */
const stallMs = 200;

/** A timer of any length. Returns how to stop it. */
export function longTimer(ms: number, fn: () => void): () => void {
  let rest = ms;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const part = Math.min(rest, longestMs);
    rest -= part;
    timer = setTimeout(() => (rest > 0 ? arm() : fn()), part);
  };
  arm();
  return () => clearTimeout(timer);
}

/**
 * A deadline for somebody else. Where this process itself was held up, what they said in time may lie unread: the
 * deadline is set once more (rule T14). Returns how to stop it.
 */
export function deadline(ms: number, missed: () => void): () => void {
  const wait = Math.max(0, ms);
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const due = performance.now() + wait;
    timer = setTimeout(() => (performance.now() - due > stallMs ? arm() : missed()), wait);
  };
  arm();
  return () => clearTimeout(timer);
}

/** Whether a promise settles within so many milliseconds. Leaves no timer behind. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let stop = (): void => {};
  const late = new Promise<boolean>(resolve => {
    stop = deadline(ms, () => resolve(false));
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    stop();
  }
}
