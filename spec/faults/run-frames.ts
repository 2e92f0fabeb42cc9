// Runs frames.ts once, in a process with little memory, so that running out of it is a finding. Below frames.spec.ts and report.ts.
import {runProgram} from './run-program.js';

export interface Frames {
  readonly seed: number;
  /** All frames that were said, the cuts included. */
  readonly frames: number;
  readonly channels: number;
  /** Channels that ended because of what was said. */
  readonly byProtocol: number;
  readonly cuts: number;
  readonly channelsLeft: number;
  /** The most memory that the process had, in bytes. */
  readonly peakBytes: number;
}

export const heapMiB = 128;

export async function runFrames(count: number, seed: number): Promise<Frames> {
  return (await runProgram<Frames>('frames', [count, seed], [`--max-old-space-size=${heapMiB}`])).outcome;
}

/** The mistakes of a run; empty when it is right. */
export function faultsOfFrames(seen: Frames, count: number): string[] {
  const faults: string[] = [];
  if (seen.frames !== count + seen.cuts) faults.push(`${seen.frames} frames were said, and not ${count + seen.cuts}`);
  if (seen.channelsLeft > 0) faults.push(`${seen.channelsLeft} channels were left`);
  // A run in which no channel broke, or each broke at once, would have shown nothing.
  if (seen.byProtocol <= count / 1_000 || seen.channels >= count / 2)
    faults.push(`it shows little: ${JSON.stringify(seen)}`);
  return faults;
}

export const framesText = (seen: Frames, machine: string): string =>
  `${seen.frames} frames with the seed ${seen.seed}, on ${machine}: ${seen.cuts} of them are real frames that were cut, at every byte of each.
**0 crashes, ${seen.channelsLeft} channels left.** Of ${seen.channels} channels, ${seen.byProtocol} ended because of what was said on them. The process may have a heap of
${heapMiB} MiB; it had at most ${Math.round(seen.peakBytes / 2 ** 20)} MiB of memory in all.`;
