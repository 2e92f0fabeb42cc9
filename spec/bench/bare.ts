/**
 * The limit: the same work over a bare socketpair on descriptor 3, with a length and an id in front of each message and no more.
 * Beside `ours`; `bare-child` is the other end.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Socket} from 'node:net';
import {fileURLToPath} from 'node:url';
import {headBytes, messagesOf, requestBytes} from './bare-format.js';
import {type Call, inTurn, type Probe, times} from './measure.js';
import type {Receive, Road, StreamName, Subject} from './roads.js';

const childFile = fileURLToPath(new URL('bare-child.js', import.meta.url));
const emptyFile = fileURLToPath(new URL('empty.js', import.meta.url));
/** As long as a small call. */
const callBytes = 32;
const many = 10;

/** How long a message is, its head included. */
const sizes: Partial<Record<StreamName, number>> = {
  objects: 16,
  numbers: 16,
  records: 1_024,
  '64 KiB': 64 * 1024 + headBytes,
  '1 MiB': 1024 * 1024 + headBytes,
};

export const bare: Subject = {
  open: async probe => {
    const {child, socket} = await started(probe.startsWith('stream') ? 'stream' : 'echo');
    return {
      ...(probe.startsWith('stream') ? {streams: streamsOver(socket)} : {call: callsOver(socket)}),
      close: () => ended(child),
    };
  },
  own: {
    /** A program that is empty, from its start to its end. */
    'spawn empty': () => times(async () => void (await once(spawn(process.execPath, [emptyFile]), 'exit'))),
    'ten end': () =>
      inTurn(async () => {
        const all = await Promise.all(Array.from({length: many}, () => started('echo')));
        const start = performance.now();
        await Promise.all(all.map(({child}) => ended(child)));
        return {gone: performance.now() - start};
      }),
    'spawn empty ten': () =>
      inTurn(async () => {
        const start = performance.now();
        await Promise.all(Array.from({length: many}, () => once(spawn(process.execPath, [emptyFile]), 'exit')));
        return {ms: performance.now() - start};
      }),
  } satisfies Record<string, Probe>,
};

/** A process that has said that it is there. */
async function started(mode: string): Promise<{child: ChildProcess; socket: Socket}> {
  const child = spawn(process.execPath, [childFile, mode], {stdio: ['ignore', 'inherit', 'inherit', 'pipe']});
  const socket = child.stdio[3] as Socket;
  socket.on('error', () => {});
  for (let missing = requestBytes; missing > 0; ) missing -= ((await once(socket, 'data')) as [Buffer])[0].length;
  return {child, socket};
}

/** The child is told to end, and seen to have ended. */
async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  (child.stdio[3] as Socket).end();
  await gone;
}

/** Answers come in the order of the questions; those of one turn share a write. */
function callsOver(socket: Socket): Call {
  const waiting: ((value: number) => void)[] = [];
  let from = 0;
  socket.on(
    'data',
    messagesOf(id => {
      waiting[from++]?.(id);
      if (from < 10_000) return;
      waiting.splice(0, from);
      from = 0;
    }),
  );
  let unsent: number[] = [];
  const flush = (): void => {
    const slab = Buffer.alloc(unsent.length * callBytes, 1);
    for (const [i, id] of unsent.entries()) {
      slab.writeUInt32LE(callBytes - headBytes, i * callBytes);
      slab.writeUInt32LE(id, i * callBytes + 4);
    }
    socket.write(slab);
    unsent = [];
  };
  return value =>
    new Promise(resolve => {
      waiting.push(resolve);
      if (unsent.push(value) === 1) process.nextTick(flush);
    });
}

function streamsOver(socket: Socket): NonNullable<Road['streams']> {
  let take: (id: number, bytes: number) => void = () => {};
  socket.on(
    'data',
    messagesOf((id, bytes) => take(id, bytes)),
  );
  const receive =
    (size: number, isBuffer: boolean): Receive =>
    count =>
      new Promise(resolve => {
        let sum = 0;
        let missing = count;
        take = (id, bytes) => {
          sum += isBuffer ? bytes + 14 : id;
          if (--missing === 0) resolve(sum);
        };
        const request = Buffer.alloc(requestBytes);
        request.writeUInt32LE(count, 0);
        request.writeUInt32LE(size, 4);
        socket.write(request);
      });
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, receive(size, name.includes('iB'))]));
}
