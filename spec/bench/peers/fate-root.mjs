// A program that has one process, idle or busy, and waits to be ended. Arguments: subject, `idle` or `busy`, the file for the pid.
import {subjects} from './fate-subjects.mjs';

const [subject, state, file] = process.argv.slice(2);
const call = await subjects[subject]();
const held = call('hold', file, state === 'busy');
if (state === 'idle') await held;
else held.catch(() => {});
console.log('ready');
// Not every subject keeps its program alive.
setInterval(() => {}, 1_000_000);
