// Waits for what other processes do, where no event tells of it.
// Beside processes.ts; used by the specs that start processes.
import {setTimeout as delay} from 'node:timers/promises';

const pollMs = 20;
/**
 * Looks, not ms: a machine that stood still has not looked. Without a pause of the machine they take two minutes, several times what anything
 * takes on a starved one.
 */
const maxLooks = 6_000;

/**
 * Looks again and again until it holds. Fails when it cannot hold any more.
 *
 * @param what for the failure: `the end of the daemon`. A function is asked when it fails
 * @param unless says why it cannot hold any more. Undefined: it can
 */
export async function eventually(
  holds: () => boolean,
  what: string | (() => string),
  unless: () => string | undefined = () => undefined,
): Promise<void> {
  for (let looks = 0; looks < maxLooks; looks++) {
    // Asked first: what it waits for may be the last thing that was done.
    const why = unless();
    if (holds()) return;
    if (why !== undefined) throw new Error(`${text(what)} cannot come any more: ${why}`);
    await delay(pollMs);
  }
  throw new Error(`${text(what)} has not come within ${(maxLooks * pollMs) / 1_000} s`);
}

const text = (what: string | (() => string)): string => (typeof what === 'string' ? what : what());
