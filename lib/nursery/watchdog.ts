/**
 * A worker thread that ends its process when the parent is gone: for systems that do not do it themselves.
 * Floor 6: started by the child's boot. A busy main thread never sees the end of its channel; this thread does.
 */
import {workerData} from 'node:worker_threads';
import {plainClock} from '../base/clock.js';

/** How often the parent is looked for, in ms. */
const periodMs = 250;
const {parentPid} = workerData as {parentPid: number};

function look(): void {
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  plainClock.timer(periodMs, look);
}
look();
