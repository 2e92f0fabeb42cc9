// The standbys of a process as the system sees them. What has become an actor since is among them: a process keeps its arguments.
// Above processes.ts.
import {setTimeout as delay} from 'node:timers/promises';
import {actorProcesses} from './processes.js';

const pollMs = 20;
const patienceMs = 60_000;

/** The pids of all live processes that a process has begun as standbys. */
export function begunStandbys(parent = process.pid): number[] {
  return actorProcesses()
    .filter(actor => actor.parent === parent && actor.name === 'standby')
    .map(({pid}) => pid);
}

/** Resolves with the pids when so many are there beside those that are known. */
export async function untilBegun(
  count: number,
  known: readonly number[] = [],
  parent = process.pid,
): Promise<readonly number[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = begunStandbys(parent).filter(pid => !known.includes(pid));
    if (found.length >= count) return found;
    if (performance.now() > deadline) throw new Error(`${found.length} standbys were begun, and not ${count}`);
    await delay(pollMs);
  }
}
