// The fault matrix: whatever happens to an actor, in whatever phase, all who wait are told what happened, and nothing is left (T9–T17, C9).
import {setTimeout as delay} from 'node:timers/promises';
import type {Nursery} from '../../lib/index.js';
import {openNursery} from '../../lib/index.js';
import {spawning} from '../kit/spawning.js';
import {cases, runCase, times} from './matrix.js';
import {Witness} from './witness.js';

let root: Nursery | undefined;
let witness: Witness | undefined;

const test = spawning({
  takesLong: true,
  async last() {
    await witness?.end();
    await root?.cancel();
  },
});

test.before('the witness serves', async () => {
  root = await openNursery({timeouts: times, logLevel: 'silent'});
  witness = await Witness.start(root);
});

for (const one of cases)
  test(`T9, T17, C9: ${one.phase.name}: ${one.fault.name}`, async t => {
    const {problems} = await runCase(one, witness as Witness);
    t.deepEqual(problems, []);
    // An error that comes late has a turn to come in.
    await delay(1);
  });
