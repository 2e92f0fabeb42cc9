// Whole dialogues at a prompt, on a real pseudo-terminal.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {openExample} from '../../kit/driven.js';
import {fixture, startNode} from '../../kit/program.js';
import {keys, PtyProgram, type ScreenOptions} from '../../kit/screen.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({takesLong: true});

async function inTill(t: ExecutionContext, options: ScreenOptions = {}): Promise<(line: string) => Promise<string>> {
  const program = new PtyProgram(t, 'shop', {rows: 100, ...options});
  await program.prompt('till');
  return line => program.line(line, 'till');
}

test('breakpoints, until, args, display and pp, from one stop to the next', async t => {
  const say = await inTill(t);
  t.is(await say('b 13, price > 1'), 'breakpoint 1 at shop.ts:13, if price > 1');
  t.is(await say('tbreak shop.ts:23'), 'breakpoint 2 at shop.ts:24, once');
  t.is(await say('display typeof sum'), "1: typeof sum = 'undefined'");
  t.regex(await say('until 21'), /^> 21 {2}/m);
  t.is(await say('undisplay'), '');
  t.regex(await say('until 23'), /^breakpoint 1\ntaxed \(shop\.ts:13\)\n[\s\S]*^> 13 {4}const tax/m);
  t.is(await say('args'), 'price = 2\nrate = 2');
  t.regex(await say('f'), /^\(anonymous\) \(shop\.ts:2[12]\)$/m);
  t.regex(await say('clear 1'), /^breakpoint 2/);
  t.regex(await say('until 24'), /^breakpoint 2\n.*\n[\s\S]*^> 24 {4}till\.add\(sum\);$/m);
  t.is(await say('b'), 'no breakpoints');
  t.regex(await say('s'), /^add \(shop\.ts:7\)$/m);
  t.is(await say('this.#cash'), '10');
  t.regex(await say('f'), /^> 24|^> 25/m);
});

test('lines that are not whole go on, and Ctrl-C gives them up; a pasted block is one piece', async t => {
  const program = new PtyProgram(t, 'shop', {rows: 100});
  await program.prompt('till');
  program.press('prices.map(one => {\r');
  await program.secondLine();
  t.is(await program.line('return one * 2; })', 'till'), '[ 2, 4, 6 ]');
  program.press('prices.map((\r');
  await program.secondLine();
  await program.type('one', keys.ctrlC);
  t.regex(await program.prompt('till'), /\^C\n+till>$/);
  program.press('\x1b[200~const a = 3;\rconst b = 4;\ra * b\x1b[201~');
  await program.until(screen => screen.endsWith('... a * b'), 'pasted block');
  t.is(await program.line('', 'till'), '12');
});

test('a block that comes at once without the marks of a paste is one piece, and commands that come together are obeyed in turn', async t => {
  const program = new PtyProgram(t, 'shop', {rows: 100});
  await program.prompt('till');
  const answer = await program.line('if (prices) {\r\tprices.push(9)\r}\rprices.length', 'till');
  t.regex(answer, /^\.\.\. *prices\.push\(9\)\n\.\.\. \}\n\.\.\. prices\.length\n4$/);
  program.press('const a = 3;\ra * 4');
  await program.until(screen => screen.endsWith('... a * 4'), 'block');
  t.is(await program.line('', 'till'), '12');
  // More than a terminal gives at a time.
  t.regex(await program.line(`[\r${'10000000,\r'.repeat(800)}].length`, 'till'), /\n800$/);
  t.is(await program.line('p 1\rp 2', 'till'), '... p 2\n1\n2');
  t.is(await program.line('prices', 'till'), '[ 1, 2, 3, 9 ]');
  program.press('\x1b[200~p 3\r\tp 4\x1b[201~');
  await program.until(screen => screen.endsWith('p 4'), 'pasted block');
  t.is(await program.line('', 'till'), '3\n4');
});

