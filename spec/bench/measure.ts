/**
 * What all probes share: how long they warm up and measure, and what they make of the samples.
 * Beneath the probes (`ours`, `bare`, `node-own`); numbers only.
 */

/** The figures of one probe in one round, by metric. */
export type Figures = Readonly<Record<string, number>>;

/** A probe: prepares, measures once, cleans up. */
export type Probe = () => Promise<Figures>;

/** How long a repeated measurement runs, in ms. Shorter ones catch only one of the machine's moods. */
const measureMs = 700;
const warmUpMs = 300;

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/**
 * One round trip after the other: its times in µs. `best` is the median of the best tenth of a second: what the machine does
 * while both its cores are awake.
 */
export async function latency(roundTrip: () => Promise<unknown>): Promise<Figures> {
  await repeat(roundTrip, warmUpMs);
  const samples: number[] = [];
  const slices: number[] = [];
  const end = performance.now() + measureMs;
  let slice: number[] = [];
  let sliceEnd = performance.now() + 100;
  for (let now = performance.now(); now < end; ) {
    await roundTrip();
    const after = performance.now();
    const took = (after - now) * 1_000;
    samples.push(took);
    slice.push(took);
    if (after >= sliceEnd) {
      slices.push(median(slice));
      slice = [];
      sliceEnd = after + 100;
    }
    now = performance.now();
  }
  return {p50: median(samples), p99: quantile(samples, 0.99), best: Math.min(...slices)};
}

/** Always `inFlight` round trips under way: how many end in a second. */
export async function throughput(roundTrip: () => Promise<unknown>, inFlight: number): Promise<Figures> {
  await Promise.all(Array.from({length: inFlight}, () => repeat(roundTrip, warmUpMs)));
  const start = performance.now();
  const counts = await Promise.all(Array.from({length: inFlight}, () => repeat(roundTrip, measureMs)));
  const seconds = (performance.now() - start) / 1_000;
  return {rate: counts.reduce((sum, count) => sum + count, 0) / seconds};
}

/** How many units a second `transfer` moves: it moves `units` each time, is warmed up, then timed. */
export async function transfers(transfer: () => Promise<unknown>, units: number): Promise<Figures> {
  await repeat(transfer, warmUpMs);
  const start = performance.now();
  const count = await repeat(transfer, measureMs);
  return {rate: (count * units) / ((performance.now() - start) / 1_000)};
}

/** Times of something slow, one after the other, in ms: the first apart, which pays for what is loaded once. */
export async function times(work: () => Promise<unknown>, repetitions: number): Promise<Figures> {
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
export async function inTurn(run: () => Promise<Figures>): Promise<Figures> {
  await run();
  const all: Figures[] = [];
  for (let i = 0; i < 3; i++) all.push(await run());
  return Object.fromEntries(
    Object.keys(all[0] as Figures).map(metric => [metric, median(all.map(figures => figures[metric] as number))]),
  );
}

async function repeat(work: () => Promise<unknown>, ms: number): Promise<number> {
  let count = 0;
  for (const end = performance.now() + ms; performance.now() < end; count++) await work();
  return count;
}
