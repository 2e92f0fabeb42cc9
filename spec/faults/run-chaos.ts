// Runs chaos.ts once. Below chaos.spec.ts and report.ts.
import type {Outcome} from './chaos.js';
import {type Ran, runProgram} from './run-program.js';

export type Chaos = Ran<Outcome>;

export function runChaos(seed: number, ms: number): Promise<Chaos> {
  return runProgram('chaos', [seed, ms]);
}
