/**
 * A thread of the debugger beside the program's main thread: how it is started, and how a process that ends waits for it.
 * Floor 7: for the threads of `terminal` and of `agent`.
 */
import {Worker} from 'node:worker_threads';

export interface ThreadOptions {
  readonly name: string;
  readonly workerData?: unknown;
  /** What it is told when the process ends; it answers with `confirm`. */
  readonly lastWord: (done: Int32Array) => unknown;
  /** How long the process that ends waits for that, in ms. */
  readonly exitMs: number;
}

/** It dies with the process, which waits until it has put in order what nobody else could. */
export function startThread(entry: URL, {name, workerData, lastWord, exitMs}: ThreadOptions): Worker {
  // Not the program's loaders: they would be its code, in a thread that must run while the program cannot.
  const {NODE_OPTIONS: _, ...env} = process.env;
  const worker = new Worker(entry, {name, workerData, execArgv: [], env});
  const onExit = (): void => {
    const done = new Int32Array(new SharedArrayBuffer(4));
    worker.postMessage(lastWord(done));
    Atomics.wait(done, 0, 0, exitMs);
  };
  process.on('exit', onExit);
  worker.once('exit', () => process.off('exit', onExit));
  return worker;
}

/** In the thread: the process that ends need not wait any longer. */
export function confirm(done: Int32Array): void {
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
}
