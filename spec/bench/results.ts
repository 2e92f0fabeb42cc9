/**
 * The figures that runs have measured: the file beside the report, which is the baseline of `--compare` too.
 * Beneath `goals`, `questions`, `page` and `compare`.
 */
import {median} from './measure.js';
import type {Share} from './self-profile.js';

/** The figures of one metric, by round; null where a round has none. */
export type Rounds = (number | null)[];

export interface Failure {
  readonly node: string;
  readonly subject: string;
  readonly probe: string;
  readonly reason: string;
}

export interface Machine {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  /** How many processes wanted a processor in the last minute, before anything was measured. */
  readonly load: number;
}

/** Samples by version of Node, subject, probe and metric. */
export type Samples = Record<string, Record<string, Record<string, Record<string, Rounds>>>>;

export interface Measured {
  readonly machine: Machine;
  readonly nodes: readonly string[];
  readonly rounds: number;
  readonly pace: readonly [number, number];
  readonly minutes: number;
  readonly samples: Samples;
  readonly failures: readonly Failure[];
  /** The probes that were planned, and for which there was no time. */
  readonly late: readonly string[];
  /** The versions of the peers, by package. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The cost of one end of one road, in instructions for each unit. */
export interface Instructions {
  readonly machine: Machine;
  readonly node: string;
  readonly rows: readonly {readonly road: string; readonly here: number; readonly there: number}[];
  /** Why there are none. */
  readonly skipped?: string;
}

export interface Scale {
  readonly machine: Machine;
  readonly node: string;
  /** By probe: a point for each size, with its figures. */
  readonly points: Readonly<Record<string, readonly Readonly<Record<string, number>>[]>>;
  readonly failures: readonly Failure[];
}

/** Where the time of the processor goes on a road: the largest shares of each end. */
export interface Profiles {
  readonly machine: Machine;
  readonly rows: readonly ProfileRow[];
}

export interface ProfileRow {
  readonly road: string;
  readonly node: string;
  readonly end: string;
  readonly parts: readonly Share[];
  readonly functions: readonly Share[];
}

/** The medians of the goals in the run before, by version of Node, and then by the name of the goal (`nameOf`). */
export interface Before {
  readonly machine: Machine;
  readonly medians: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Results {
  readonly questions?: Measured;
  /** The run of the questions before, because two runs tell more than the rounds of one. */
  readonly before?: Before;
  readonly scale?: Scale;
  readonly instructions?: Instructions;
  readonly profiles?: Profiles;
}

export function put(
  samples: Samples,
  path: readonly [string, string, string, string],
  round: number,
  figure: number,
): void {
  const [node, subject, probe, metric] = path;
  samples[node] ??= {};
  samples[node][subject] ??= {};
  samples[node][subject][probe] ??= {};
  const rounds = samples[node][subject][probe][metric] ?? [];
  samples[node][subject][probe][metric] = rounds;
  while (rounds.length < round) rounds.push(null);
  // Four digits are more than the noise leaves.
  rounds[round] = Number.isFinite(figure) ? Number(figure.toPrecision(4)) : null;
}

/** @param metric with `both` instead of `here` and `there`: the sum of these two */
export function roundsOf(samples: Samples, node: string, subject: string, probe: string, metric: string): Rounds {
  const metrics = samples[node]?.[subject]?.[probe] ?? {};
  if (!metric.startsWith('both')) return metrics[metric] ?? [];
  const [here = [], there = []] = ['here', 'there'].map(end => metrics[metric.replace('both', end)]);
  return here.map((figure, round) => {
    const other = there[round];
    return figure === null || other === null || other === undefined ? null : figure + other;
  });
}

export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function summary(rounds: Rounds): Summary | undefined {
  const figures = rounds.filter(figure => figure !== null);
  if (figures.length === 0) return undefined;
  return {median: median(figures), low: Math.min(...figures), high: Math.max(...figures)};
}

/** Round by round, where both have a figure: two figures of one round have seen the same machine. */
export function ratios(of: Rounds, to: Rounds): Rounds {
  return of.map((figure, round) => {
    const other = to[round];
    return figure === null || other === null || other === undefined || other === 0 ? null : figure / other;
  });
}
