/**
 * Actors as worker threads. They start faster than processes and give less: a thread shares its process's memory limit,
 * current folder and fate, and no signal can kill it.
 * Floor 6: a backend, beside `spawn-process`.
 */
import {MessageChannel, Worker} from 'node:worker_threads';
import {type Exit, SpawnFailed} from '../../base/errors.js';
import {thrownText} from '../../base/foreign.js';
import {maxFrameBytes} from '../../msg/frame.js';
import {PortTransport} from '../../transport/port.js';
import {environment} from './environment.js';
import {relayLines} from './relay-lines.js';
import type {Spawned, SpawnRequest} from './spawner.js';

/** A URL and not an import: the entry of a thread stands two floors above. */
const threadEntry = new URL('../../thread.js', import.meta.url);

export async function spawnThread(request: SpawnRequest): Promise<Spawned> {
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
  // The thread's own handlers do not see a preload that fails or a heap that is full. A process writes these to stderr.
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
