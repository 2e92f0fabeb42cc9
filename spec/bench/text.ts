/**
 * Figures and tables, as the page and the terminal show them.
 * Beneath `page` and `main`.
 */
import {type Goal, goals, type Outcome, outcome} from './goals.js';
import {type Before, type Measured, type Rounds, summary} from './results.js';

/** With three digits, as people write numbers. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1e6) return `${digits(value / 1e6)} M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)} k`;
  if (value >= 1e3) return `${digits(value / 1e3)} k`;
  return digits(value);
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(value >= 0.1 || value === 0 ? 2 : 3);
}

/** The median, and between which figures the rounds were. */
export function spread(rounds: Rounds): string {
  const figures = summary(rounds);
  if (!figures) return '';
  const {median, low, high} = figures;
  return low === high ? short(median) : `${short(median)} (${short(low)}–${short(high)})`;
}

export function outcomes({samples}: Measured, node: string): Outcome[] {
  return goals.map(goal => outcome(goal, samples, node)).filter(found => found !== undefined);
}

/** What the next run shows of this one. */
export function beforeOf(measured: Measured): Before {
  const ofNode = (node: string) =>
    Object.fromEntries(outcomes(measured, node).map(({goal, median}) => [nameOf(goal), median]));
  return {
    machine: measured.machine,
    medians: Object.fromEntries(measured.nodes.map(node => [node, ofNode(node)])),
  };
}

export const nameOf = ({what, than}: Goal): string => (than === '' ? what : `${what} / ${than}`);

export function outcomesText(measured: Measured): string {
  return measured.nodes.map(node => [`Node ${node}`, ...outcomes(measured, node).map(line)].join('\n')).join('\n\n');
}

function line({goal, median, rounds, missedIn, met}: Outcome): string {
  const sign = goal.better === 'lower' ? '≤' : '≥';
  return `${met ? 'met   ' : 'missed'}  ${nameOf(goal)}: ${short(median)}, goal ${sign} ${goal.bound}; missed in ${missedIn} of ${rounds.length} rounds`;
}

/** Everything that was measured, line by line. */
export function samplesText({samples, failures}: Measured): string {
  const lines = Object.entries(samples).flatMap(([node, subjects]) =>
    Object.entries(subjects).flatMap(([subject, probes]) =>
      Object.entries(probes).map(([probe, metrics]) => {
        const figures = Object.entries(metrics).map(([metric, rounds]) => `${metric} ${spread(rounds)}`);
        return `${node}  ${probe}  ${subject}: ${figures.join(', ')}`;
      }),
    ),
  );
  const failed = failures.map(({node, subject, probe, reason}) => `${node}  ${probe}  ${subject}: failed: ${reason}`);
  return [...lines, ...failed].join('\n');
}

/** A table in Markdown; columns after the first are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---|' : '---:|')).join('')}`, ...rows.map(line)].join('\n');
}
