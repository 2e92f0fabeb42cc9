// `npm run faults`: every case of the matrix again and again, random faults, damaged frames, and work for a long time; and the sections of
// docs/explain/reliability.md made of them, which nobody writes by hand. Above matrix.ts, the run-*.ts, pages.ts.
//
//   npm run faults -- --only chaos    one part: matrix, chaos, frames, soak
//   npm run faults -- --long          200 seeds of chaos, 1 000 000 frames, 600 s of soak
//   npm run faults -- --rounds 5      how often each case of the matrix is run: 3
//   npm run faults -- --seeds 50      how many seeds of chaos are run, four at a time, 20 s each: 10
//   npm run faults -- --frames 5000   how many frames are damaged: 100 000
//   npm run faults -- --seconds 30    how long the soak is: 60
//   npm run faults -- --tables        runs nothing, and writes the tables of the catalogue
import {availableParallelism} from 'node:os';
import {parseArgs} from 'node:util';
import {openNursery} from '../../lib/index.js';
import {chaosText} from './chaos-text.js';
import {cases, type Result, runCase, times} from './matrix.js';
import {matrixText} from './matrix-text.js';
import {reliabilityPage, writeSection, writeTables} from './pages.js';
import {type Chaos, groupsOf, runChaos} from './run-chaos.js';
import {faultsOfFrames, framesText, runFrames} from './run-frames.js';
import {faultsOfSoak, runSoak, soakText} from './run-soak.js';
import {Witness} from './witness.js';

const {values} = parseArgs({
  options: {
    only: {type: 'string'},
    long: {type: 'boolean', default: false},
    rounds: {type: 'string', default: '3'},
    seeds: {type: 'string'},
    frames: {type: 'string'},
    seconds: {type: 'string'},
    tables: {type: 'boolean', default: false},
  },
});
const rounds = Number(values.rounds);
const seeds = Number(values.seeds ?? (values.long ? 200 : 10));
const frames = Number(values.frames ?? (values.long ? 1_000_000 : 100_000));
const seconds = Number(values.seconds ?? (values.long ? 600 : 60));
const machine = `${process.platform} with ${availableParallelism()} cores and Node ${process.versions.node}`;

// Not beside one part: another part may be run at the same time, and writes the same page.
if (values.only === undefined) writeTables();
/** Each writes its section, and tells what must not be. */
const parts = {matrix: runMatrix, chaos: runSeeds, frames: fuzz, soak};
for (const [name, run] of Object.entries(parts))
  if (!values.tables && (values.only ?? name) === name)
    for (const fault of await run()) {
      console.error(`${name}: ${fault}`);
      process.exitCode = 1;
    }

async function runMatrix(): Promise<string[]> {
  const results: Result[] = [];
  await openNursery(
    async nursery => {
      const witness = await Witness.start(nursery);
      for (let round = 0; round < rounds; round++) for (const one of cases) results.push(await runCase(one, witness));
      await witness.end();
    },
    {timeouts: times, logLevel: 'silent'},
  );
  writeSection(reliabilityPage, 'matrix', matrixText(results, rounds, machine));
  return results.flatMap(({phase, fault, problems}) => problems.map(problem => `${phase}, ${fault}: ${problem}`));
}

/** The section is written again and again, so that an end in between loses little. */
async function runSeeds(): Promise<string[]> {
  const runs: Chaos[] = [];
  for (const group of groupsOf(1, seeds)) {
    const ran = await Promise.all(group.map(seed => runChaos(seed, 20_000)));
    runs.push(...ran);
    for (const {outcome, findings} of ran) console.log(`seed ${outcome.seed}`, ...findings);
    writeSection(reliabilityPage, 'chaos', chaosText(runs, machine));
  }
  return runs.flatMap(faultsOfChaos);
}

function faultsOfChaos({outcome, findings}: Chaos): string[] {
  const {seed, orphans, hung} = outcome;
  const faults = [...findings, ...(orphans > 0 ? [`${orphans} orphans`] : []), ...(hung ? ['it hung'] : [])];
  return faults.map(fault => `seed ${seed}: ${fault}`);
}

async function fuzz(): Promise<string[]> {
  const seen = await runFrames(frames, 1);
  writeSection(reliabilityPage, 'frames', framesText(seen, machine));
  return faultsOfFrames(seen, frames);
}

async function soak(): Promise<string[]> {
  const done = await runSoak(seconds);
  const faults = faultsOfSoak(done, seconds);
  writeSection(reliabilityPage, 'soak', soakText(done, faults, machine));
  return faults;
}
