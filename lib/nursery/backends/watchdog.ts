/**
 * A worker thread that ends its process when the parent process is gone: for systems that do not do it themselves.
 * Floor 6: started by the boot of a spawned process. A busy main thread does not see the end of its channel; this thread
 * sees the end of the parent.
 */
import {workerData} from 'node:worker_threads';
import {plainClock} from '../../base/clock.js';

/** How often to look whether the parent still lives, in ms. */
const periodMs = 250;
const {parentPid} = workerData as {parentPid: number};

function look(): void {
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  plainClock.timer(periodMs, look);
}
look();
