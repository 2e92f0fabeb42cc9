// The model must find faults that are planted: a check that cannot fail checks nothing.
// Above mutants.ts, which plants them one at a time in a copy of what is compiled.
import test from 'ava';
import {Copy, hunt, mutants, mutate} from './mutants.js';

const inCi = Boolean(process.env.RXTRACTOR_CI);
const reason = inCi ? '' : ' (takes long: set RXTRACTOR_CI=1 to run)';

test('every mutant still applies to lib, and is told from the others by its name', t => {
  const copy = new Copy();
  t.teardown(() => copy.remove());
  for (const mutant of mutants) {
    const code = copy.codeOf(mutant);
    t.not(mutate(code, mutant), code);
  }
  t.is(new Set(mutants.map(({name}) => name)).size, mutants.length);
});

test('a mutant whose text is gone, or is there twice, is refused', t => {
  const mutant = {name: 'does nothing', file: 'dialog', from: 'a', to: 'b'};
  t.throws(() => mutate('c', mutant), {message: /does nothing: dialog.js holds 0 times: a/});
  t.throws(() => mutate('a a', mutant), {message: /holds 2 times/});
});

(inCi ? test : test.skip)(
  `of ${mutants.length} seeded faults of the protocol ${mutants.length} are killed by the model, and lib itself by none${reason}`,
  async t => {
    t.timeout(300_000);
    const copy = new Copy();
    t.teardown(() => copy.remove());
    t.is(await copy.findIn(), undefined);
    const {survivors} = await hunt(copy, line => t.log(line));
    t.deepEqual(survivors, []);
  },
);
