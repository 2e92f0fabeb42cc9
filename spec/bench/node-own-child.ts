/**
 * The other end of Node's own channels: answers each call with its argument, and posts streams.
 * Started by `node-own`, as a process or as a thread.
 */
import {parentPort} from 'node:worker_threads';
import {buffers, items, numbers, records} from './values.js';

export interface StreamRequest {
  /** A number: buffers of so many bytes. */
  readonly stream: 'objects' | 'numbers' | 'records' | number;
  readonly count: number;
}

export type Request = StreamRequest | {readonly id: number; readonly args: readonly unknown[]};

type Post = (message: unknown) => void;

const makers = {objects: items, numbers, records};

function answer(request: Request, post: Post): void {
  if ('id' in request) return post({id: request.id, value: request.args[0]});
  const {stream, count} = request;
  for (const value of typeof stream === 'number' ? buffers(count, stream) : makers[stream](count)) post({value});
}

if (parentPort) {
  const port = parentPort;
  port.on('message', (request: Request) => answer(request, message => port.postMessage(message)));
} else process.on('message', request => answer(request as Request, message => process.send?.(message)));
