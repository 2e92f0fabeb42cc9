// The debugger through a real pseudo-terminal: what a person sees, and what is left of it afterwards.

import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {fixture, startNode} from '../../kit/program.js';
import {keys, PtyProgram, type ScreenOptions} from '../../kit/screen.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({takesLong: true});

/** A program that has stopped, at its first prompt. */
async function stopped(t: ExecutionContext, label: string, name: string, options?: ScreenOptions): Promise<PtyProgram> {
  const program = new PtyProgram(t, name, options);
  await program.prompt(label);
  return program;
}

test('a prompt opens at the statement after the one that asked for it, in the source; p, n and c do what they do elsewhere', async t => {
  const program = await stopped(t, 'root', 'paused');
  t.regex(program.screen(), /^work \(paused\.ts:\d+\)$/m);
  t.regex(program.screen(), /^> \d+ {4}total\+\+;$/m);
  t.is(await program.line('p total', 'root'), '1');
  t.regex(await program.line('n', 'root'), /^> \d+ {4}await new Promise/m);
  t.is(await program.line('total', 'root'), '2');
  t.regex(await program.line('n', 'root'), /^> \d+ {4}total \*= 2;$/m);
  t.is(await program.line('total = 21', 'root'), '21');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^ended: continue$/m);
  t.regex(program.screen(), /^total 42$/m);
});

test('the prompt of a child appears on the terminal of the root, whose own main thread may stand still', async t => {
  const program = await stopped(t, 'child', 'paused-child', {args: ['frozen']});
  t.regex(program.screen(), /^inner \(paused-alone\.ts:\d+\)$/m);
  t.is(await program.line('depth + secret.size', 'child'), '4');
  t.is(await program.line('p secret', 'child'), "Map(1) { 'key' => { deep: [ 1, 2, 3 ] } }");
  t.is(await program.line('nobody', 'child'), '! ReferenceError: nobody is not defined');
  t.regex(await program.line('locals', 'child'), /^ {2}depth = 3$/m);
  t.regex(await program.line('s', 'child'), /^describe \(paused-alone\.ts:\d+\)$/m);
  t.regex(await program.line('w', 'child'), /^> describe .*\n {2}inner /);
  t.regex(await program.line('u', 'child'), /^> \d+ {4}const text = describe\(depth\);$/m);
  t.is(await program.line('depth', 'child'), '3');
  t.regex(await program.line('f', 'child'), /^inner /m);
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^depth 3 1$/m);
  t.regex(program.screen(), /^child ended: 0$/m);
});

test('Ctrl-C at the prompt gives up the line, as often as one likes, and ends nothing; Ctrl-D continues', async t => {
  const program = await stopped(t, 'root', 'paused');
  program.press(`total = 1000${keys.ctrlC}`);
  t.regex(await program.prompt('root'), /total = 1000\^C\nroot>$/);
  program.press(keys.ctrlC.repeat(20));
  await program.until(screen => screen.split('^C').length === 22 && program.asks('root'), 'twenty more');
  t.is(await program.line('total', 'root'), '1');
  program.press(keys.ctrlD);
  await program.ends(t, 0);
  t.regex(program.screen(), /^ended: continue$/m);
  t.notRegex(program.screen(), /SIGINT/);
});

test('Ctrl-C interrupts a step over a long await, and reaches no process of the tree', async t => {
  const program = await stopped(t, 'root', 'paused', {args: ['2000000000', 'tell']});
  await program.line('n', 'root');
  await program.type('n', '\r');
  await program.until(screen => /> n(\nasleep)+$/.test(screen), 'the step waits');
  program.press(keys.ctrlC);
  t.regex(await program.prompt('root'), /interrupted\nno frame of your code is on the stack\nroot>$/);
  t.is(await program.line('1 + 1', 'root'), '2');
  program.press('process.exit(3)\r');
  await program.ends(t, 3);
  t.notRegex(program.screen(), /SIGINT/);
});

test('lines are edited as elsewhere: arrows, history, Ctrl-A, E, K and U, completion', async t => {
  const program = await stopped(t, 'root', 'paused');
  await program.type('otal * 2', keys.ctrlA, 't', keys.ctrlE);
  t.is(await program.line('0', 'root'), '20');
  await program.type(keys.up, keys.left, keys.left, keys.ctrlK);
  t.is(await program.line('3', 'root'), '3');
  await program.type('nonsense', keys.ctrlU, 'tot', keys.tab);
  t.is(await program.line('', 'root'), '1');
  await program.type(keys.up, keys.up, keys.up, keys.down);
  t.is(await program.line('', 'root'), '3');
  await program.type('process.stdo', keys.tab);
  await program.until(screen => screen.endsWith('process.stdout'), 'completed word');
  await program.type(keys.ctrlU);
  program.press('c\r');
  await program.ends(t, 0);
});

