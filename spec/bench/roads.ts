/**
 * The work that every subject is asked to do: a road to another process or thread. The probes are made of it, so that rxtractor, Node's own
 * channels and the peers do the same work, and are measured by the same code.
 * Above `measure`; beneath `ours`, `bare`, `node-own` and the peers.
 */
import {
  type Call,
  check,
  type Figures,
  inTurn,
  latency,
  type Probe,
  pause,
  type Sum,
  sumOfIds,
  throughput,
  times,
  total,
  transfers,
} from './measure.js';
import {descendants, privateMemory} from './processor.js';
import {weightOf} from './values.js';

/** A stream from the other end: of `count` values, whose sum (of their ids, or what buffers weigh) is given. */
export type Receive = (count: number) => Promise<number>;

/** The streams. `each`: the source gives one value, waits until it may give the next, and so on. */
export type StreamName =
  | `${'objects' | 'numbers' | 'records'}${'' | ' each'}`
  | 'operators'
  | '64 KiB'
  | '1 MiB'
  | 'echo';

export interface Road {
  /** The other end answers with the number. */
  readonly call?: Call;
  readonly streams?: Partial<Record<StreamName, Receive>>;
  close(): unknown;
}

export interface Subject {
  /** @param probe what the road is for, where that makes a difference */
  readonly open: (probe: string) => Promise<Road>;
  /** Two workers, each with a small task at a time, as the subject has them. */
  readonly openPool?: () => Promise<Road>;
  /** Probes that only this subject has, or does its own way. */
  readonly own?: Readonly<Record<string, Probe>>;
  /** After the probe. */
  readonly end?: () => unknown;
}

export const inFlight = [1, 64, 256, 1024] as const;
const many = 10;
const kibibyte = 1024;
const sizes = {'64 KiB': 64 * kibibyte, '1 MiB': kibibyte * kibibyte} as const;
/** Streams of large values are shorter, because each has to be kept by the senders that know no flow control. */
const longest: Partial<Record<StreamName, number>> = {
  '64 KiB': 1_000,
  '1 MiB': 64,
  records: 10_000,
  'records each': 10_000,
};

/** @throws Error where the subject has no such probe */
export function probeOf(subject: Subject, name: string): Probe {
  const own = subject.own?.[name];
  if (own) return own;
  const [kind, ...rest] = name.split(': ');
  if (kind === 'stream') return () => withRoad(subject, name, road => stream(road, rest.join(': ') as StreamName));
  const general = probes[name];
  if (!general) throw new Error(`there is no probe ${name}`);
  return () => general(subject);
}

/** Whether every subject may be asked for it. */
export function isGeneral(name: string): boolean {
  return name in probes || streamNames.has(name.replace('stream: ', ''));
}

const streamNames = new Set<string>([
  ...['objects', 'numbers', 'records'].flatMap(name => [name, `${name} each`]),
  ...['operators', '64 KiB', '1 MiB', 'echo'],
]);

const probes: Readonly<Record<string, (subject: Subject) => Promise<Figures>>> = {
  call: subject => withRoad(subject, 'call', road => latency(callOf(road))),
  calls: subject => withRoad(subject, 'calls', callsInFlight),
  'fan-out': fanOut,
  spawn: subject =>
    times(async () => {
      const road = await opened(subject);
      // Its end is no part of the time, but must not weigh on the next.
      queueMicrotask(() => road.close());
    }),
  'spawn ten': subject =>
    inTurn(async () => {
      const start = performance.now();
      const roads = await Promise.all(Array.from({length: many}, () => opened(subject)));
      const ms = performance.now() - start;
      await closeAll(roads);
      return {ms};
    }),
  memory,
  'pool tasks': async subject => {
    const pool = await subject.openPool?.();
    if (!pool) throw new Error('there is no pool');
    try {
      return await throughput(callOf(pool), 64);
    } finally {
      await pool.close();
    }
  },
};

async function callsInFlight(road: Road): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const count of inFlight)
    for (const [metric, figure] of Object.entries(await throughput(callOf(road), count)))
      figures[`${metric} ${count}`] = figure;
  return figures;
}

function stream(road: Road, name: StreamName): Promise<Figures> {
  const receive = road.streams?.[name];
  if (!receive) throw new Error(`there is no stream ${name}`);
  const bytes = sizes[name as keyof typeof sizes];
  const sum: Sum = bytes === undefined ? sumOfIds : count => weightOf(count, bytes);
  return transfers(receive, sum, longest[name]);
}

/** One call to each of ten, again and again: what the slowest takes. */
async function fanOut(subject: Subject): Promise<Figures> {
  const roads = await Promise.all(Array.from({length: many}, () => subject.open('fan-out')));
  try {
    const calls = roads.map(callOf);
    return await latency(async value => total(await Promise.all(calls.map(call => call(value)))) / many);
  } finally {
    await closeAll(roads);
  }
}

/** The memory in MiB that an idle one has for itself. */
async function memory(subject: Subject): Promise<Figures> {
  return withRoad(subject, 'memory', async road => {
    check(await callOf(road)(1), 1);
    await pause(400);
    return {mib: total(descendants().map(privateMemory))};
  });
}

/** From nothing to the first answer. */
async function opened(subject: Subject): Promise<Road> {
  const road = await subject.open('spawn');
  check(await callOf(road)(1), 1);
  return road;
}

function callOf(road: Road): Call {
  if (!road.call) throw new Error('it has no calls');
  return road.call;
}

async function withRoad(subject: Subject, probe: string, measure: (road: Road) => Promise<Figures>): Promise<Figures> {
  const road = await subject.open(probe);
  try {
    return await measure(road);
  } finally {
    await road.close();
  }
}

async function closeAll(roads: readonly Road[]): Promise<void> {
  await Promise.all(roads.map(road => road.close()));
}
