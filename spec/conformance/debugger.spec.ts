// tests/devx/test_debugger.py: who has the terminal, what is at the prompt, and what becomes of the tree meanwhile.
// Each on a pseudo-terminal of its own.
import {blockMs, continueAll, fixtureFile, Logged, lineAt, openExample, whoStops} from '../kit/driven.js';
import {keys, PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

/** Presses Ctrl-C at a prompt, more than once. Nothing comes of it: a test that does it shows what it would show without. */
async function mash(program: PtyProgram, label: string): Promise<void> {
  for (let time = 0; time < 3; time++) {
    program.press(keys.ctrlC);
    await program.prompt(label);
  }
}

test('debugger/test_root_actor_bp: the root stops, and what it was left with decides how the program ends (T8, P1) [c]', async t => {
  const program = openExample(t, '02-breakpoint-in-the-root');
  await program.prompt('root');
  await mash(program, 'root');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^18 degrees: cold$/m);
  t.notRegex(program.screen(), /Error|DebuggerQuit/);
});

test('debugger/test_root_actor_bp: the root stops, and what it was left with decides how the program ends (T9, P1) [q]', async t => {
  const program = openExample(t, '02-breakpoint-in-the-root');
  await program.prompt('root');
  await mash(program, 'root');
  program.press('q\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /^DebuggerQuit: /m);
});

test('debugger/test_root_actor_bp_forever: a root that stops for ever is stepped through its own breakpoint, let go, stopped again, and quit (P1)', async t => {
  const program = new PtyProgram(t, 'stops-for-ever');
  await program.prompt('root');
  const passed = new Set<string>();
  for (let time = 0; time < 10; time++) {
    await mash(program, 'root');
    await program.line('n', 'root');
    passed.add(lineAt(program.screen()));
  }
  t.true(passed.has('await breakpoint();') && passed.has('void turn;'), [...passed].join('\n'));
  const turn = Number(await program.line('turn', 'root'));
  t.true(turn > 1);
  await program.line('turn = 100', 'root');
  program.press('c\r');
  await program.prompt('root');
  t.regex(await program.line('turn', 'root'), /^10[01]$/);
  for (let time = 0; time < 2; time++) await program.line('n', 'root');
  await mash(program, 'root');
  program.press('q\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /^DebuggerQuit: /m);
});

for (const [where, args] of [
  ['child', ['child']],
  ['root', ['root']],
] as const)
  test(`debugger/test_shield_pause: in what was cancelled a breakpoint rejects and says what to do; under a shield it stops, four times (X3) [in the ${where}]`, async t => {
    const program = new PtyProgram(t, 'stops-shielded', {args, columns: 300});
    await program.prompt(where);
    // Past what the shield does, to the statement after it.
    await program.line('n', where);
    t.is(lineAt(program.screen()), 'void time;');
    await program.line('c', where);
    t.is(lineAt(program.screen()), 'await shield(() => breakpoint());');
    const seen = await continueAll(program, [where]);
    await program.ends(t, 0);
    t.deepEqual(seen, Array(3).fill(where));
    t.regex(program.screen(), /passed over: ContextCancelled: .* shield\(\(\) => breakpoint\(\)\) does$/m);
  });

test('debugger/test_cant_pause_from_paused_task: a task that is at the prompt does not wait for itself: a step over its own breakpoint passes it (X3)', async t => {
  const logged = new Logged(t, fixtureFile('stops-for-ever'));
  const {program} = logged;
  await program.prompt('root');
  for (let time = 0; time < 4; time++) await program.line('n', 'root');
  t.deepEqual(logged.turns.given, ['root']);
  program.press('q\r');
  await program.ends(t, 1);
  t.deepEqual(logged.turns, {asked: ['root'], given: ['root']});
});

test('debugger/test_ctxep_pauses_n_maybe_ipc_breaks: an actor that is cut off after it stopped asks for the terminal no more, and nobody hangs (T4, T17)', async t => {
  const program = new PtyProgram(t, 'stops-and-breaks');
  const seen = await continueAll(program, ['child', 'root']);
  await program.ends(t, 1);
  t.deepEqual(seen.filter(name => name === 'child').length, 3);
  t.regex(program.screen(), /ActorDied: child/);
});

test('debugger/test_ctxep_pauses_n_maybe_ipc_breaks: with the actor gone, Ctrl-C ends a root that does not end by itself (P1)', async t => {
  const program = new PtyProgram(t, 'stops-and-breaks', {args: ['stay']});
  for (let time = 0; time < 3; time++) {
    await program.prompt('child');
    program.press('c\r');
  }
  await program.until(screen => /^the child is gone$/m.test(screen), 'end of the child');
  program.press(keys.ctrlC);
  await program.ends(t, 130);
});

test('debugger/test_ctxep_pauses_n_maybe_ipc_breaks: one that is quit at its first stop ends with that, and nothing breaks (T9)', async t => {
  const program = new PtyProgram(t, 'stops-and-breaks');
  const seen = await continueAll(program, ['child', 'root'], label => (label === 'child' ? 'q' : 'c'));
  await program.ends(t, 1);
  t.is(seen.filter(name => name === 'child').length, 1);
  t.regex(program.screen(), /DebuggerQuit/);
});

for (const [answer, printed] of [
  ['c', /^AssertionError \[ERR_ASSERTION\]: one is not two$/m],
  ['q', /^DebuggerQuit: [\s\S]*\[cause\]: AssertionError \[ERR_ASSERTION\]: one is not two$/m],
] as const)
  test(`debugger/test_root_actor_error: a crash of the root opens the prompt on it, and the program ends with it (E5, T9) [${answer}]`, async t => {
    const program = new PtyProgram(t, 'root-crash');
    const screen = await program.prompt('root');
    t.regex(screen, /^crash in root, main: AssertionError: one is not two$/m);
    t.is(lineAt(screen), "assert.equal(1, 2, 'one is not two');");
    await mash(program, 'root');
    program.press(`${answer}\r`);
    await program.ends(t, 1);
    t.regex(program.screen(), printed);
  });

test('debugger/test_subactor_error: a crash opens the prompt in its actor, then in the root, where the error names the actor (E1, E2)', async t => {
  const program = openExample(t, '04-crash-in-a-child');
  const screen = await program.prompt('parser');
  t.regex(screen, /^crash in parser, parseAll: SyntaxError: two is no number$/m);
  // A throw that has happened cannot be stepped.
  t.regex(await program.line('n', 'parser'), /nothing to step/);
  await mash(program, 'parser');
  program.press('c\r');
  t.regex(
    await program.prompt('root'),
    /^crash in root, main:\n.*SyntaxError: two is no number\n[\s\S]*in parser \(pid/m,
  );
  await mash(program, 'root');
  program.press('c\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /^RemoteActorError \[ERR_REMOTE\]: SyntaxError: two is no number$/m);
});

test('debugger/test_multi_subactors_root_errors: crashes at the same time, one below another, have the prompt one after the other, and the root has its own (E5, T9)', async t => {
  const logged = new Logged(t, fixtureFile('crash-everywhere'));
  const {program} = logged;
  const all = ['child', 'nested', 'spawner', 'root'];
  await whoStops(program, all);
  // The tree is about to end: whoever has asked by then has its turn.
  for (const name of ['child', 'nested', 'root'])
    await logged.until(new RegExp(`runtime ${name} .* the terminal: crash`));
  const seen = await continueAll(program, all);
  await program.ends(t, 1);
  for (const name of ['child', 'nested', 'root']) t.true(seen.includes(name), seen.join());
  t.deepEqual(seen, logged.turns.given);
  t.deepEqual(logged.turns.given, logged.turns.asked);
  for (const text of ['first one', 'nested one', 'of the root'])
    t.regex(program.screen(), new RegExp(`^crash in .*AssertionError: ${text}$`, 'm'));
  t.regex(logged.log, /things failed in main of root\n├─ .*AssertionError: /);
});

for (const answers of ['c', 'cq'])
  test(`debugger/test_multi_nested_subactors_error_through_nurseries: an error opens a prompt in each actor on its way up, and says which it came through (E1, E2) [${answers}]`, async t => {
    const program = openExample(t, '05-crash-through-three-levels');
    const levels = ['level-0', 'level-1', 'level-2', 'root'];
    const seen = await continueAll(program, levels, label => answers[levels.indexOf(label) % answers.length] as string);
    await program.ends(t, 1);
    t.deepEqual(seen, levels);
    if (answers === 'c')
      t.regex(program.screen(), /\[in level-0 \(pid \d+\), through level-1 \(pid \d+\), through level-2 \(pid \d+\)\]/);
    else t.regex(program.screen(), /^DebuggerQuit: main in root was left at the debugger's prompt with q$/m);
    t.regex(program.screen(), /RangeError: there is nothing below level 0/);
  });

test('debugger/test_root_nursery_cancels_before_child_releases_tty_lock: a root that fails waits for a grandchild at the prompt; both errors are seen, and the program ends (T10, E5)', async t => {
  const program = new PtyProgram(t, 'stops-while-root-fails', {columns: 200});
  await program.prompt('leaf');
  // The root fails a second after this has started.
  t.regex(await program.line(blockMs(1_200), 'leaf'), /^'timed-out'$/m);
  const seen = await continueAll(program, ['leaf', 'spawner', 'root']);
  await program.ends(t, 1);
  t.is(seen[0], 'leaf');
  t.is(seen[1], 'root');
  t.true(seen.length <= 5, seen.join());
  t.regex(program.screen(), /^crash in root, main: Error: the root fails$/m);
  t.regex(program.screen(), /^Error: the root fails$|^[├└]─ Error: the root fails$/m);
});

test('debugger/test_root_cancels_child_context_during_startup: a root that crashes while a context of it starts has one prompt, and ends it all (C2, T9)', async t => {
  const program = new PtyProgram(t, 'root-crash', {args: ['startup']});
  t.deepEqual(await continueAll(program, ['root', 'child']), ['root']);
  await program.ends(t, 1);
  t.regex(program.screen(), /^the context is cancelled$/m);
});

test('debugger/test_post_mortem_api: postMortem() by hand, and the crash that comes of it, first in the child and then in the root (E1)', async t => {
  const program = new PtyProgram(t, 'post-mortems', {columns: 200});
  const heads = [
    ['child', /^crash in child, name: ReferenceError: name_error$/m],
    ['child', /^crash in child, name: Error: failed in the child$/m],
    ['root', /^crash in root, main:\nRemoteActorError \[ERR_REMOTE\]: Error: failed in the child$/m],
    ['root', /^crash in root, main: Error: failed in the root$/m],
  ] as const;
  for (const [name, head] of heads) {
    t.regex(await program.prompt(name), head);
    program.press('c\r');
  }
  await program.ends(t, 1);
  t.regex(program.screen(), /^Error: failed in the root$/m);
});

test('debugger/test_crash_handling_within_cancelled_root_actor: a root that has cancelled itself and then crashes has its prompt (X3, E6)', async t => {
  const program = new PtyProgram(t, 'root-crash', {args: ['cancelled']});
  t.regex(await program.prompt('root'), /^crash in root, main: AssertionError: one is not two$/m);
  program.press('c\r');
  await program.ends(t, 1);
  t.regex(program.screen(), /^AssertionError \[ERR_ASSERTION\]: one is not two$/m);
});
