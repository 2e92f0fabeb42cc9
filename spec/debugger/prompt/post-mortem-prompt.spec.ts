// Crashes on a real pseudo-terminal: who is asked, what is shown, and that the error goes on.
import type {ExecutionContext} from 'ava';
import {keys, PtyProgram} from '../../kit/screen.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({takesLong: true});

const crash = (t: ExecutionContext, where: string): PtyProgram =>
  new PtyProgram(t, 'crashes', {args: [where], rows: 100});

test('a crash in a child is shown where it was thrown, then in the root, and the program fails with it', async t => {
  const program = crash(t, 'child');
  const screen = await program.prompt('child');
  t.regex(screen, /^crash in child, divide: RangeError: 3 cannot be divided by 0$/m);
  t.regex(screen, /^> 6 {4}if \(Number\.isNaN\(rest\)\) throw new RangeError/m);
  t.is(await program.line('rest + a', 'child'), 'NaN');
  t.is(await program.line('error.message', 'child'), "'3 cannot be divided by 0'");
  t.is(await program.line('await Promise.resolve(b)', 'child'), '0');
  t.regex(await program.line('n', 'child'), /nothing to step/);
  t.notRegex(program.screen(), /crash in root/);
  program.press(`c${keys.enter}`);
  const above = await program.prompt('root');
  t.regex(above, /^crash in root, root:\nRemoteActorError \[ERR_REMOTE\]: RangeError: 3 cannot be divided by 0$/m);
  t.regex(above, /^ +\[in child \(pid \d+\)\]$/m);
  t.regex(above, /^> \d+ +child: async nursery => \(await start\(nursery\)\)\.run\(divide, 3, 0\),$/m);
  t.is(await program.line('error.type', 'root'), "'RangeError'");
  t.regex(await program.line('rest', 'root'), /^! ReferenceError: rest is not defined$/);
  program.press(keys.ctrlD);
  await program.ends(t, 1);
  t.is(program.screen().match(/^crash in/gm)?.length, 2);
  t.regex(program.screen(), /RemoteActorError.*RangeError: 3 cannot be divided by 0[^>]*$/);
});

test('a crash in an actor for one task is shown in the root where that was called', async t => {
  const program = crash(t, 'one shot');
  await program.prompt('child');
  program.press(`c${keys.enter}`);
  t.regex(await program.prompt('root'), /^> +\d+ +'one shot': nursery => nursery\.with/m);
  program.press(keys.ctrlD);
  await program.ends(t, 1);
});

test('the root’s own error is shown with its cause while its children live', async t => {
  const program = crash(t, 'root');
  const screen = await program.prompt('root');
  t.regex(screen, /^crash in root, root: TypeError: no 2\ncaused by Error: the reason$/m);
  t.is(await program.line('await child.run(divide, 9, 3)', 'root'), '3');
  program.press(`c${keys.enter}`);
  await program.ends(t, 1);
  t.regex(program.screen(), /^TypeError: no 2$/m);
});

test('T13: what nothing in a child has caught is shown once, however often it comes, then in the root', async t => {
  const program = crash(t, 'timer');
  t.regex(await program.prompt('child'), /^crash in child, uncaught: RangeError: out of time$/m);
  t.is(await program.line('text', 'child'), "'out of time'");
  program.press(`c${keys.enter}`);
  t.regex(await program.prompt('root'), /^crash in root, root: ActorDied: child .*: RangeError: out of time$/m);
  program.press(`c${keys.enter}`);
  await program.ends(t, 1);
  t.is(program.screen().match(/^crash in/gm)?.length, 2);
});

test('what nothing in the root has caught is shown before it ends the tree', async t => {
  const program = crash(t, 'uncaught');
  t.regex(await program.prompt('root'), /^crash in root, uncaught: RangeError: 1 cannot be divided by 0$/m);
  t.regex(await program.line('u', 'root'), /^> \d+ +setTimeout\(\(\) => divide\(1, 0\), 1\);$/m);
  program.press(`c${keys.enter}`);
  await program.ends(t, 1);
  t.regex(program.screen(), /^RangeError: 1 cannot be divided by 0$/m);
});

