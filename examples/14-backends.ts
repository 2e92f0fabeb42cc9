/**
 * The same function runs in three actors: a process, a thread, and an actor within the process of the program.
 *
 *   root
 *   ├── process
 *   ├── thread
 *   └── inline
 *
 * It prints:
 *
 *   process { ownProcess: true, ownThread: true }
 *   thread { ownProcess: false, ownThread: true }
 *   inline { ownProcess: false, ownThread: false }
 */
import {threadId} from 'node:worker_threads';
import {main, task} from 'rxtractor';

export const where = task(() => ({pid: process.pid, threadId}));

await main(async nursery => {
  for (const backend of ['process', 'thread', 'inline'] as const) {
    const actor = await nursery.startActor(backend, {expose: [where], backend});
    const there = await actor.run(where);
    const ownProcess = there.pid !== process.pid;
    console.log(backend, {ownProcess, ownThread: ownProcess || there.threadId !== threadId});
  }
});
