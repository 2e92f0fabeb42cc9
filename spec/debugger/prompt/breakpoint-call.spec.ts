// The prompt in the call of a breakpoint, before the first step: what is awaited there, and how it is left.
import type {ExecutionContext} from 'ava';
import {keys, PtyProgram} from '../../kit/screen.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({takesLong: true});

async function held(t: ExecutionContext, env: Readonly<Record<string, string>> = {}): Promise<PtyProgram> {
  const program = new PtyProgram(t, 'held', {env});
  await program.prompt('root');
  t.regex(program.screen(), /^work \(held\.ts:\d+\)$/m);
  t.regex(program.screen(), /^> \d+ {4}await breakpoint\(\);$/m);
  return program;
}

async function ends(t: ExecutionContext, program: PtyProgram, result: number): Promise<void> {
  await program.ends(t, 0);
  t.regex(program.screen(), new RegExp(`^result ${result}$`, 'm'));
}

const type = (program: PtyProgram, text: string): Promise<string> => program.line(text, 'root');

test('await EXPR before the first step lets the program run until that has settled, and the task wait', async t => {
  const program = await held(t);
  t.is(await type(program, 'await later(count + 6)'), '7');
  t.is(await type(program, 'ticks'), '1');
  t.is(await type(program, 'await Promise.reject(new Error("no"))'), '! Error: no');
  t.is(await type(program, '"no await here"'), "'no await here'");
  t.is(await type(program, 'const both = await Promise.all([later(1), later(2)]); both.length'), 'undefined');
  t.is(await type(program, 'ticks'), '3');
  program.press('c\r');
  await ends(t, program, 6);
});

test('the callers of who called breakpoint() are there before the first step, with their variables', async t => {
  const program = await held(t);
  const [first = '', second = ''] = (await type(program, 'w')).split('\n');
  t.regex(first, /^> work \(held\.ts:\d+\)$/);
  t.regex(second, /^ {2}caller \(held\.ts:\d+\)$/);
  t.regex(await type(program, 'u'), /^> \d+ {4}return own \? work\(given\)/m);
  t.is(await type(program, 'own + given'), "'caller1'");
  t.is(await type(program, 'await later(given)'), '1');
  t.regex(await type(program, 'locals'), /^local:\n {2}given = 1\n {2}own = 'caller'\nmodule:$/m);
  program.press('c\r');
  await ends(t, program, 4);
});

test('what is assigned before the first step is what the program sees, whether it is stepped or not', async t => {
  const program = await held(t);
  await type(program, 'count = 10');
  program.press('c\r');
  await ends(t, program, 12);
  const other = await held(t);
  await type(other, 'count = await later(20)');
  t.regex(await type(other, 'n'), /^> \d+ {4}return count \+ before \+ ticks;$/m);
  t.is(await type(other, '[count, before, ticks]'), '[ 20, 2, 1 ]');
  other.press('c\r');
  await ends(t, other, 23);
});

for (const [command, line] of [
  ['n', /^> \d+ {4}return count \+ before \+ ticks;$/m],
  ['s', /^> \d+ {4}return count \+ before \+ ticks;$/m],
  ['f', /^> \d+ {6}console\.log\(`result/m],
] as const) {
  test(`${command} goes from the call to the statement after it; from there on nothing can be awaited`, async t => {
    const program = await held(t);
    t.regex(await type(program, command), line);
    t.regex(await type(program, 'await later(1)'), /^! nothing can be awaited here/);
    t.is(await type(program, 'ticks'), '0');
    program.press('c\r');
    await ends(t, program, 3);
  });
}

test('Ctrl-C ends the wait for what does not settle, and the prompt goes on', async t => {
  const program = await held(t);
  program.press('await (console.log("waits"), new Promise(() => {}))\r');
  await program.until(screen => /^waits$/m.test(screen), 'wait');
  program.press(keys.ctrlC);
  t.regex(await program.prompt('root'), /^! interrupted: /m);
  t.is(await type(program, 'await later(5)'), '5');
  program.press('c\r');
  await ends(t, program, 4);
});

test('an expression that does not end is ended, before the first step too', async t => {
  const program = await held(t);
  t.regex(await type(program, 'while (true);'), /^! /);
  t.is(await type(program, 'count'), '1');
  program.press('c\r');
  await ends(t, program, 3);
});

test('q before the first step rejects the breakpoint itself: no statement after it runs', async t => {
  const program = await held(t);
  program.press('q\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /DebuggerQuit/);
  t.notRegex(program.screen(), /^result/m);
});

for (const where of ['root', 'child'])
  test(`what V8 has optimised away is there at the prompt all the same, in a ${where}`, async t => {
    const program = new PtyProgram(t, 'hot', {args: [where]});
    await program.prompt(where);
    t.is(await program.line('point', where), '{ x: 7, y: 8 }');
    t.is(await program.line('sum', where), '15');
    program.press('c\r');
    await program.ends(t, 0);
  });

test('an actor in a thread has its prompt over the captured frames, while its loop runs', async t => {
  const program = new PtyProgram(t, 'thread-breakpoint');
  await program.prompt('thready');
  t.regex(program.screen(), /^> \d+ {4}await breakpoint\(\);$/m);
  t.is(await program.line('doubled', 'thready'), '2');
  t.is(await program.line('await ticking(doubled)', 'thready'), '2');
  t.regex(await program.line('n', 'thready'), /nothing to step/);
  program.press('c\r');
  await ends(t, program, 3);
});

test('throws stop neither a step nor what is awaited at the prompt, and are kept again when it has been left', async t => {
  const program = new PtyProgram(t, 'throws-around');
  await program.prompt('root');
  t.regex(await program.line('await Promise.resolve(failure("awaited"))', 'root'), /^Error: awaited$/m);
  t.regex(await program.line('n', 'root'), /^> \d+ {6}const stepped/m);
  t.regex(await program.line('n', 'root'), /^> \d+ {6}await new Promise/m);
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^before kept, stepped lost, after kept$/m);
});
