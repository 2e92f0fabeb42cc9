/**
 * The other end of Node's own channels: answers each call with its argument.
 * Started by `node-own`, as a process or as a thread.
 */
import {parentPort} from 'node:worker_threads';

interface Call {
  readonly id: number;
  readonly args: readonly unknown[];
}

const answer = ({id, args}: Call): object => ({id, value: args[0]});

if (parentPort) {
  const port = parentPort;
  port.on('message', (call: Call) => port.postMessage(answer(call)));
} else process.on('message', call => process.send?.(answer(call as Call)));
