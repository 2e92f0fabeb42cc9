// Runs soak.ts once, and judges what it held from second to second. Below soak.spec.ts and report.ts.
import {type Ran, runProgram} from './run-program.js';
import type {Outcome} from './soak.js';

export type Soak = Ran<Outcome>;

/** The root remembers how its last 1 024 actors died, and one dies in each second: 2.7 KiB each, as measured. The rest is noise. */
const deathBytes = 12 * 1024;
const counted = ['descriptors', 'handles', 'contexts'] as const;

/** Nothing is compiled to machine code, because V8 keeps that on its heap, and on a busy machine it is made minutes later. */
export function runSoak(seconds: number): Promise<Soak> {
  return runProgram('soak', [seconds], ['--expose-gc', '--no-opt', '--no-sparkplug']);
}

/** The mistakes of a run; empty when it is right. */
export function faultsOfSoak({outcome, findings}: Soak, seconds: number): string[] {
  const faults = [...findings];
  const {opened, values} = outcome;
  const perMinute = heapPerMinute(outcome);
  if (perMinute >= 60 * deathBytes) faults.push(`the heap grows by ${perMinute} bytes in a minute`);
  for (const what of counted) {
    const held = steady(outcome).map(one => one[what]);
    if (slopeOf(held) !== 0) faults.push(`${what}: ${held}`);
  }
  if (opened < seconds * 200 || values <= seconds * 100) faults.push(`only ${opened} contexts and ${values} values`);
  return faults;
}

/** By how many bytes the heap grew in a minute. */
export const heapPerMinute = (outcome: Outcome): number => slopeOf(steady(outcome).map(({heap}) => heap)) * 60;

/** Code is compiled, and caches fill, in the first third. */
const steady = ({samples}: Outcome): Outcome['samples'] => samples.slice(Math.floor(samples.length / 3));

/** The slope of a line through points that may have outliers: the median of the slopes of all pairs (Theil–Sen). */
function slopeOf(values: readonly number[]): number {
  const slopes = values.flatMap((value, i) => values.slice(i + 1).map((later, j) => (later - value) / (j + 1)));
  return slopes.sort((a, b) => a - b)[slopes.length >> 1] ?? 0;
}

export function soakText({outcome}: Soak, faults: readonly string[], machine: string): string {
  const {samples, opened, values, deaths} = outcome;
  const [first, last] = [steady(outcome)[0], samples.at(-1)];
  const rows = counted.map(what => `| ${what} | ${first?.[what]} | ${last?.[what]} |`);
  return `${samples.length} s of work on ${machine}: ${opened} contexts and calls, ${values} values of four streams, ${deaths} actors that were
started and killed. **${faults.length} findings.** The heap grew by ${Math.round(heapPerMinute(outcome) / 1024)} KiB in a minute, after the first third.

| held by the root | after a third | at the end |
|---|---:|---:|
| heap after a collection, KiB | ${kib(first)} | ${kib(last)} |
${rows.join('\n')}`;
}

const kib = (sample: Outcome['samples'][number] | undefined): number => Math.round((sample?.heap ?? 0) / 1024);
