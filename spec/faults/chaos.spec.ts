// M6: random faults at a tree at work: no orphan, no hang, nothing lost in silence. Above chaos.ts, the program that it runs.
import {canInspect} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';
import {runChaos} from './run-chaos.js';

const test = spawning({takesLong: true});

const seeds = Number(process.env.RXTRACTOR_CHAOS ?? 10);
const first = Number(process.env.RXTRACTOR_SEED ?? Date.now() % 1e6);

for (let seed = first; seed < first + seeds; seed++)
  (canInspect ? test : test.skip)(
    `T9, T10, T11, T17, I3: a tree at work under random faults for 20 s loses nothing in silence: run ${seed - first + 1}`,
    async t => {
      t.timeout(5 * 60_000);
      const {outcome, findings} = await runChaos(seed, 20_000);
      t.log(JSON.stringify(outcome));
      t.deepEqual(findings, []);
      t.is(outcome.orphans, 0);
      t.false(outcome.hung);
      // A run in which little was done and little happened would have shown nothing.
      t.true(outcome.operations > 100 && Object.keys(outcome.faults).length > 2, JSON.stringify(outcome));
    },
  );
