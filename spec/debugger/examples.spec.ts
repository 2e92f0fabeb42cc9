// The examples of the debugger on a real pseudo-terminal, driven as a person does.
// Above driven.ts; examples/debugging.spec.ts runs them where there is no terminal.
import ava from 'ava';
import {continueAll, exampleFile, Logged, openExample, stopsBefore} from './driven.js';
import {keys} from './screen.js';

// One tree of processes at a time.
const test = ava.serial;

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
  t.deepEqual(await continueAll(program, ['root']), []);
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
  const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)';
  t.regex(await program.line(wait, 'leaf'), /^'timed-out'$/m);
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
