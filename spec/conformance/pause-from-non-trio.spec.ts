// tests/devx/test_pause_from_non_trio.py: what cannot await stops all the same, at the next statement that runs.
import ava from 'ava';
import {continueAll, fixtureFile, Logged} from '../debugger/driven.js';
import {PtyProgram} from '../debugger/screen.js';

// One tree of processes at a time.
const test = ava.serial;

test('pause_from_non_trio/test_pause_from_sync: plain functions, and those in a pipe, stop in the root and in actors, one at a time, first come first served (T1)', async t => {
  const logged = new Logged(t, fixtureFile('stops-from-sync'), {args: ['process']});
  const seen = await continueAll(logged.program, ['root', 'one', 'two']);
  await logged.program.ends(t, 0);
  t.deepEqual([...seen].sort(), ['one', 'one', 'root', 'root', 'two', 'two']);
  const {asked, given} = logged.turns;
  t.deepEqual(given, asked);
  t.deepEqual(seen, given);
});

test('pause_from_non_trio/test_pause_from_sync: in a thread they are passed over with a warning: its process cannot stop it (T16)', async t => {
  const program = new PtyProgram(t, 'stops-from-sync', {args: ['thread'], columns: 300});
  const seen = await continueAll(program, ['root', 'one', 'two']);
  await program.ends(t, 0);
  t.deepEqual(seen, ['root', 'root']);
  for (const name of ['one', 'two'])
    t.regex(
      program.screen(),
      new RegExp(`sync in ${name} is at a breakpoint, and goes on: a thread cannot be stopped`),
    );
});
