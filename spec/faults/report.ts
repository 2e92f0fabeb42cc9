// `npm run faults`: every case of the matrix again and again, some chaos, and the sections of docs/explain/reliability.md made of them,
// which nobody writes by hand. Above matrix.ts, run-chaos.ts, pages.ts.
//
//   npm run faults -- --rounds 5      how often each case is run: 3
//   npm run faults -- --seeds 200     how many seeds of chaos are run, 20 s each: 10
//   npm run faults -- --only chaos    one part: matrix, chaos
//   npm run faults -- --tables        runs nothing, and writes the tables of the catalogue
import {availableParallelism, loadavg} from 'node:os';
import {parseArgs} from 'node:util';
import {openNursery} from '../../lib/index.js';
import {chaosText} from './chaos-text.js';
import {cases, type Result, runCase, times, Witness} from './matrix.js';
import {reliabilityPage, writeSection, writeTables} from './pages.js';
import {type Chaos, runChaos} from './run-chaos.js';

const {values} = parseArgs({
  options: {
    rounds: {type: 'string', default: '3'},
    seeds: {type: 'string', default: '10'},
    only: {type: 'string'},
    tables: {type: 'boolean', default: false},
  },
});
const rounds = Number(values.rounds);
const machine = `${process.platform} with ${availableParallelism()} cores and Node ${process.versions.node}`;

writeTables();
const parts = {matrix: runMatrix, chaos: runSeeds};
for (const [name, run] of Object.entries(parts))
  if (!values.tables && (values.only ?? name) === name && !(await run())) process.exitCode = 1;

async function runMatrix(): Promise<boolean> {
  const results: Result[] = [];
  await openNursery(
    async nursery => {
      const witness = await Witness.start(nursery);
      for (let round = 0; round < rounds; round++)
        for (const one of cases) {
          const result = await runCase(one, witness);
          results.push(result);
          if (result.problems.length > 0)
            console.error(`${result.phase}, ${result.fault}: ${result.problems.join('; ')}`);
        }
      await witness.end();
    },
    {timeouts: times, logLevel: 'silent'},
  );
  writeSection(reliabilityPage, 'matrix', text(results));
  console.log(`${results.length} faults`);
  return results.every(({problems}) => problems.length === 0);
}

async function runSeeds(): Promise<boolean> {
  const runs: Chaos[] = [];
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const run = await runChaos(seed, 20_000);
    runs.push(run);
    for (const finding of run.findings) console.error(`seed ${seed}: ${finding}`);
  }
  writeSection(reliabilityPage, 'chaos', chaosText(runs, machine));
  return runs.every(({outcome, findings}) => findings.length === 0 && outcome.orphans === 0 && !outcome.hung);
}

function text(all: readonly Result[]): string {
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
