// The agent in a process whose main thread really stands still, against a made-up terminal.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {FakeTerminal} from '../../kit/fake-terminal.js';
import {type Program, startNode, startProgram} from '../../kit/program.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({always: 6});

async function lookedAt(t: ExecutionContext): Promise<{program: Program; terminal: FakeTerminal}> {
  const terminal = new FakeTerminal(t);
  const program = startProgram(t, 'looked-at', {args: [terminal.path]});
  t.regex(await terminal.opened(t), /^stop \(looked-at\.ts:\d+\)\n[\s\S]*^> \d+ {4}const doubled/m);
  return {program, terminal};
}

/** Checks what the program has made of it, and how it was told that the prompt ended. */
async function says(t: ExecutionContext, program: Program, values: readonly unknown[], end: string): Promise<void> {
  t.deepEqual(await program.next(), values);
  t.deepEqual(await program.next(), [end]);
}

test('the same process stops again and again, and runs in between', async t => {
  const {program, terminal} = await lookedAt(t);
  await terminal.release(t, 'c');
  await says(t, program, [[2, 4], 0, 'text'], 'continue');
  await terminal.opened(t);
  await terminal.release(t, 'q');
  await says(t, program, [[2, 4], 0, 'text'], 'quit');
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.is(program.stderr, '');
});

test('expressions see the variables of the frame and of what is around it, and may assign', async t => {
  const {program, terminal} = await lookedAt(t);
  t.is(await terminal.type('[fixed, touched, terminal.length > 0]'), '[ 1, 0, true ]');
  t.is(await terminal.type('if (true) touched = 5'), '5');
  t.is(await terminal.type('odd.plain = "\\x1b[2J"'), String.raw`'\x1B[2J'`);
  t.is(await terminal.type('throw {code: 3}'), '! { code: 3 }');
  t.is(await terminal.type('throw new TypeError("two\\nlines")'), '! TypeError: two\nlines');
  t.is(await terminal.type('throw Object.assign(new Error("m"), {name: "Custom"})'), '! Custom: m');
  t.is(await terminal.type('throw 3'), '! 3');
  t.is(await terminal.type('1 +'), '');
  t.is(await terminal.type('2'), '3');
  t.is(await terminal.type('1 2'), '! SyntaxError: Unexpected number');
  t.is(await terminal.type('10n ** 20n'), '100000000000000000000n');
  t.is(await terminal.type('undefined'), 'undefined');
  t.is(await terminal.type('new Error("two\\nlines").message'), String.raw`'two\nlines'`);
  await terminal.release(t, 'c');
  await says(t, program, [[2, 4], 5, '\x1b[2J'], 'continue');
});

test('locals shows the variables of the frame, and those of the module around it', async t => {
  const {terminal} = await lookedAt(t);
  const locals = await terminal.type('locals');
  t.regex(locals, /^ {2}fixed = 1$/m);
  t.regex(locals, /^module:$/m);
  t.regex(locals, /^ {2}odd = \{ touchy: \[Getter\], plain: 'text' \}$/m);
});

test('an expression that does not end is ended', async t => {
  const {program, terminal} = await lookedAt(t);
  t.regex(await terminal.type('while (true);'), /^! /);
  t.regex(await terminal.type('({[Symbol.for("nodejs.util.inspect.custom")]() { while (true); }})'), /^! /);
  t.is(await terminal.type('fixed'), '1');
  await terminal.release(t, 'c');
  await says(t, program, [[2, 4], 0, 'text'], 'continue');
});

test('a completion runs nothing that could change something', async t => {
  const {terminal} = await lookedAt(t);
  t.deepEqual(await terminal.complete('od'), ['odd']);
  t.deepEqual(await terminal.complete('odd.p'), ['plain', 'propertyIsEnumerable']);
  t.deepEqual(await terminal.complete('odd.touchy.toF'), []);
  t.true((await terminal.complete('odd.plain.toU')).includes('toUpperCase'));
  t.is(await terminal.type('touched'), '0');
});

