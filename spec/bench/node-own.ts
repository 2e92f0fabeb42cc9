/**
 * What Node itself has: its IPC channel in both serializations, and a worker's MessagePort.
 * Beside `ours`; `node-own-child` is the other end. No flow control, no errors, no cancellation: for comparison.
 */
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';
import {type Figures, latency, type Probe, throughput} from './measure.js';

const otherEnd = new URL('node-own-child.js', import.meta.url);

type Post = (message: unknown) => void;
type Measure = (roundTrip: () => Promise<unknown>) => Promise<Figures>;

const calls: Readonly<Record<string, Measure>> = {
  call: latency,
  'calls 64': roundTrip => throughput(roundTrip, 64),
  'calls 256': roundTrip => throughput(roundTrip, 256),
};

export const ipcJson = probes(measure => overIpc('json', measure));
export const ipcAdvanced = probes(measure => overIpc('advanced', measure));
export const worker = probes(overPort);

function probes(run: (measure: Measure) => Promise<Figures>): Readonly<Record<string, Probe>> {
  return Object.fromEntries(Object.entries(calls).map(([name, measure]) => [name, () => run(measure)]));
}

async function overIpc(serialization: 'json' | 'advanced', measure: Measure): Promise<Figures> {
  const child = fork(fileURLToPath(otherEnd), {serialization});
  const {roundTrip, answered} = correlated(message => child.send(message as object));
  child.on('message', answered);
  const figures = await measure(roundTrip);
  child.kill();
  await once(child, 'exit');
  return figures;
}

async function overPort(measure: Measure): Promise<Figures> {
  const thread = new Worker(otherEnd);
  const {roundTrip, answered} = correlated(message => thread.postMessage(message));
  thread.on('message', answered);
  const figures = await measure(roundTrip);
  await thread.terminate();
  return figures;
}

/** The least of a call: a number that tells which answer belongs to which question. */
function correlated(post: Post): {roundTrip: () => Promise<unknown>; answered: (message: unknown) => void} {
  const waiting = new Map<number, (value: unknown) => void>();
  let last = 0;
  return {
    roundTrip: () =>
      new Promise(resolve => {
        waiting.set(++last, resolve);
        post({id: last, name: 'echo', args: [7]});
      }),
    answered: message => {
      const {id, value} = message as {id: number; value: unknown};
      const resolve = waiting.get(id);
      waiting.delete(id);
      resolve?.(value);
    },
  };
}
