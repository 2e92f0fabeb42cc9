// A wait at the root for an actor that another one starts: it is told of within a call of that one, and looks in its own scope.
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

test('D2, C12: who waits is told of an actor that a child starts later, and reaches it', async t => {
  const program = startProgram(t, 'late-leaf');
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.is(program.stdout, 'leaf answers\n');
});
