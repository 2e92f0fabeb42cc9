/** The tests of a table of mutants. Above mutants.ts. */
import test from 'ava';
import {type Copy, type Find, hunt, type Mutant, mutate} from './mutants.js';

/** CI has time for the hunt of the protocol's faults alone: the others take minutes of both its cores. */
const variables = {ci: 'RXTRACTOR_CI', hunt: 'RXTRACTOR_HUNT'} as const;

/**
 * @param where the part of the library in which they are planted, for the titles
 * @param when whether the hunt is a part of CI, or runs on demand
 */
export function huntsAll<M extends Mutant>(
  where: string,
  mutants: readonly M[],
  find: Find<M>,
  newCopy: () => Copy,
  when: keyof typeof variables = 'hunt',
): void {
  const isHunted = Boolean(process.env[variables[when]]);
  const reason = isHunted ? '' : ` (takes long: set ${variables[when]}=1 to run)`;
  test(`every mutant of ${where} still applies, and is told from the others by its name`, t => {
    const copy = newCopy();
    t.teardown(() => copy.remove());
    for (const mutant of mutants) {
      const code = copy.codeOf(mutant);
      t.not(mutate(code, mutant), code);
    }
    t.is(new Set(mutants.map(({name}) => name)).size, mutants.length);
  });

  (isHunted ? test : test.skip)(
    `of ${mutants.length} planted faults of ${where} ${mutants.length} are found, and nothing is found where none is planted${reason}`,
    async t => {
      t.timeout(600_000);
      const copy = newCopy();
      t.teardown(() => copy.remove());
      t.is(await find(copy, undefined), undefined);
      t.deepEqual(await hunt(copy, mutants, find, line => t.log(line)), []);
    },
  );
}
