/**
 * Actors as worker threads: cheaper to start than a process, and less: a thread cannot be killed by a signal, and
 * shares its process's memory limit, directory and fate.
 * Floor 6: a backend beside `process`.
 */
import {MessageChannel, Worker} from 'node:worker_threads';
import {type Exit, SpawnFailed} from '../base/errors.js';
import {thrownText} from '../base/foreign.js';
import {maxFrameBytes} from '../msg/frame.js';
import {PortTransport} from '../transport/port.js';
import {relayLines} from './output.js';
import {environment} from './process.js';
import type {Body, SpawnRequest} from './spawner.js';

/** Data, not an import: the entry of a thread stands two floors above. */
const threadEntry = new URL('../thread.js', import.meta.url);

export async function spawnThread(request: SpawnRequest): Promise<Body> {
  const {port1, port2} = new MessageChannel();
  let worker: Worker;
  try {
    worker = new Worker(threadEntry, {
      name: request.name,
      workerData: {port: port2, treeId: request.treeId, id: request.id, name: request.name},
      transferList: [port2],
      env: environment(request.env),
      stdout: request.stdio !== 'inherit',
      stderr: true,
      ...(request.execArgv && {execArgv: [...request.execArgv]}),
    });
  } catch (cause) {
    port1.close();
    throw new SpawnFailed(`actor ${request.name} could not be started: ${thrownText(cause)}`, {phase: 'exec', cause});
  }
  const prefix = request.stdio === 'prefix' ? `${request.name}(thread ${worker.threadId}) ` : '';
  const stderr = relayLines(worker.stderr, request.stdio === 'ignore' ? undefined : process.stderr, {prefix});
  if (request.stdio !== 'inherit') {
    relayLines(worker.stdout, request.stdio === 'ignore' ? undefined : process.stdout, {prefix});
  }
  // What its own handlers do not see, a failed preload or a full heap: a process would have said so on stderr.
  let fault = '';
  worker.on('error', error => {
    fault = String(error);
  });
  return {
    pid: process.pid,
    transport: new PortTransport(port1, {maxFrameBytes}),
    diesWithParent: true,
    exited: new Promise<Exit>(resolve => worker.once('exit', code => resolve({code, signal: null}))),
    stderrTail: () => [stderr.tail(), fault].filter(text => text !== '').join('\n'),
    kill: () => void worker.terminate(),
  };
}
