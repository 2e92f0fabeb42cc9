// tests/devx/test_debugger.py: who has the terminal, what is at the prompt, and what becomes of the tree meanwhile.
// Each on a pseudo-terminal of its own.
import ava from 'ava';
import {continueAll, fixtureFile, Logged, lineAt, openExample} from '../debugger/driven.js';
import {keys, PtyProgram} from '../debugger/screen.js';

// One tree of processes at a time.
const test = ava.serial;

/** Presses Ctrl-C at a prompt, more than once. Nothing comes of it. */
async function mash(program: PtyProgram, label: string): Promise<void> {
  for (let time = 0; time < 3; time++) {
    program.press(keys.ctrlC);
    await program.prompt(label);
  }
}

for (const ctrlC of [false, true]) {
  const how = ctrlC ? ', Ctrl-C' : '';

  test(`debugger/test_root_actor_bp: the root stops, and what it was left with decides how the program ends (T8, P1) [c${how}]`, async t => {
    const program = openExample(t, '02-breakpoint-in-the-root');
    await program.prompt('root');
    if (ctrlC) await mash(program, 'root');
    program.press('c\r');
    await program.ends(t, 0);
    t.regex(program.screen(), /^18 degrees: cold$/m);
    t.notRegex(program.screen(), /Error|DebuggerQuit/);
  });

  test(`debugger/test_root_actor_bp: the root stops, and what it was left with decides how the program ends (T9, P1) [q${how}]`, async t => {
    const program = openExample(t, '02-breakpoint-in-the-root');
    await program.prompt('root');
    if (ctrlC) await mash(program, 'root');
    program.press('q\r');
    await program.ends(t, 1);
    t.regex(program.screen(), /^DebuggerQuit: /m);
  });

  test(`debugger/test_root_actor_bp_forever: a root that stops for ever is stepped through its own breakpoint, let go, stopped again, and quit (P1)${ctrlC ? ' [Ctrl-C]' : ''}`, async t => {
    const program = new PtyProgram(t, 'stops-for-ever');
    await program.prompt('root');
    const passed = new Set<string>();
    for (let time = 0; time < 10; time++) {
      if (ctrlC) await mash(program, 'root');
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
    if (ctrlC) await mash(program, 'root');
    program.press('q\r');
    await program.ends(t, 1);
    t.regex(program.screen(), /^DebuggerQuit: /m);
  });
}

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
    const seen = await continueAll(program, [where]);
    await program.ends(t, 0);
    t.deepEqual(seen, Array(4).fill(where));
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
