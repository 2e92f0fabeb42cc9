// Runs a simulated fleet with many seeds, and adds up what they have shown. Above simulated-fleet.ts; fleet.spec.ts and attempt.ts use it.
import type {Damage} from './damage.js';
import {Fleet} from './simulated-fleet.js';

export interface Sum {
  readonly counts: Readonly<Record<string, number>>;
  /** The first ones, each with its seed. */
  readonly overlaps: readonly string[];
  readonly broken: readonly string[];
}

const kept = 5;

/** Seeds from 1 on. */
export function runSeeds(seeds: number, damages: readonly Damage[]): Sum {
  const counts: Record<string, number> = {};
  const overlaps: string[] = [];
  const broken: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const told = new Fleet(seed, damages).run();
    for (const [what, count] of Object.entries(told.counts)) counts[what] = (counts[what] ?? 0) + count;
    keep(overlaps, told.overlaps, seed);
    keep(broken, told.broken, seed);
  }
  return {counts, overlaps, broken};
}

function keep(all: string[], more: readonly string[], seed: number): void {
  const [first] = more;
  if (first !== undefined && all.length < kept) all.push(`seed ${seed}: ${first}`);
}
