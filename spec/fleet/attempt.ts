// One attempt to find a fault of the lease, for mutants.ts: prints the first fault, or nothing. The seeds are fixed.
import {fc} from '../kit/fast-check.js';
import {harmful, harmless} from './damage.js';
import {faultOf, runs} from './lease-model.js';
import {runSeeds} from './many-seeds.js';
import {tokenFault} from './token-model.js';

/** The fleet finds what makes two holders; the model finds the rest. */
function fault(): string | undefined {
  const {overlaps} = runSeeds(1_000, harmless);
  if (overlaps[0]) return `fleet: ${overlaps[0]}`;
  const {broken} = runSeeds(1_000, [...harmless, ...harmful]);
  if (broken[0]) return `lock: ${broken[0]}`;
  const {counts} = runSeeds(50, []);
  const needless = Object.keys(counts).find(what => !['actor', 'write'].includes(what));
  if (needless) return `quiet fleet: ${needless}`;
  const token = tokenFault();
  if (token) return `token: ${token}`;
  const {failed, counterexample} = fc.check(
    fc.property(runs, run => faultOf(run) === undefined),
    {numRuns: 5_000, seed: 1},
  );
  return failed && counterexample ? `model: ${faultOf(counterexample[0])}` : undefined;
}

const found = fault();
if (found !== undefined) console.log(found);