test('modules of Node are there by name, others by import(), private fields from outside of their class; imports are no locals', async t => {
  const say = await inTill(t);
  t.is(await say("path.join('a', 'b')"), "'a/b'");
  t.is(await say("Object.hasOwn(globalThis, 'pa' + 'th')"), 'false');
  t.is(await say("(await import('node:os')).EOL"), String.raw`'\n'`);
  t.is(await say("typeof (await import('./spin.js'))"), "'object'");
  t.notRegex(await say('locals'), /breakpoint|main =/);
  t.is(await say('till.#cash'), '10');
  t.is(await say('till'), 'Till { #cash: 10 }');
  t.regex(await say('n'), /^> 20 /m);
  t.is(await say('till.#cash += 1'), '11');
  t.is(await say('till'), 'Till { #cash: 11 }');
  t.regex(await say('locals'), /^ {2}till = Till \{ #cash: 11 \}$/m);
  t.is(await say("path.join('a', 'b')"), "'a/b'");
  t.notRegex(await say('locals'), /breakpoint|main =/);
});

test('the current line and values have colours where the terminal has them, and none with NO_COLOR', async t => {
  const colours = {TERM: 'xterm-256color', FORCE_COLOR: '', NO_COLOR: ''};
  const program = new PtyProgram(t, 'shop', {env: colours});
  await program.prompt('till');
  await program.line('[prices.length]', 'till');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
  t.regex(program.raw, /\x1b\[1m> 19 .*\x1b\[22m/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
  t.regex(program.raw, /\[ \x1b\[33m3\x1b\[39m \]/);
  const plain = new PtyProgram(t, 'shop', {env: {...colours, NO_COLOR: '1'}});
  await plain.prompt('till');
  await plain.line('[prices.length]', 'till');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
  t.notRegex(plain.raw, /\x1b\[(1|33)m/);
});

test('q is told in one line, in the root’s prompt and at the end of the program', async t => {
  const program = new PtyProgram(t, 'shop', {rows: 100});
  await program.prompt('till');
  program.press('q\r');
  const line = "DebuggerQuit: total in till was left at the debugger's prompt with q";
  t.regex(await program.prompt('root'), new RegExp(`^crash in root, main: ${line}$`, 'm'));
  program.press('c\r');
  await program.ends(t, 1);
  t.true(program.screen().endsWith(`root> c\n${line}`), program.screen());
});

test('quit all ends the tree with one line, and no other prompt opens', async t => {
  const program = openExample(t, '06-stops-for-ever', {rows: 100, columns: 200});
  await program.prompt('sentry');
  program.press('quit all\r');
  await program.ends(t, 1);
  t.regex(
    program.screen(),
    /sentry> quit all\n(the sentry.*\n)?DebuggerQuit: the tree was ended at the debugger's prompt with quit all: .*$/,
  );
});

test('a breakpoint in code that cannot await has its prompt, although its task has nothing else to do', async t => {
  const program = new PtyProgram(t, 'void-breakpoint', {rows: 100});
  t.regex(await program.prompt('shop'), /^price \(void-breakpoint\.ts:7\)$/m);
  t.is(await program.line('twice', 'shop'), '2');
  program.press('c\r');
  await program.prompt('shop');
  t.is(await program.line('twice', 'shop'), '4');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^prices \[ 2, 4 \]$/m);
});

/** A program with one actor in debug mode, and the line that lets the others go on while that actor is at its prompt. */
async function oneDebugged(t: ExecutionContext, env = {}): Promise<{program: PtyProgram; go: string}> {
  const folder = mkdtempSync(join(tmpdir(), 'rxtractor-spec-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const file = join(folder, 'go');
  const program = new PtyProgram(t, 'one-debugged', {rows: 100, columns: 200, env: {...env, SPEC_GO: file}});
  await program.prompt('leaf');
  const wait = 'await new Promise(resolve => setTimeout(resolve, 2000, twice))';
  return {program, go: `fs.writeFileSync('${file}', ''), ${wait}`};
}

test('an actor is in debug mode alone: it stops, nobody disturbs it, and the program runs on', async t => {
  const {program, go} = await oneDebugged(t);
  t.is(await program.line(go, 'leaf'), '8');
  t.notRegex(program.screen(), /talks/);
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /leaf> c\n(.*\n)*talker\(\d+\) the talker talks\nleaf says 8$/);
  t.regex(program.screen(), /a breakpoint was passed over, as all will be: debug mode is off here/);
});

test('T10: an actor that is in debug mode alone is not ended while it is at the prompt', async t => {
  const {program, go} = await oneDebugged(t, {SPEC_FAILS: '1'});
  t.is(await program.line(go, 'leaf'), '8');
  t.notRegex(program.screen(), /the root fails/);
  program.press('c\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /^Error: the root fails$/m);
});

test('a breakpoint stops after the prompt has been left, and so does a debugger statement, where they stand', async t => {
  const program = new PtyProgram(t, 'statements', {rows: 100});
  await program.prompt('till');
  t.is(await program.line('b 15, sum > 2', 'till'), 'breakpoint 1 at statements.ts:15, if sum > 2');
  t.is(await program.line('tbreak 14', 'till'), 'breakpoint 2 at statements.ts:14, once');
  t.regex(await program.line('c', 'till'), /^breakpoint 2\n[\s\S]*^> 14 /m);
  t.regex(await program.line('c', 'till'), /^breakpoint 1\n[\s\S]*^> 15 /m);
  t.is(await program.line('sum', 'till'), '3');
  t.regex(await program.line('c', 'till'), /^taxed \(statements\.ts:7\)\n[\s\S]*^> +7 {2}.*debugger;$/m);
  t.is(await program.line('tax = 40', 'till'), '40');
  t.regex(await program.line('w', 'till'), /^> taxed .*\n {2}\(anonymous\) /);
  t.regex(await program.line('n', 'till'), /^> +8 {4}return price \+ tax;$/m);
  t.regex(await program.line('c', 'till'), /^breakpoint 1\n[\s\S]*^> 15 /m);
  t.is(await program.line('sum', 'till'), '45');
  t.is(await program.line('clear', 'till'), 'no breakpoints');
  t.regex(await program.line('c', 'till'), /^> +7 /m);
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^total 54$/m);
});

test('a debugger statement stops the root, and q there ends the tree in one line', async t => {
  const program = new PtyProgram(t, 'statements', {rows: 100, args: ['root']});
  t.regex(await program.prompt('root'), /^> 7 {2}.*debugger;$/m);
  t.is(await program.line('price', 'root'), '2');
  t.regex(await program.line('c', 'root'), /^> 7 {2}.*debugger;$/m);
  t.is(await program.line('price', 'root'), '3');
  program.press('q\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /root> q\nroot total 18\nDebuggerQuit: .* was left at the debugger's prompt with q$/);
});

test('T9: a call that is made at the prompt and not awaited fails for the person alone; a line that waits for a prompt of others says so', async t => {
  const program = new PtyProgram(t, 'asked-at-prompt', {rows: 100, columns: 200});
  await program.prompt('root');
  t.regex(await program.line('portal.run(fails, 1)', 'root'), /^Answer \[Promise\] \{ <pending> \}$/);
  program.press('await portal.run(fails, 2)\r');
  await program.until(screen => /^crash in fails in worker waits for this terminal\./m.test(screen), 'hint');
  program.press(keys.ctrlC);
  t.regex(await program.prompt('root'), /interrupted: it is not waited for any longer, and goes on\nroot>$/);
  t.is(await program.line('await portal.run(double, 4)', 'root'), '8');
  program.press('c\r');
  t.regex(await program.prompt('worker'), /crash in worker, fails: RangeError: 1 is too much/);
  program.press('c\r');
  t.regex(await program.prompt('worker'), /crash in worker, fails: RangeError: 2 is too much/);
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /a call that was typed at the prompt has failed: .*1 is too much/);
  t.regex(program.screen(), /^the answer is 42$/m);
});

test('without a terminal a debugger statement stops nothing', async t => {
  const program = startNode(t, [fileURLToPath(fixture('statements')), 'root'], {}, ['setsid', '--wait']);
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.regex(program.stdout, /^root total 18$/m);
});

test('a statement that comes while somebody else is at the prompt freezes nobody: its prompt opens later', async t => {
  const program = new PtyProgram(t, 'statements-beside', {rows: 100});
  await program.prompt('root');
  t.is(
    await program.line("await new Promise(resolve => process.once('message of child', resolve))", 'root'),
    "'went on 4'",
  );
  program.press('c\r');
  t.regex(await program.prompt('child'), /^> +\d+ {2}.*debugger;$/m);
  t.is(await program.line('twice', 'child'), '4');
  program.press('c\r');
  await program.ends(t, 0);
});
