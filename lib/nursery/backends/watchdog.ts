/**
 * A worker thread that ends its process when the parent process is gone: for processes that the system does not end by
 * itself.
 * Floor 6: started by `watch-parent`. A busy main thread does not see the end of its channel; this thread sees the end of the
 * parent.
 */
import {workerData} from 'node:worker_threads';
import {plainClock} from '../../base/clock.js';

/** How often to look whether the parent still lives, in ms. */
const periodMs = 250;
const {parentPid, begun} = workerData as {readonly parentPid: number; readonly begun: Int32Array};

function look(): void {
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  plainClock.timer(periodMs, look);
}
look();
Atomics.store(begun, 0, 1);
Atomics.notify(begun, 0);
