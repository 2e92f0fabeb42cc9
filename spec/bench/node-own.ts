/**
 * The ways of Node itself: its IPC channel in both serializations, and a worker's MessagePort.
 * Beside `ours`; `node-own-child` is the other end. No flow control, no errors, no cancellation: for comparison.
 */
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';
import type {Request, StreamRequest} from './node-own-child.js';
import type {Receive, Road, Subject} from './roads.js';
import {type Item, weigh} from './values.js';

const otherEnd = new URL('node-own-child.js', import.meta.url);
const kibibyte = 1024;

export const ipcJson: Subject = {open: async () => overIpc('json')};
export const ipcAdvanced: Subject = {open: async () => overIpc('advanced')};
export const worker: Subject = {open: async () => overPort()};

function overIpc(serialization: 'json' | 'advanced'): Road {
  const child = fork(fileURLToPath(otherEnd), {serialization});
  const {road, take} = correlated(message => child.send(message));
  child.on('message', take);
  return {
    ...road,
    close: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}

function overPort(): Road {
  const thread = new Worker(otherEnd);
  const {road, take} = correlated(message => thread.postMessage(message));
  thread.on('message', take);
  return {...road, close: () => thread.terminate()};
}

/** The least of a call: a number that tells which answer belongs to which question. */
function correlated(post: (request: Request) => unknown): {
  road: Omit<Road, 'close'>;
  take: (message: unknown) => void;
} {
  const waiting = new Map<number, (value: number) => void>();
  let last = 0;
  let takeValue: (value: unknown) => void = () => {};
  const receive =
    (stream: StreamRequest['stream'], read: (value: never) => number): Receive =>
    count =>
      new Promise(resolve => {
        let sum = 0;
        let missing = count;
        takeValue = value => {
          sum += read(value as never);
          if (--missing === 0) resolve(sum);
        };
        post({stream, count});
      });
  const idOf = ({id}: Item): number => id;
  return {
    road: {
      call: value =>
        new Promise(resolve => {
          waiting.set(++last, resolve);
          post({id: last, args: [value]});
        }),
      streams: {
        objects: receive('objects', idOf),
        numbers: receive('numbers', (value: number) => value),
        records: receive('records', idOf),
        '64 KiB': receive(64 * kibibyte, weigh),
        '1 MiB': receive(kibibyte * kibibyte, weigh),
      },
    },
    take: message => {
      const {id, value} = message as {id?: number; value: number};
      if (id === undefined) return takeValue(value);
      const resolve = waiting.get(id);
      waiting.delete(id);
      resolve?.(value);
    },
  };
}
