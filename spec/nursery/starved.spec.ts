// No file descriptor is left when an actor is started: that start fails, and nothing else does.
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const limited = ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'];

test('T3: a start without file descriptors is a SpawnFailed, and works when they are back', async t => {
  const program = startProgram(t, 'starved', {args: ['0', '0'], through: limited});
  for (let i = 0; i < 2; i++) t.regex(await program.next<string>(), /^SpawnFailed exec: .* no file descriptor is left/);
  for (let i = 0; i < 3; i++) t.is(await program.next(), '42');
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});

test('T3: a start with a few file descriptors works or is a SpawnFailed, whatever it lacks', async t => {
  // The first start loads all parts of the library, so that the others get further.
  const left = ['100', ...Array.from({length: 8}, (_, i) => String(i))];
  const program = startProgram(t, 'starved', {args: left, through: limited});
  t.is(await program.next(), '42');
  for (let i = 1; i < left.length; i++) t.regex(await program.next<string>(), /^42$|^SpawnFailed exec: /, `${left[i]}`);
  for (let i = 0; i < 3; i++) t.is(await program.next(), '42');
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});
