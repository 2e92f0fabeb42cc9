// Simulations must find faults of the library that are planted, and the specs of the kit those of the kit: a check that cannot fail checks
// nothing. Above mutants.ts and kit-mutants.ts, which plant them one at a time in a copy of what is compiled.
import test from 'ava';
import {huntsAll} from '../kit/hunts-all.js';
import {mutate} from '../kit/mutants.js';
import {findByTest, kitMutants, newKitCopy} from './kit-mutants.js';
import {findByRule, mutants, newCopy} from './mutants.js';

test('a mutant whose text is gone, or is there twice, is refused', t => {
  const mutant = {name: 'does nothing', file: 'dialog', from: 'a', to: 'b'};
  t.throws(() => mutate('c', mutant), {message: /does nothing: dialog.js holds 0 times: a/});
  t.throws(() => mutate('a a', mutant), {message: /holds 2 times/});
});

huntsAll('the library', mutants, findByRule, newCopy);
huntsAll('the testing kit', kitMutants, findByTest, newKitCopy);
