// The examples of the debugger on a real pseudo-terminal, driven as a person does.
// Above driven.ts; examples/debugging.spec.ts runs them where there is no terminal.

import {blockMs, continueAll, exampleFile, Logged, lineAt, openExample, stopsBefore} from '../kit/driven.js';
import {keys} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

test('01: a child stops, once for each value; what is changed at the prompt is what the program goes on with', async t => {
  const program = openExample(t, '01-breakpoint-in-a-child');
  await stopsBefore(t, program, 'till', 'sum += price;');
  t.is(await program.line('price', 'till'), '3');
  t.regex(await program.line('locals', 'till'), /^ {2}prices = \[ 3, 4 \]$/m);
  t.regex(await program.line('w', 'till'), /^> .*\(01-breakpoint-in-a-child\.ts:\d+\)/);
  t.is(await program.line('sum = 100', 'till'), '100');
  t.regex(await program.line('n', 'till'), /^> +\d+ {2}/m);
  t.is(await program.line('sum', 'till'), '103');
  program.press('c\r');
  await stopsBefore(t, program, 'till', 'sum += price;');
  t.is(await program.line('[price, sum]', 'till'), '[ 4, 103 ]');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^total 107$/m);
});

test('01: q ends the task with DebuggerQuit, and the program with it', async t => {
  const program = openExample(t, '01-breakpoint-in-a-child');
  await program.prompt('till');
  program.press('q\r');
  // The root, above it, has a prompt of its own.
  t.deepEqual(await continueAll(program, ['root']), ['root']);
  await program.ends(t, 1);
  t.regex(program.screen(), /DebuggerQuit/);
  t.notRegex(program.screen(), /^total/m);
});

test('02: the root stops, and its variables are what its actors have answered', async t => {
  const program = openExample(t, '02-breakpoint-in-the-root');
  await stopsBefore(t, program, 'root', "const felt = degrees > 25 ? 'hot' : 'cold';");
  t.is(await program.line('degrees', 'root'), '18');
  await program.line('degrees = 31', 'root');
  await program.line('n', 'root');
  t.is(await program.line('felt', 'root'), "'hot'");
  program.press(keys.ctrlD);
  await program.ends(t, 0);
  t.regex(program.screen(), /^31 degrees: hot$/m);
});

test('03: two children that stop at once have the prompt in the order in which the root was asked', async t => {
  const logged = new Logged(t, exampleFile('03-two-children-at-once'));
  const {program} = logged;
  const seen = await continueAll(program, ['left', 'right']);
  await program.ends(t, 0);
  t.regex(program.screen(), /^left: 2 stops, right: 2 stops$/m);
  const {asked, given} = logged.turns;
  t.deepEqual([...seen].sort(), ['left', 'left', 'right', 'right']);
  t.deepEqual(given, asked);
  t.deepEqual(seen, given);
});

test('07: a grandchild at the prompt outlives the cancel of its root, and is ended after it', async t => {
  const program = openExample(t, '07-root-cancelled-meanwhile');
  await stopsBefore(t, program, 'leaf', 'await sleep(minutes * 60_000); // where the cancellation arrives');
  t.is(await program.line('minutes', 'leaf'), '5');
  // The root cancels a second after it has started its child, which was before this.
  t.regex(await program.line(blockMs(1_200), 'leaf'), /^'timed-out'$/m);
  t.is(await program.line('minutes', 'leaf'), '5');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^the root gives up$/m);
});

test('08: a function in a pipe stops for each value of a remote stream; n, s and f go through it', async t => {
  const program = openExample(t, '08-step-through-an-operator');
  await stopsBefore(t, program, 'root', 'const fahrenheit = (celsius * 9) / 5 + 32;');
  t.is(await program.line('celsius', 'root'), '20');
  t.regex(await program.line('n', 'root'), /^> +\d+ {2} +return label\(fahrenheit\);$/m);
  t.is(await program.line('fahrenheit', 'root'), '68');
  t.regex(await program.line('s', 'root'), /^label \(08-step-through-an-operator\.ts:\d+\)$/m);
  t.regex(await program.line('u', 'root'), /^> +\d+ {2} +return label\(fahrenheit\);$/m);
  t.is(await program.line('celsius', 'root'), '20');
  t.regex(await program.line('f', 'root'), /^> +\d+ {2} +return label\(fahrenheit\);$/m);
  program.press('c\r');
  await stopsBefore(t, program, 'root', 'const fahrenheit = (celsius * 9) / 5 + 32;');
  t.regex(program.screen(), /^68 °F \(mild\)$/m);
  await program.line('celsius = 100', 'root');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^212 °F \(hot\)$/m);
});

