/**
 * A run beside an earlier one: two runs see two machines, so that not figures are compared but ratios to what the same run measured.
 * Beneath `main`.
 */
import {type Goal, goals, outcome, watches} from './goals.js';
import type {Measured, Results} from './results.js';
import {short} from './text.js';

/** A difference below this is the machine. */
const noise = 1.1;
/** Fewer rounds do not show how far apart those of one run are. */
const leastRounds = 3;

interface Change {
  readonly what: string;
  readonly before: number;
  readonly now: number;
  /** More than 1: worse by so many times. */
  readonly worse: number;
  /** No round of one run was as good as any of the other. */
  readonly isApart: boolean;
}

export function compareWith(baseline: Results, measured: Measured): string {
  if (!baseline.questions) return 'The baseline holds no questions: nothing to compare with.';
  const before = baseline.questions;
  const lines = measured.nodes.flatMap(node => {
    const then = nearest(node, before.nodes);
    if (then === undefined) return [`Node ${node}: not in the baseline, which has ${before.nodes.join(', ')}`];
    const changes = [...goals, ...watches]
      .map(goal => changeOf(goal, before, then, measured, node))
      .filter(found => found !== undefined);
    const named = changes.filter(change => change.worse > noise && change.isApart);
    return [
      `Node ${node} beside ${then} of ${before.machine.date} (ratios of one run; × is now beside then, above 1 is worse)`,
      ...changes.map(
        ({what, before, now, worse}) => `  ${what}: ${short(before)} → ${short(now)}, × ${worse.toFixed(2)}`,
      ),
      named.length === 0
        ? '  Nothing is worse beyond noise.'
        : `  Worse beyond noise: ${named.map(({what, worse}) => `${what} (× ${worse.toFixed(2)})`).join('; ')}`,
    ];
  });
  return lines.join('\n');
}

function changeOf(goal: Goal, before: Measured, then: string, measured: Measured, node: string): Change | undefined {
  const old = outcome(goal, before.samples, then);
  const now = outcome(goal, measured.samples, node);
  if (!old || !now) return undefined;
  const isLower = goal.better === 'lower';
  return {
    what: goal.than === '' ? goal.what : `${goal.what} / ${goal.than}`,
    before: old.median,
    now: now.median,
    worse: isLower ? now.median / old.median : old.median / now.median,
    isApart:
      Math.min(now.rounds.length, old.rounds.length) >= leastRounds &&
      (isLower ? Math.min(...now.rounds) > Math.max(...old.rounds) : Math.max(...now.rounds) < Math.min(...old.rounds)),
  };
}

/** The same version of Node, or another of its line. */
function nearest(node: string, nodes: readonly string[]): string | undefined {
  const line = (version: string): string | undefined => version.split('.')[0];
  return nodes.find(other => other === node) ?? nodes.find(other => line(other) === line(node));
}
