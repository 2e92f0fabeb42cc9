// Seeded faults of the door to foreign values (lib/base/foreign): in each, one look has no guard. The hostile table must find each.
// Beside hostile-attempt.ts, which is run on them; run by door-mutants.spec.ts, or by hand: `node dist/spec/actor/door-mutants.js`.
import {fileURLToPath} from 'node:url';
import {Copy, type Find, findBy, huntByHand, type Mutant} from '../kit/mutants.js';

const caught = (what: string): string => `catch {\n        return ${what};\n    }`;
const thrown = 'catch (error) {\n        throw error;\n    }';

function unguarded(name: string, from: string, to: string): Mutant {
  return {name, file: 'base/foreign', from, to};
}

/**
 * Two guards are missing here. A look by `hasProperty` has a second guard around it in every way of the table. Without the bound of
 * `isCausedBy` an attempt never ends. foreign.spec.ts checks both.
 */
export const doorMutants: readonly Mutant[] = [
  unguarded('attempt lets the look throw', caught('otherwise'), thrown),
  unguarded('readProperty lets a getter throw', caught('undefined'), thrown),
  unguarded(
    'inherits lets a trap throw',
    `.call(Class, value);\n    }\n    ${caught('false')}`,
    `.call(Class, value);\n    }\n    ${thrown}`,
  ),
  unguarded('isThenable reads then by itself', `readProperty(value, 'then')`, 'value.then'),
  unguarded('whenSettled takes a thenable for a value', 'value = await given;', 'value = given;'),
  unguarded('causeOf reads the cause by itself', `return readProperty(error, 'cause');`, 'return error.cause;'),
  unguarded('membersOf reads the members by itself', `readProperty(error, 'errors')`, 'error.errors'),
  unguarded('membersOf takes whatever is there', `attempt(() => Array.isArray(members), false)`, 'members'),
  unguarded('messageOf reads the message by itself', `readProperty(error, 'message')`, 'error.message'),
  unguarded('messageOf takes whatever is there', `typeof message === 'string' ? message : undefined`, 'message'),
  unguarded('textOf lets toString throw', 'attempt(() => String(value), unreadable)', 'String(value)'),
];

export const findByTable: Find<Mutant> = (copy, mutant) => findBy(copy, mutant, 'dist/spec/actor/hostile-attempt.js');

export const newDoorCopy = (): Copy => new Copy(['spec/actor/hostile-attempt.ts']);

if (process.argv[1] === fileURLToPath(import.meta.url)) await huntByHand(doorMutants, findByTable, newDoorCopy);
