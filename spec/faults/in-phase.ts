// A program that goes into a phase of phases.ts with its actor, says so, and stays. Arguments: the name of the phase, a file that
// does not exist yet.
import {type ActorOptions, main, type Nursery} from '../../lib/index.js';
import {patient} from '../kit/patient.js';
import {phases} from './phases.js';
import {Story} from './story.js';

const [name, note = ''] = process.argv.slice(2);

await main(async (nursery: Nursery) => {
  const phase = phases.find(one => one.name === name);
  const options: Partial<ActorOptions> = {};
  const reached = await phase?.reach(new Story(() => undefined), nursery, options, note);
  console.log(JSON.stringify(reached?.pid));
  await new Promise(() => {});
}, patient);