test('lines of earlier sessions come back from a file that is the user’s alone', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'history-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const env = {RXTRACTOR_DEBUG_HISTORY: join(folder, 'history')};
  const first = await stopped(t, 'root', 'paused', {env});
  await first.line('total + 70', 'root');
  first.press('c\r');
  await first.ends(t, 0);
  t.is(statSync(env.RXTRACTOR_DEBUG_HISTORY).mode & 0o777, 0o600);
  const second = await stopped(t, 'root', 'paused', {env});
  await second.type(keys.up, keys.up);
  t.is(await second.line('', 'root'), '71');
  second.press('c\r');
  await second.ends(t, 0);
});

test('a program that ends while it is stepped leaves the terminal as it was', async t => {
  const program = await stopped(t, 'root', 'paused', {args: ['1', 'exit']});
  for (let left = 4; left > 0; left--) await program.line('n', 'root');
  program.press('n\r');
  await program.ends(t, 7);
  t.notRegex(program.screen(), /Waiting for the debugger/);
});

test('whoever steps out of the last of their own code runs on', async t => {
  const program = await stopped(t, 'child', 'paused-child');
  const gone = /nothing of your code is left to step in: the program runs on/;
  for (let screen = ''; !gone.test(screen); ) {
    program.press('n\r');
    screen = await program.until(now => gone.test(now) || program.asks('child'), 'end of the steps');
  }
  await program.ends(t, 0);
  t.regex(program.screen(), /^depth 3 1$/m);
});

test('the terminal is as it was when the process at the prompt is killed', async t => {
  const program = await stopped(t, 'child', 'paused-child');
  const pid = /child (\d+)/.exec(program.screen())?.[1];
  process.kill(Number(pid), 'SIGKILL');
  await program.ends(t, 0);
  t.regex(program.screen(), /child ended: SIGKILL$/m);
});

test('the terminal is as it was, a moment later, when the root is killed', async t => {
  const restored =
    'before=$(stty -g); "$@"; code=$?; until [ "$(stty -g)" = "$before" ]; do sleep 0.05; done; exit $code';
  const command = ['sh', '-c', restored, 'sh', process.execPath, fileURLToPath(fixture('paused'))] as const;
  const program = await stopped(t, 'root', '', {command});
  program.press('process.kill(process.pid, "SIGKILL")\r');
  await program.ends(t, 128 + 9);
});

test('Ctrl-Z stops the whole job, and its prompt is there again after fg', async t => {
  const fixtureJob = [process.execPath, fileURLToPath(fixture('paused-child'))];
  const program = new PtyProgram(t, '', {command: ['bash', '--norc', '-i'], env: {PS1: 'shell> '}});
  await program.until(screen => screen.endsWith('shell>'), 'shell');
  program.press(`${fixtureJob.join(' ')}\r`);
  await program.prompt('child');
  await program.type('depth');
  program.press(keys.ctrlZ);
  await program.until(screen => screen.includes('Stopped') && screen.endsWith('shell>'), 'shell');
  program.press('fg\r');
  await program.until(screen => screen.endsWith('child> depth'), 'prompt');
  t.is(await program.line(' * 2', 'child'), '6');
  program.press('c\r');
  await program.until(screen => screen.endsWith('shell>'), 'shell');
  program.press('exit\r');
  await program.ends(t, 0);
});

test('a narrower terminal wraps the line that is being edited', async t => {
  const program = await stopped(t, 'root', 'paused');
  await program.type(`total${' + 1'.repeat(15)}`);
  // A line that is drawn anew begins with a move to the first column, and ends with a move to another one. The last key may have
  // been drawn so too, so only what has come since counts.
  const before = program.raw.length;
  program.resize(40, 40);
  await program.until(() => /\[(?!1G)\d+G$/.test(program.raw.slice(before)), 'new drawing');
  t.is(await program.line('', 'root'), '16');
  program.press('c\r');
  await program.ends(t, 0);
});

test('without a terminal the prompt is refused, in words, and the program runs on', async t => {
  const program = startNode(t, [fileURLToPath(fixture('without-terminal'))]);
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.regex(program.stdout, /^refused: .*\/dev\/tty/);
});
