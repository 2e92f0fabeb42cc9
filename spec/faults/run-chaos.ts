// Runs chaos.ts once. Below chaos.spec.ts and report.ts.
import type {Outcome} from './chaos.js';
import {type Ran, runProgram} from './run-program.js';

export type Chaos = Ran<Outcome>;

/**
 * The most trees at a time. A tree waits for much of its time, but what it does beside others must not take so long that a bound of the
 * library ends what is right.
 */
const mostTogether = 4;

/** Seeds in groups that run together, all of about the same size. */
export function groupsOf(first: number, count: number): number[][] {
  const groups = Math.ceil(count / mostTogether);
  const begin = (group: number): number => first + Math.floor((group * count) / groups);
  return Array.from({length: groups}, (_, group) =>
    Array.from({length: begin(group + 1) - begin(group)}, (_, at) => begin(group) + at),
  );
}

export function runChaos(seed: number, ms: number): Promise<Chaos> {
  return runProgram('chaos', [seed, ms]);
}
