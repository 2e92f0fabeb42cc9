// The findings of a run of the matrix, as a section of a page. Below report.ts.
import {loadavg} from 'node:os';
import {cases, type Result, times} from './matrix.js';

export function matrixText(all: readonly Result[], rounds: number, machine: string): string {
  const {orphans, hangs, wrong} = counts(all);
  return `${all.length} faults: ${cases.length} cases, ${rounds} times each, on ${machine}, at a load of
${(loadavg()[0] as number).toFixed(1)}. **${orphans} orphans, ${hangs} waits that never ended, ${wrong} other findings.**

*Told* is the time from the fault until the last of those who waited was told. *Settled* is the time until the nursery had settled.
Both are in ms: the median, and the slowest in brackets. A process that hears nothing is ended after the bounds of the case:
${times.cancelAck} ms for an acknowledgement, ${times.exit} ms for the end.

### By fault

${table(all, 'fault')}

### By phase

${table(all, 'phase')}
${findings(all)}`.trimEnd();
}

function counts(all: readonly Result[]): {orphans: number; hangs: number; wrong: number} {
  const texts = all.flatMap(({problems}) => problems);
  const orphans = texts.filter(problem => /outlived|processes were left/.test(problem)).length;
  const hangs = texts.filter(problem => problem.endsWith('it never ended')).length;
  return {orphans, hangs, wrong: texts.length - orphans - hangs};
}

function table(all: readonly Result[], by: 'fault' | 'phase'): string {
  const names = [...new Set(all.map(result => result[by]))];
  const rows = names.map(name => {
    const group = all.filter(result => result[by] === name);
    const {orphans, hangs, wrong} = counts(group);
    const told = spread(group.map(({detectedMs}) => detectedMs));
    const settled = spread(group.map(({settledMs}) => settledMs));
    return `| ${name} | ${group.length} | ${orphans} | ${hangs} | ${wrong} | ${told} | ${settled} |`;
  });
  const head = `| ${by} | runs | orphans | never told | other findings | told | settled |\n|---|---:|---:|---:|---:|---:|---:|`;
  return [head, ...rows].join('\n');
}

function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const [median, slowest] = [sorted[sorted.length >> 1], sorted.at(-1)].map(ms => Math.round(ms as number));
  return `${median} (${slowest})`;
}

function findings(all: readonly Result[]): string {
  const found = all.filter(({problems}) => problems.length > 0);
  if (found.length === 0) return '';
  const lines = found.map(({phase, fault, problems}) => `- ${phase}, ${fault}: ${problems.join('; ')}`);
  return `\n### Findings\n\n${lines.join('\n')}\n`;
}