test('s enters a function of the user’s and not one of the library or of Node; f comes out again; n crosses an await', async t => {
  const {program, terminal} = await lookedAt(t);
  t.regex(await terminal.type('s'), /^\(anonymous\) \(looked-at\.ts/);
  t.is(await terminal.type('one'), '1');
  t.regex(await terminal.type('f'), /^> \d+ {4}await new Promise/m);
  t.regex(await terminal.type('n'), /^> \d+ {4}console\.log\(JSON\.stringify\(\[doubled/m);
  t.regex(await terminal.type('s'), /^> \d+ {4}console\.log\(JSON\.stringify\(await/m);
  await terminal.release(t, 'c');
  await says(t, program, [[2, 4], 0, 'text'], 'continue');
});

test('an interrupt stops a step in the user’s code that is running, and no other step', async t => {
  const {program, terminal} = await lookedAt(t);
  await terminal.type('odd.plain = {toJSON() { while (!globalThis.enough); return 3; }}');
  await terminal.type('n');
  await terminal.type('n');
  terminal.send({type: 'line', text: 'n'});
  terminal.send({type: 'interrupt'});
  t.regex(await terminal.asked(), /^interrupted\n/);
  await terminal.type('globalThis.enough = true');
  t.regex(await terminal.type('n'), /^stop \(looked-at/, 'one interrupt, one stop');
  await terminal.release(t, 'c');
  await says(t, program, [[2, 4], 0, 3], 'continue');
});

test('T9: while the program stands still, what is typed is told from what the program does', async t => {
  const {program, terminal} = await lookedAt(t);
  const isTyped = "globalThis[Symbol.for('rxtractor/debugger/agent')].isTyped";
  t.is(await terminal.type(isTyped), 'true');
  await terminal.type(`globalThis.later = 0; setTimeout(() => { globalThis.later = ${isTyped}; })`);
  t.is(await terminal.type('nobody'), '! ReferenceError: nobody is not defined');
  t.is(await terminal.type(isTyped), 'true');
  await terminal.release(t, 'c');
  await says(t, program, [[2, 4], 0, 'text'], 'continue');
});

test('who does not await the breakpoint gets no prompt, but a reason', async t => {
  const terminal = new FakeTerminal(t);
  const program = startProgram(t, 'unawaited', {args: [terminal.path]});
  t.is((await terminal.next()).type, 'open');
  terminal.send({type: 'opened', columns: 80, rows: 24, pid: process.pid});
  const reason = await terminal.next();
  t.regex(reason.type === 'print' ? reason.text : reason.type, /^it: no code of yours awaits this breakpoint/);
  t.is((await terminal.next()).type, 'close');
  terminal.send({type: 'closed'});
  t.is(await program.next(), 'gone');
  t.deepEqual(await program.exited, {code: 0, signal: null});
});

test('who stands still when the root is gone kills itself, and runs nothing more', async t => {
  const root = spawn(process.execPath, ['--eval', '']);
  await once(root, 'exit');
  const terminal = new FakeTerminal(t);
  const program = startProgram(t, 'looked-at', {args: [terminal.path]});
  await terminal.opened(t, root.pid);
  terminal.vanish();
  t.deepEqual(await program.exited, {code: null, signal: 'SIGKILL'});
  t.is(program.stdout, '');
});

test('a terminal that vanishes leaves no process standing still', async t => {
  const {program, terminal} = await lookedAt(t);
  terminal.vanish();
  await says(t, program, [[2, 4], 0, 'text'], 'continue');
});

test('a program whose prompt is refused runs on, and is told why', async t => {
  const terminal = new FakeTerminal(t);
  const program = startProgram(t, 'paused-alone', {args: [terminal.path, join(terminal.path, '..', 'over')]});
  t.is((await terminal.next()).type, 'open');
  terminal.send({type: 'refused', why: 'not now'});
  await program.exited;
  t.is(program.stdout, 'not now 1\n');
});

test('a program that finds no terminal at the path runs on, and is told', async t => {
  const program = startProgram(t, 'paused-alone', {args: ['/nowhere', '/nowhere']});
  await program.exited;
  t.is(program.stdout, 'the terminal cannot be reached 1\n');
});

test('TypeScript that a loader compiles is shown as it was written', async t => {
  const terminal = new FakeTerminal(t);
  const file = join(terminal.path, '..', 'typed.ts');
  const agent = new URL('../../../lib/debugger/prompt/breakpoint-prompt.js', import.meta.url);
  writeFileSync(
    file,
    [
      `import {openBreakpointPrompt} from '${agent}';`,
      'interface Unseen {',
      '  readonly a: number;',
      '}',
      'async function typed(one: Unseen): Promise<void> {',
      `  await openBreakpointPrompt({terminal: process.argv[2]!, label: 'it', onEnd: () => {}});`,
      '  console.log(one.a as unknown as string);',
      '}',
      'void typed({a: 3});',
    ].join('\n'),
  );
  const program = startNode(t, ['--import', import.meta.resolve('tsx'), file, terminal.path]);
  t.regex(
    await terminal.opened(t),
    /^typed \(typed\.ts:7\)\n[\s\S]*^> 7 {4}console\.log\(one\.a as unknown as string\);$/m,
  );
  t.is(await terminal.type('one.a'), '3');
  await terminal.release(t, 'c');
  t.deepEqual(await program.exited, {code: 0, signal: null});
});
