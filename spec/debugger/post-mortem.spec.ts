// Crashes on a real pseudo-terminal: who is asked, what is shown, and that the error goes on.
import test from 'ava';
import {keys, PtyProgram} from './screen.js';

test.serial('a crash in a child is shown in the child, then in the root, then the program fails with it', async t => {
  const program = new PtyProgram(t, 'crashes');
  await program.prompt('child');
  console.log(program.screen());
  console.log(await program.line('rest', 'child'));
  console.log(await program.line('error.message', 'child'));
  console.log(await program.line('n', 'child'));
  program.press('c\r');
  await program.prompt('root');
  console.log(program.screen());
  console.log(await program.line('third', 'root'));
  console.log(await program.line('await nursery.signal.aborted', 'root'));
  program.press(keys.ctrlD);
  await program.ends(t, 1);
  console.log(program.screen());
});
