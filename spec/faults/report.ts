// `npm run faults`: every case of the matrix again and again, and the page docs/explain/reliability.md made of it, which nobody writes by hand.
// Above matrix.ts.
//
//   npm run faults -- --rounds 5      how often each case is run: 3
import {writeFileSync} from 'node:fs';
import {availableParallelism, loadavg} from 'node:os';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {openNursery} from '../../lib/index.js';
import {cases, type Result, runCase, times, Witness} from './matrix.js';

const page = fileURLToPath(new URL('../../../docs/explain/reliability.md', import.meta.url));
const {values} = parseArgs({options: {rounds: {type: 'string', default: '3'}}});
const rounds = Number(values.rounds);

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
writeFileSync(page, text(results));
console.log(`${results.length} faults; the page is ${page}`);
process.exitCode = results.some(({problems}) => problems.length > 0) ? 1 : 0;

function text(all: readonly Result[]): string {
  const {orphans, hangs, wrong} = counts(all);
  return `# Reliability: what a fault does

<!-- Written by \`npm run faults\`: change spec/faults/, and not this page. -->

A fault happens to an actor, in a certain phase of its work, on real processes. A barrier says that the phase has been reached; no
case waits for a time instead. After each case it is checked that

- everybody who waited has been told exactly once, with an error of the right class and the right exit
  ([T9](../reference/semantics.md#t9), [T17](../reference/semantics.md#t17), [C9](../reference/semantics.md#c9));
- values that came before the fault came in order, without a gap, and none came after the end;
- the process is gone, and this process holds no descriptor, socket or child more than before;
- another actor of the same tree, with a stream of its own, has noticed nothing.

${all.length} faults: ${cases.length} cases, ${rounds} times each, on ${process.platform} with ${availableParallelism()} cores and
Node ${process.versions.node}, at a load of ${(loadavg()[0] as number).toFixed(1)}. **${orphans} orphans, ${hangs} waits that never ended, ${wrong} other
findings.**

*Told* is the time from the fault until the last of those who waited was told. *Settled* is the time until the nursery had settled.
Both are in ms: the median, and the slowest in brackets. A process that hears nothing is ended after the bounds of the case:
${times.cancelAck} ms for an acknowledgement, ${times.exit} ms for the end.

## By fault

${table(all, 'fault')}

## By phase

${table(all, 'phase')}
${findings(all)}`;
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
  return `\n## Findings\n\n${lines.join('\n')}\n`;
}
