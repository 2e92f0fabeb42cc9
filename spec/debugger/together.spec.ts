// The lock, the agents and the terminal together: `await breakpoint()` in a tree, on a real pseudo-terminal.

import {PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

test('await breakpoint() stops in children and in the root, one after the other, in their own call of it', async t => {
  const program = new PtyProgram(t, 'at-breakpoints');
  await program.prompt('one');
  t.regex(program.screen(), /^\(anonymous\) \(at-breakpoints\.ts:\d+\)$/m);
  t.regex(program.screen(), /^> \d+ {4}await breakpoint\(\);$/m);
  t.is(await program.line('result', 'one'), '1');
  await program.line('result = 5', 'one');
  program.press('c\r');
  await program.prompt('two');
  t.is(await program.line('p n', 'two'), '10');
  program.press('c\r');
  await program.prompt('root');
  t.is(await program.line('sum', 'root'), '30');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^sum 30$/m);
});

test('q ends the task with DebuggerQuit, and the program with it; the terminal is as it was', async t => {
  const program = new PtyProgram(t, 'at-breakpoints');
  await program.prompt('one');
  program.press('q\r');
  // The root did not quit: it is told what has come up to it.
  await program.prompt('root');
  program.press('c\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /DebuggerQuit/);
});
