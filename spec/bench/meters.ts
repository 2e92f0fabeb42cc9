/**
 * Counts that a process can make in itself, on every machine: the bytes that it allocates, and how much code it runs.
 * Above `inspected`; `metered` uses them in both ends.
 */
import type {HeapProfiler, Profiler} from 'node:inspector';
import {ask, session} from './inspected.js';

export interface Meter {
  start(): Promise<void>;
  /** @returns how much there was since the start */
  stop(): Promise<number>;
}

export type MeterName = 'allocated' | 'run';

/** A sample for so many bytes: some thousands of samples for the least of the work. */
const intervalBytes = 512;

/** The bytes on V8's heap, by its sampling profiler, which counts what has been collected too. */
const allocated: Meter = {
  async start() {
    session.connect();
    await ask('HeapProfiler.startSampling', {
      samplingInterval: intervalBytes,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  },
  async stop() {
    const {profile} = (await ask('HeapProfiler.stopSampling')) as HeapProfiler.StopSamplingReturnType;
    session.disconnect();
    return sizeOf(profile.head);
  },
};

function sizeOf({selfSize, children}: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize);
}

/**
 * The characters of source that run, each as often as it runs: not instructions, but it grows as they do, and is the same on every
 * machine. V8 counts how often each block runs, and does not optimise meanwhile. It sees no blocks of what was compiled before the
 * count begins, so that `metered` loads this file first, and begins at once. Code of Node that is not JavaScript does not count.
 */
const run: Meter = {
  async start() {
    await ask('Profiler.takePreciseCoverage');
  },
  async stop() {
    const {result} = (await ask('Profiler.takePreciseCoverage')) as Profiler.TakePreciseCoverageReturnType;
    return result.reduce((sum, script) => sum + charactersOf(script), 0);
  },
};

/** Each character ran as often as the smallest range says that holds it. */
function charactersOf({functions}: Profiler.ScriptCoverage): number {
  const ranges = functions
    .flatMap(({ranges}) => ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  let sum = 0;
  const around: Profiler.CoverageRange[] = [];
  for (const range of ranges) {
    while (around.length > 0 && (around.at(-1)?.endOffset ?? 0) <= range.startOffset) around.pop();
    // The count of the range around it holds for this range too, and is taken back.
    sum += (range.count - (around.at(-1)?.count ?? 0)) * (range.endOffset - range.startOffset);
    around.push(range);
  }
  return sum;
}

export const meters: Readonly<Record<MeterName, Meter>> = {allocated, run};

if (process.env.BENCH_METER === ('run' satisfies MeterName)) {
  session.connect();
  await ask('Profiler.enable');
  await ask('Profiler.startPreciseCoverage', {callCount: true, detailed: true});
}
