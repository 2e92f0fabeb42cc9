// One attempt to find a fault in the protocol, for mutants.ts: prints the first fault, or nothing.
// The seed is fixed: a mutant that dies once dies always.
import {tryOut} from './trials.js';

for (const [kind, losses] of [
  ['context', false],
  ['operator', true],
  ['context', true],
] as const) {
  const {fault} = await tryOut({runs: 2_000, seed: 1, kind, losses, shrink: false});
  if (fault === undefined) continue;
  console.log(fault);
  break;
}
