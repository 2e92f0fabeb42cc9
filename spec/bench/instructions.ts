/**
 * The instructions of a start, of a call and of a value, for the report.
 * Beneath `main`; above `callgrind`.
 */
import {count, whyNot} from './callgrind.js';
import {machine} from './questions.js';
import type {Instructions} from './results.js';
import type {PerRoad} from './work.js';

/** Enough for the compiler to have done its part. */
const warmUps: PerRoad = {
  'a call, one after the other': 4_000,
  'a call, 64 in flight': 4_000,
  'a small object, gathered': 8_000,
  'a small object, one at a time': 6_000,
  'a buffer of 64 KiB': 300,
};
const units: PerRoad = {...warmUps, 'a small object, gathered': 20_000, 'a small object, one at a time': 12_000};

export async function measureInstructions(node: string, version: string): Promise<Instructions> {
  const result = {machine: machine(), node: version, rows: []};
  const skipped = whyNot();
  if (skipped !== undefined) {
    console.error(`Instructions are not counted: ${skipped}`);
    return {...result, skipped};
  }
  console.error('instructions: of a start and of all roads, some minutes');
  const counts = await count(node, warmUps, units);
  return {...result, rows: Object.entries(counts).map(([road, count]) => ({road, ...count}))};
}
