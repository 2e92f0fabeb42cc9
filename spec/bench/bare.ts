/**
 * The limit: the same work over a bare socketpair on descriptor 3, with a length in front of each message and no more.
 * Beside `ours`; `bare-child` is the other end.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Socket} from 'node:net';
import {fileURLToPath} from 'node:url';
import {type Figures, inTurn, latency, type Probe, throughput, times} from './measure.js';

const childFile = fileURLToPath(new URL('bare-child.js', import.meta.url));
/** As long as a small call. */
const messageBytes = 32;
/** A 16-byte message. */
const smallBytes = 16;
const measureMs = 700;
const many = 10;

export const bare: Readonly<Record<string, Probe>> = {
  call: () => withChild('echo', socket => latency(roundTrips(socket))),
  'calls 64': () => withChild('echo', socket => throughput(roundTrips(socket), 64)),
  'calls 256': () => withChild('echo', socket => throughput(roundTrips(socket), 256)),
  small: () => withChild('small', async socket => ({rate: await perSecond(socket, countMessages())})),
  buffers: () => withChild('buffers', async socket => ({rate: await perSecond(socket, chunk => chunk.length / 1e6)})),
  spawn: () => times(async () => void (await started()).kill(), 4),
  'spawn ten': () =>
    inTurn(async () => {
      const start = performance.now();
      const children = await Promise.all(Array.from({length: many}, started));
      const ms = performance.now() - start;
      await endAll(children);
      return {ms};
    }),
  teardown: () =>
    inTurn(async () => {
      const children = await Promise.all(Array.from({length: many}, started));
      const start = performance.now();
      await endAll(children);
      return {ms: performance.now() - start};
    }),
};

function launch(mode: string): {child: ChildProcess; socket: Socket} {
  const child = spawn(process.execPath, [childFile, mode], {stdio: ['ignore', 'inherit', 'inherit', 'pipe']});
  return {child, socket: child.stdio[3] as Socket};
}

/** A process that has nothing to do, at its first byte. */
async function started(): Promise<ChildProcess> {
  const {child, socket} = launch('idle');
  await once(socket, 'data');
  return child;
}

/** Each is told to end, and seen to have ended. */
async function endAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async child => {
      const gone = once(child, 'exit');
      (child.stdio[3] as Socket).end();
      await gone;
    }),
  );
}

async function withChild(mode: string, measure: (socket: Socket) => Promise<Figures>): Promise<Figures> {
  const {child, socket} = launch(mode);
  socket.on('error', () => {});
  try {
    return await measure(socket);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Answers come in the order of the questions; those of one turn share a write. */
function roundTrips(socket: Socket): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let from = 0;
  let rest = 0;
  let unsent = 0;
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.length;
    for (; rest >= messageBytes; rest -= messageBytes) waiting[from++]?.();
    if (from > 10_000) waiting.splice(0, from);
    if (from > waiting.length) from = 0;
  });
  const flush = (): void => {
    socket.write(Buffer.alloc(unsent * messageBytes, 1));
    unsent = 0;
  };
  return () =>
    new Promise(resolve => {
      waiting.push(resolve);
      if (unsent++ === 0) process.nextTick(flush);
    });
}

async function perSecond(socket: Socket, count: (chunk: Buffer) => number): Promise<number> {
  await once(socket, 'data');
  let units = 0;
  socket.on('data', (chunk: Buffer) => {
    units += count(chunk);
  });
  await new Promise(resolve => setTimeout(resolve, measureMs / 2));
  units = 0;
  const start = performance.now();
  await new Promise(resolve => setTimeout(resolve, measureMs));
  return units / ((performance.now() - start) / 1_000);
}

/** Reads the length in front of each message: without that a stream of bytes holds none. */
function countMessages(): (chunk: Buffer) => number {
  let skip = 0;
  return chunk => {
    let messages = 0;
    let at = skip;
    // A length that is cut in two is read as what it always is.
    for (; at < chunk.length; at += at + 4 <= chunk.length ? 4 + chunk.readUInt32LE(at) : smallBytes) messages++;
    skip = at - chunk.length;
    return messages;
  };
}
