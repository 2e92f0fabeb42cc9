/**
 * Random runs of the model: how many, how they are drawn, and what they have reached.
 * Above moves.ts, below model.spec.ts and the mutants.
 */

import {configureLog} from '../../../lib/base/log.js';
import {fc} from '../../kit/fast-check.js';
import type {Setup} from './model.js';
import {play} from './moves.js';

export interface Trials {
  /** In how many runs each thing that a run may come by has happened. */
  readonly reached: ReadonlyMap<string, number>;
  /** The first fault, made as small as it goes, with how to play it again. */
  readonly fault: string | undefined;
}

export async function tryOut(what: {
  readonly runs: number;
  readonly seed: number;
  readonly kind: Setup['kind'];
  readonly losses: boolean;
  /** Whether a fault is made small. */
  readonly shrink?: boolean;
}): Promise<Trials> {
  const reached = new Map<string, number>();
  // Errors of clean-ups that nobody reads are logged, and here nobody reads any.
  configureLog('silent');
  // The frames of errors cost more than all else.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const details = await fc.check(
      fc.asyncProperty(setups(what), scripts, async (setup, script) => {
        const seen = new Set<string>();
        await play(setup, script, name => seen.add(name));
        for (const name of seen) reached.set(name, (reached.get(name) ?? 0) + 1);
      }),
      {numRuns: what.runs, seed: what.seed, endOnFailure: what.shrink === false},
    );
    if (!details.failed) return {reached, fault: undefined};
    const {message} = details.errorInstance as Error;
    const setup = JSON.stringify(details.counterexample?.[0]);
    return {reached, fault: `${message}\n  with: ${setup}\n  seed ${what.seed}, run ${details.numRuns}`};
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Small windows, so that they are full; small buffers, so that they overflow. */
function setups({kind, losses}: Pick<Setup, 'kind' | 'losses'>): fc.Arbitrary<Setup> {
  return fc.record({
    kind: fc.constant(kind),
    flow: fc.record({
      window: fc.integer({min: 1, max: 4}),
      windowBytes: fc.constantFrom(1_000, 40, 20, 1),
      bufferBytes: fc.constantFrom(1_000_000, 1_000, 200, 0),
      overflow: fc.constantFrom('error' as const, 'error' as const, 'dropOldest' as const, 'latest' as const),
    }),
    shares: fc.boolean(),
    holdsStart: fc.boolean(),
    losses: fc.constant(losses),
    opensLate: fc.constantFrom(false, false, false, true),
    isTimed: fc.constantFrom(false, false, true),
    faults: fc.integer({min: 0, max: 3}),
  });
}

const scripts = fc.array(fc.nat(0xffff), {minLength: 5, maxLength: 60, size: 'max'});
