/**
 * How a spawned process sees to it that it ends when its parent does, whatever it is busy with.
 * Floor 6: used by the boot of a process. It starts the thread of `watchdog` where the system does not do it.
 */

import {readFileSync} from 'node:fs';
import {readProperty} from '../../base/foreign.js';
import {libraryFile} from '../../base/library.js';
import {log} from '../../base/log.js';
import {nodeThreads} from '../../base/node-modules.js';

/** The entry of the auxiliary vector that says whether the program got privileges by its start. */
const atSecure = 23n;
/** Maximum wait in ms for the watchdog to begin, before privileges are given up. */
const beginMs = 2_000;
/** Functions after which Linux does not send the signal of the parent's death any more. */
const privilegeChanges = ['setuid', 'seteuid', 'setgid', 'setegid'] as const;

/** @param isSetUp whether the system was asked, by setpriv, to end this process with its parent */
export function endWithParent(parentPid: number, isSetUp: boolean): void {
  if (!isSetUp || isPrivilegedStart()) startWatchdog(parentPid);
  else watchOncePrivilegesChange(parentPid);
}

/**
 * Whether Node has a set-user-id bit or capabilities of its own: then the kernel has dropped the signal at the start. Such a
 * process may not read its own vector, unless it runs as root.
 */
function isPrivilegedStart(): boolean {
  try {
    const vector = readFileSync('/proc/self/auxv');
    const words = new BigUint64Array(vector.buffer, vector.byteOffset, Math.floor(vector.length / 8));
    return words.some((word, at) => at % 2 === 0 && word === atSecure && words[at + 1] !== 0n);
  } catch (error) {
    return readProperty(error, 'code') === 'EACCES';
  }
}

/** The thread must watch before the change, because it may not be able to read its file after it. */
function watchOncePrivilegesChange(parentPid: number): void {
  let isWatched = false;
  for (const name of privilegeChanges) {
    const change = process[name] as ((id: number | string) => void) | undefined;
    if (!change) continue;
    process[name] = (id: number | string): void => {
      if (!isWatched) awaitWatchdog(startWatchdog(parentPid));
      isWatched = true;
      change.call(process, id);
    };
  }
}

function awaitWatchdog(begun: Int32Array | undefined): void {
  if (begun) Atomics.wait(begun, 0, 0, beginMs);
}

/** Returns a number that becomes 1 when the thread watches; undefined when no thread may be started. */
function startWatchdog(parentPid: number): Int32Array | undefined {
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const {Worker} = nodeThreads();
  try {
    new Worker(libraryFile('nursery/backends/watchdog.js') as URL, {
      workerData: {parentPid, begun},
      stdout: false,
      // Without the preloads of the actor, which the thread does not need.
      execArgv: [],
      env: {},
    }).unref();
    return begun;
  } catch (error) {
    log('warn', 'no thread may be started here: in a busy loop this actor outlives a parent that is killed', {error});
    return undefined;
  }
}
