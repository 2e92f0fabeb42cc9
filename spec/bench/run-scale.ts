/**
 * Measures what a unit costs as its number grows, each size in a process of its own.
 * Beneath `main`; above `scale`.
 */
import {machine, versionOf} from './questions.js';
import type {Failure, Scale} from './results.js';
import {runProbe} from './run-probe.js';
import {type ScaleName, sizes} from './scale.js';

const pace = [300, 500] as const;
const limitMs = 400_000;

export async function measureScale(node: string): Promise<Scale> {
  const version = versionOf(node);
  const points: Record<string, Record<string, number>[]> = {};
  const failures: Failure[] = [];
  for (const name of Object.keys(sizes) as ScaleName[]) {
    points[name] = [];
    for (const size of sizes[name]) {
      const probe = `${name} ${size}`;
      console.error(`scale: ${probe}`);
      try {
        points[name].push({size, ...(await runProbe({node, subject: 'scale', probe, pace, limit: limitMs}))});
      } catch (error) {
        failures.push({node: version, subject: 'rxtractor', probe, reason: (error as Error).message});
      }
    }
  }
  return {machine: machine(), node: version, points, failures};
}
