// One attempt to find a fault of the library, for mutants.ts: tries the rules whose titles begin so, and prints what is wrong with the
// first that fails, or nothing.
import {SimulationFailed} from '../../lib/testing/index.js';
import {rules} from './rules/index.js';
import {tryOut} from './rules/rule.js';

const titles = process.argv.slice(2);
const unknown = titles.filter(title => !rules.some(rule => rule.title.startsWith(title)));
if (unknown.length > 0) throw new Error(`there is no rule ${unknown.join(', ')}`);
const tried = rules.filter(rule => titles.some(title => rule.title.startsWith(title)));
for (const rule of tried) {
  try {
    await tryOut(rule);
  } catch (error) {
    const {message} = error as Error;
    const [first] = message.split('\n');
    console.log(error instanceof SimulationFailed ? `${choicesOf(error)} choices: ${first}` : first);
    break;
  }
}
// A mutant may have left something that keeps the process running.
process.exit();

function choicesOf({schedule}: SimulationFailed): number {
  return schedule === '' ? 0 : schedule.split(' ').length;
}
