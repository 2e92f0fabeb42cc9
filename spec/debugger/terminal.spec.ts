// The debugger through a real pseudo-terminal.
import test from 'ava';
import {PtyProgram} from './screen.js';

test('a prompt opens at the statement after the one that asked for it; p, n and c do what they do elsewhere', async t => {
  const program = new PtyProgram(t, 'paused');
  const screen = await program.prompt('root');
  t.regex(screen, /^work \(paused\.ts:12:3\)$/m);
  t.regex(screen, /^> 12 {4}total\+\+;$/m);
  t.is(await program.line('p total', 'root'), '1');
  t.regex(await program.line('n', 'root'), /^> 13 {4}await new/m);
  t.is(await program.line('total', 'root'), '2');
  t.regex(await program.line('n', 'root'), /^> 14 /m);
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /ended: continue/);
  t.regex(program.screen(), /total 4/);
});
