/**
 * The common part of all probes: how long they warm up and measure, what they make of the samples, and that nothing has been lost:
 * each value is received and added up, and a wrong sum fails the probe.
 * Beneath the probes (`roads`, `ours`, `bare`); numbers only.
 */
import {type Used, used} from './processor.js';

/** The figures of one probe in one round, by metric. */
export type Figures = Readonly<Record<string, number>>;

/** A probe: prepares, measures once, cleans up. */
export type Probe = () => Promise<Figures>;

/** Sends a number, and gives what came back. */
export type Call = (value: number) => Promise<number>;

/** How long a probe warms up and measures, in ms: `main` says it. Shorter ones catch only one of the machine's moods. */
export const [warmUpMs = 300, measureMs = 700] = (process.env.BENCH_MS ?? '300,700').split(',').map(Number);

/**
 * Nor less than this: Node 20 compiles the road of a call after some 3 000 of them, and one costs five times as much until then
 * (`call`, first, in the report). Newer ones are sooner ready.
 */
const warmUpCalls = 4_000;
const warmUpStreams = 6;
const warmUpValues = 20_000;
/** Unless it takes so many times as long. */
const patience = 20;
/** The calls that a fresh process makes first are measured apart. */
const firstCalls = 500;

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function total(samples: readonly number[]): number {
  return samples.reduce((sum, sample) => sum + sample, 0);
}

/**
 * One call after the other: their times in µs. `best` is the median of the best twentieth of the time: what the machine does
 * while both its cores are awake. `first`: the processor time of one of the first calls, at both ends.
 */
export async function latency(call: Call): Promise<Figures> {
  const early = await perUnit(() => callFirst(call));
  await callFor(call, warmUpMs, warmUpCalls);
  const samples: number[] = [];
  const slices: number[] = [];
  let slice: number[] = [];
  const sliceMs = measureMs / 7;
  let sliceEnd = performance.now() + sliceMs;
  const timed = async (value: number): Promise<number> => {
    const asked = performance.now();
    const answer = await call(value);
    const answered = performance.now();
    slice.push((answered - asked) * 1_000);
    if (answered >= sliceEnd) {
      slices.push(median(slice));
      samples.push(...slice);
      slice = [];
      sliceEnd = answered + sliceMs;
    }
    return answer;
  };
  const {rate, ...processor} = await perUnit(() => callFor(timed, measureMs));
  const first = early.here + early.there;
  return {p50: median(samples), p99: quantile(samples, 0.99), best: Math.min(...slices), first, ...processor};
}

/** Always `inFlight` calls under way: how many end in a second. */
export async function throughput(call: Call, inFlight: number): Promise<Figures> {
  const callAll = async (ms: number, least = 0): Promise<number> =>
    total(await Promise.all(Array.from({length: inFlight}, () => callFor(call, ms, least / inFlight))));
  await callAll(warmUpMs, warmUpCalls);
  return perUnit(() => callAll(measureMs));
}

/** The sum of a stream of `count` values. */
export type Sum = (count: number) => number;

/** The numbers from 0 on. */
export const sumOfIds: Sum = count => (count * (count - 1)) / 2;

/**
 * How many values a second `receive` gets: it is asked for so many, and gives their sum. It is asked for more and more until one
 * stream takes a while, and that is its warm-up too.
 *
 * @param most so many values are one stream at most
 */
export async function transfers(
  receive: (count: number) => Promise<number>,
  sumOf: Sum = sumOfIds,
  most: number = 50_000,
): Promise<Figures> {
  const checked = async (count: number): Promise<void> => check(await receive(count), sumOf(count));
  let count = Math.min(most, 64);
  const begun = performance.now();
  let values = 0;
  const isCold = (streams: number): boolean => {
    const elapsed = performance.now() - begun;
    const hasSeenLittle = streams < warmUpStreams || values < Math.min(warmUpValues, warmUpStreams * most);
    return elapsed < warmUpMs || (hasSeenLittle && elapsed < warmUpMs * patience);
  };
  for (let streams = 0; isCold(streams); streams++) {
    const start = performance.now();
    await checked(count);
    values += count;
    const took = performance.now() - start;
    if (took < measureMs / 8) count = Math.min(most, count * 2);
  }
  return perUnit(async () => {
    let units = 0;
    for (const end = performance.now() + measureMs; performance.now() < end; units += count) await checked(count);
    return units;
  });
}

/** Times of something slow, one after the other, in ms: the first apart, which pays for what is loaded once. */
export async function times(work: () => Promise<unknown>, repetitions = 2): Promise<Figures> {
  const samples: number[] = [];
  for (let i = 0; i <= repetitions; i++) {
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  const [first, ...others] = samples;
  return {first: first as number, ms: median(others), best: Math.min(...others)};
}

/** The medians of a few runs: what is done once a run takes too long to be repeated often. */
export async function inTurn(run: () => Promise<Figures>, repetitions = 2): Promise<Figures> {
  await run();
  const all: Figures[] = [];
  for (let i = 0; i < repetitions; i++) all.push(await run());
  return Object.fromEntries(
    Object.keys(all[0] as Figures).map(metric => [metric, median(all.map(figures => figures[metric] as number))]),
  );
}

/** Units a second, and the processor time of each in µs: in this process (with its threads), and in those below it. */
export async function perUnit(work: () => Promise<number>): Promise<{rate: number; here: number; there: number}> {
  const before = used();
  const start = performance.now();
  const units = await work();
  const seconds = (performance.now() - start) / 1_000;
  const after = used();
  const each = (end: keyof Used): number => (after[end] - before[end]) / units;
  return {rate: units / seconds, here: each('here'), there: each('there')};
}

/** @throws Error where something was lost, or came twice */
export function check(sum: number, expected: number): void {
  if (sum !== expected) throw new Error(`the values add up to ${sum}, and not to ${expected}`);
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** The first calls, or as many of them as the warm-up has time for. Returns how many. */
async function callFirst(call: Call): Promise<number> {
  const start = performance.now();
  let count = 0;
  for (; count < firstCalls && performance.now() - start < warmUpMs; count++) check(await call(count), count);
  return count;
}

/** Calls again and again, at least so often, and adds up what went and what came. */
async function callFor(call: Call, ms: number, least = 0): Promise<number> {
  let sent = 0;
  let received = 0;
  let count = 0;
  const start = performance.now();
  const isDue = (): boolean => {
    const elapsed = performance.now() - start;
    return elapsed < ms || (count < least && elapsed < ms * patience);
  };
  for (; isDue(); count++) {
    const value = count % 1_000;
    sent += value;
    received += await call(value);
  }
  check(received, sent);
  return count;
}