test('q at the crash of a child ends its task with DebuggerQuit, and the root has its prompt', async t => {
  const program = crash(t, 'child');
  await program.prompt('child');
  program.press(`q${keys.enter}`);
  t.regex(await program.prompt('root'), /DebuggerQuit: divide in child was left/);
  t.regex(program.screen(), /^caused by RangeError: 3 cannot be divided by 0$/m);
  program.press(`c${keys.enter}`);
  await program.ends(t, 1);
});

test('Ctrl-C at the prompt of a crash gives up what is awaited there, and nothing else', async t => {
  const program = crash(t, 'child');
  await program.prompt('child');
  program.press(`await new Promise(() => {})${keys.enter}`);
  await program.until(screen => screen.endsWith('{})'), 'echo');
  await program.type(keys.ctrlC);
  t.regex(await program.prompt('child'), /^! interrupted/m);
  t.is(await program.line('p b', 'child'), '0');
  program.press(`c${keys.enter}`);
  await program.prompt('root');
  program.press(`c${keys.enter}`);
  await program.ends(t, 1);
});

test('postMortem() shows where the error was thrown, and the task goes on', async t => {
  const program = crash(t, 'hand');
  const screen = await program.prompt('child');
  t.regex(screen, /^> 6 {4}if \(Number\.isNaN\(rest\)\) throw/m);
  t.is(await program.line('rest', 'child'), 'NaN');
  t.regex(await program.line('u', 'child'), /^> \d+ +return await divide\(a, 0\);$/m);
  t.is(await program.line('a', 'child'), '6');
  program.press(`c${keys.enter}`);
  await program.ends(t, 0);
  t.regex(program.screen(), /^mourned 6$/m);
});

test('q at the prompt of postMortem() ends the task with DebuggerQuit', async t => {
  const program = crash(t, 'hand');
  await program.prompt('child');
  program.press(`q${keys.enter}`);
  t.regex(await program.prompt('root'), /DebuggerQuit: mourn in child/);
  program.press(`c${keys.enter}`);
  await program.ends(t, 1);
});

test('an error whose throw nobody saw is shown where its stack says, with globals', async t => {
  const program = crash(t, 'overflow');
  const screen = await program.prompt('child');
  t.regex(screen, /^crash in child, sink: RangeError: Maximum call stack size exceeded$/m);
  t.regex(screen, /^> \d+ +export const sink = task/m);
  t.is(await program.line('error instanceof RangeError', 'child'), 'true');
  t.regex(await program.line('depth', 'child'), /^! ReferenceError/);
  t.is(await program.line('await Promise.resolve(error.name)', 'child'), "'RangeError'");
  t.regex(await program.line('locals', 'child'), /^ {2}error = RangeError/m);
  program.press(`c${keys.enter}`);
  await program.prompt('root');
  program.press(`c${keys.enter}`);
  await program.ends(t, 1);
});

for (const name of ['child', 'root'])
  test(`what an expression leaves uncaught at the prompt of a ${name} ends nothing`, async t => {
    const program = crash(t, name);
    await program.prompt(name);
    await program.line('Promise.reject(new Error("careless")), 1', name);
    await program.line('setTimeout(() => { throw new Error("careless") }), 1', name);
    t.is(await program.line('await new Promise(resolve => setTimeout(resolve, 50, 7))', name), '7');
    program.press(`c${keys.enter}`);
    if (name === 'child') {
      t.regex(await program.prompt('root'), /RemoteActorError.*: RangeError: 3 cannot be divided by 0$/m);
      program.press(`c${keys.enter}`);
    }
    await program.ends(t, 1);
  });