test('09: X3: a clean-up stops under a shield, and ends when it is let go on', async t => {
  const program = openExample(t, '09-stop-in-a-clean-up');
  await stopsBefore(t, program, 'writer', 'saved = unsaved.length;');
  t.is(await program.line('unsaved', 'writer'), "[ 'page one', 'page two' ]");
  await program.line("unsaved.push('a third')", 'writer');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^the writer was cancelled, and has saved 3 pages$/m);
});

test('04: a crash in a child opens the prompt in the frame that threw, with the callers; then the root has its own', async t => {
  const program = openExample(t, '04-crash-in-a-child');
  t.regex(await program.prompt('parser'), /^crash in parser, parseAll: SyntaxError: two is no number$/m);
  t.regex(lineAt(program.screen()), /^if \(Number\.isNaN\(value\)\) throw new SyntaxError\(/);
  t.is(await program.line('[line, value]', 'parser'), "[ 'two', NaN ]");
  t.is(await program.line('await Promise.resolve(line.length)', 'parser'), '3');
  t.regex(await program.line('u', 'parser'), /^> +\d+ {2}export const parseAll = .*$/m);
  await program.line('u', 'parser');
  t.is(await program.line('lines', 'parser'), "[ '1', 'two', '3' ]");
  program.press('c\r');
  t.regex(await program.prompt('root'), /^crash in root, main:\nRemoteActorError \[ERR_REMOTE\]: SyntaxError/m);
  t.is(lineAt(program.screen()), "await parser.run(parseAll, ['1', 'two', '3']);");
  program.press('c\r');
  await program.ends(t, 1);
});

test('05: an error opens a prompt at each of three levels and in the root, from the bottom up', async t => {
  const program = openExample(t, '05-crash-through-three-levels');
  await program.prompt('level-0');
  t.is(lineAt(program.screen()), "if (level === 0) throw new RangeError('there is nothing below level 0');");
  t.is(await program.line('level', 'level-0'), '0');
  program.press('c\r');
  for (const level of [1, 2]) {
    await program.prompt(`level-${level}`);
    t.is(lineAt(program.screen()), 'await below.run(descend, level - 1);');
    program.press('c\r');
  }
  await program.prompt('root');
  t.is(lineAt(program.screen()), 'await top.run(descend, 2);');
  program.press('c\r');
  await program.ends(t, 1);
});

test('06: one that stops for ever takes turns with one that crashes, in the order in which the root was asked, and both end', async t => {
  const logged = new Logged(t, exampleFile('06-stops-for-ever'));
  const {program} = logged;
  const seen = await continueAll(program, ['sentry', 'clerk', 'root']);
  await program.ends(t, 1);
  t.true(seen.filter(name => name === 'sentry').length >= 2, seen.join());
  t.deepEqual(
    seen.filter(name => name !== 'sentry'),
    ['clerk', 'root'],
  );
  const {asked, given} = logged.turns;
  t.deepEqual(given, asked);
  t.deepEqual(seen, given);
  t.regex(logged.log, /^RemoteActorError \[ERR_REMOTE\]: Error: stumbled at step 3$/m);
});

test('10: postMortem() shows an error that the program then handles', async t => {
  const program = openExample(t, '10-post-mortem-by-hand');
  t.regex(await program.prompt('shop'), /^crash in shop, ask: RangeError: kiwi has no price$/m);
  t.is(await program.line('item', 'shop'), "'kiwi'");
  t.regex(await program.line('u', 'shop'), /^> +\d+ {2} +return priceOf\(item\);$/m);
  t.is(await program.line('error.message', 'shop'), "'kiwi has no price'");
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^pear 3, kiwi 0$/m);
});
