// M6: random faults at a tree at work: no orphan, no hang, nothing lost in silence. Above chaos.ts, the program that it runs.
import {canInspect} from '../kit/processes.js';
import {seed as first} from '../kit/seed.js';
import {spawning} from '../kit/spawning.js';
import {groupsOf, runChaos} from './run-chaos.js';

const test = spawning({takesLong: true});

const seeds = Number(process.env.RXTRACTOR_CHAOS ?? 10);

/** Each tree has its own processes. */
for (const group of groupsOf(first, seeds))
  (canInspect ? test : test.skip)(
    `T9, T10, T11, T17, I3: trees at work under random faults for 20 s lose nothing in silence: runs ${group.map(seed => seed - first + 1).join(', ')}`,
    async t => {
      t.timeout(5 * 60_000);
      const runs = await Promise.all(group.map(seed => runChaos(seed, 20_000)));
      for (const {outcome, findings} of runs) {
        t.log(JSON.stringify(outcome));
        t.deepEqual(findings, []);
        t.is(outcome.orphans, 0);
        t.false(outcome.hung);
      }
      // Runs in which little was done and little happened would have shown nothing. One alone may consist of waits for actors that were
      // stopped for good.
      const outcomes = runs.map(({outcome}) => outcome);
      const operations = outcomes.reduce((sum, each) => sum + each.operations, 0);
      const faults = new Set(outcomes.flatMap(each => Object.keys(each.faults)));
      t.true(operations > 100 && faults.size > 2, JSON.stringify(outcomes));
    },
  );
