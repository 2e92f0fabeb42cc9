/**
 * A thread of the debugger beside the program's main thread: its start, and the wait of a process that ends for this
 * thread.
 * Floor 7: below `terminal` and `prompt/breakpoint-prompt`, which start the two threads, and below these threads.
 */
import {Worker} from 'node:worker_threads';

export interface DebuggerThreadOptions {
  readonly name: string;
  readonly workerData?: unknown;
  /** Makes the message that the thread gets when the process ends. The thread answers with `confirmExit(done)`. */
  readonly exitMessage: (done: Int32Array) => unknown;
  /** Timeout for this answer, in ms, because a process must not wait for a broken thread at its end. */
  readonly exitMs: number;
}

/**
 * The thread ends with the process. The process waits until the thread has restored what only the thread can restore.
 */
export function startDebuggerThread(
  entry: URL,
  {name, workerData, exitMessage, exitMs}: DebuggerThreadOptions,
): Worker {
  // Without the program's loaders: this thread must run while the program cannot, and loaders are the program's code.
  const {NODE_OPTIONS: _, ...env} = process.env;
  const worker = new Worker(entry, {name, workerData, execArgv: [], env});
  const onExit = (): void => {
    const done = new Int32Array(new SharedArrayBuffer(4));
    worker.postMessage(exitMessage(done));
    Atomics.wait(done, 0, 0, exitMs);
  };
  process.on('exit', onExit);
  worker.once('exit', () => process.off('exit', onExit));
  return worker;
}

/** Called in the thread: the process that ends need not wait any longer. */
export function confirmExit(done: Int32Array): void {
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
}
