/**
 * Actors as worker threads. They start faster than processes and give less: a thread shares its process's memory, current
 * folder and fate, and no signal can kill it.
 * Floor 6: a backend, beside `spawn-process`.
 */
import {setFlagsFromString} from 'node:v8';
import {MessageChannel, type MessagePort, Worker} from 'node:worker_threads';
import type {Exit} from '../../base/errors.js';
import {attempt, messageOf, readProperty, textOf} from '../../base/foreign.js';
import {libraryFile} from '../../base/library.js';
import {platform} from '../../base/platform.js';
import {maxFrameBytes} from '../../msg/frame.js';
import {PortTransport} from '../../transport/port.js';
import {environment} from './environment.js';
import {execError} from './exec-error.js';
import {apart, heapOfProcess, nameOf} from './node-args.js';
import {type Preloads, takePreloads} from './preloads.js';
import {collectLines, type Relay, relayLines, threadMark} from './relay-lines.js';
import {bundledError, type Spawned, type SpawnRequest} from './spawner.js';

export async function spawnThread(request: SpawnRequest): Promise<Spawned> {
  // A file and not an import: the entry of a thread stands two floors above.
  const entry = libraryFile('thread.js');
  if (!entry) throw bundledError(request.name);
  const {port1, port2} = new MessageChannel();
  let worker: Worker;
  try {
    worker = makeWorker(entry, request, port2);
  } catch (error) {
    port1.close();
    throw invalidArgsError(error) ?? execError(request.name, error);
  }
  const relays = relaysOf(worker, request);
  void Promise.all(relays.map(({ended}) => ended)).then(() => request.output?.end());
  // The thread's own handlers do not see a preload that fails or a heap that is full. A process writes these to stderr.
  let fault = '';
  worker.on('error', error => {
    fault = textOf(error);
  });
  let isKilled = false;
  return {
    pid: process.pid,
    transport: new PortTransport(port1, {maxFrameBytes}),
    diesWithParent: true,
    // Node gives 0 for a thread that is ended before its first line has run, as on a starved machine.
    exited: new Promise<Exit>(resolve =>
      worker.once('exit', code => resolve({code: isKilled ? code || 1 : code, signal: null})),
    ),
    stderrTail: () => [relays[0].tail(), fault].filter(text => text !== '').join('\n'),
    kill: () => {
      isKilled = true;
      void worker.terminate();
    },
  };
}

function makeWorker(entry: URL, request: SpawnRequest, port: MessagePort): Worker {
  const {name, treeId, id, argv, maxHeap, stdio} = request;
  const {env, execArgv, preloads} = surroundingsOf(request);
  const hold = maxHeap === undefined ? undefined : setHeapFlagAside();
  try {
    const worker = new Worker(entry, {
      name,
      workerData: {port, treeId, id, name, preloads, host: platform.host()},
      transferList: [port],
      env,
      argv: [...argv],
      stdout: stdio !== 'inherit',
      stderr: true,
      ...(execArgv && {execArgv: [...execArgv]}),
      ...(maxHeap !== undefined && {resourceLimits: {maxOldGenerationSizeMb: maxHeap}}),
    });
    for (const event of ['online', 'exit']) worker.once(event, () => hold?.release());
    return worker;
  } catch (error) {
    hold?.release();
    throw error;
  }
}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly execArgv: readonly string[] | undefined;
  readonly preloads: Preloads | undefined;
}

/** Where this process has left the folder of the root, the thread must load by itself what its arguments name. */
function surroundingsOf(request: SpawnRequest): Surroundings {
  const env = environment(request);
  const {startFolder, execArgv} = request;
  const hasMoved = startFolder !== undefined && startFolder !== attempt(() => process.cwd());
  const moved =
    hasMoved && takePreloads(startFolder, {execArgv: execArgv ?? process.execArgv, nodeOptions: env.NODE_OPTIONS});
  if (!moved) return {env, execArgv, preloads: undefined};
  if (moved.nodeOptions !== undefined) env.NODE_OPTIONS = moved.nodeOptions;
  return {env, execArgv: execArgv ? moved.execArgv : withoutRefused(moved.execArgv), preloads: moved.preloads};
}

/** Inherited arguments without those that belong to the whole process: Node refuses to give them to a thread by name. */
function withoutRefused(execArgv: readonly string[]): readonly string[] {
  const refused = refusedOf(execArgv).map(arg => new RegExp(`^${nameOf(arg)}$`));
  return apart(execArgv, refused).others;
}

function refusedOf(execArgv: readonly string[]): string[] {
  try {
    // The last one is always refused, so that no thread starts here.
    void new Worker('', {eval: true, execArgv: [...execArgv, '--title=none']}).terminate();
    return [];
  } catch (error) {
    return (/flags: (.*)$/s.exec(refusal(error) ?? '')?.[1] ?? '').split(', ').filter(arg => arg.startsWith('--'));
  }
}

/** How many threads are being started while the flag is set aside. */
let holds = 0;

/**
 * Where the process was started with `--max-old-space-size`, V8 gives that heap to each new thread, whatever limit the
 * thread has of its own. So the flag is set aside until the thread has its heap. The heaps that are there do not change.
 */
function setHeapFlagAside(): {release(): void} | undefined {
  const size = heapOfProcess();
  if (size === undefined) return undefined;
  holds++;
  setFlagsFromString('--max-old-space-size=0');
  let isReleased = false;
  return {
    release: () => {
      if (isReleased) return;
      isReleased = true;
      if (--holds === 0) setFlagsFromString(`--max-old-space-size=${size}`);
    },
  };
}

function relaysOf({stdout, stderr, threadId}: Worker, {name, stdio, output}: SpawnRequest): [Relay, ...Relay[]] {
  if (output) return [collectLines(stderr, 'stderr', output), collectLines(stdout, 'stdout', output)];
  const prefix = stdio === 'prefix' ? threadMark(name, threadId) : '';
  const isShown = stdio !== 'ignore';
  const first = relayLines(stderr, isShown ? process.stderr : undefined, {prefix});
  if (stdio === 'inherit') return [first];
  return [first, relayLines(stdout, isShown ? process.stdout : undefined, {prefix})];
}

/** The user has named arguments that a thread cannot have: a mistake in the program, and not a failure of the start. */
function invalidArgsError(error: unknown): TypeError | undefined {
  const what = refusal(error);
  if (what === undefined) return undefined;
  const isHeap = /old[-_]space/.test(what);
  const hint = isHeap ? 'maxHeap sets the heap of one actor' : 'they belong to a whole process';
  return new TypeError(`startActor(): a thread cannot have ${what}: ${hint}`, {cause: error});
}

/** The arguments that Node refuses to give to a thread, in its words: `execArgv flags: --title, --v8-pool-size=2`. */
function refusal(error: unknown): string | undefined {
  if (readProperty(error, 'code') !== 'ERR_WORKER_INVALID_EXEC_ARGV') return undefined;
  return /^Initiated Worker with invalid (.*)$/s.exec(messageOf(error) ?? '')?.[1] ?? 'some of its arguments';
}
