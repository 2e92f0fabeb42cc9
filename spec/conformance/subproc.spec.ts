// tests/trionics/test_subproc.py: what another process writes, and what an error says of it.
// One test after the other: each starts several processes.
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

test('subproc/test_stdout_relayed_per_line: with stdio prefix each line of stdout is relayed with the mark of its actor (P3)', async t => {
  const program = startProgram(t, 'chatter', {args: ['process', '3', 'prefix']});
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
  t.regex(program.stdout, /^(chatter\(\d+\) )line 0\n\1line 1\n\1line 2\n$/);
});

for (const stdio of ['inherit', 'prefix', 'ignore']) {
  test(`subproc/test_no_deadlock_on_big_unnewlined_output: more than a pipe holds, without the end of a line, holds nobody up and arrives whole (P3) [stdio ${stdio}]`, async t => {
    const bytes = 200_000;
    const program = startProgram(t, 'unbroken', {args: [stdio, String(bytes)]});
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
    const text = (output: string): string => output.replaceAll(/unbroken\(\d+\) |\n/g, '');
    const expected = stdio === 'ignore' ? 0 : bytes;
    t.is(text(program.stdout), 'o'.repeat(expected));
    t.is(text(program.stderr), 'e'.repeat(expected));
    t.is(/unbroken\(\d+\) /.test(program.stderr), stdio === 'prefix');
  });
}

interface Told {
  readonly name: string;
  readonly message: string;
  readonly exit: {readonly code: number | null; readonly signal: string | null};
  readonly stderr: string;
}
const dies = test.macro(async (t, stdio: 'prefix' | 'ignore') => {
  const program = startProgram(t, 'last-words', {args: [stdio]});
  const {name, message, exit, stderr} = await program.next<Told>();
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
  t.is(name, 'ActorDied');
  t.deepEqual(exit, {code: 3, signal: null});
  t.regex(message, /boomer.*exit code 3/);
  t.is(stderr, 'boom 3');
  if (stdio === 'prefix') t.regex(program.stderr, /^boomer\(\d+\) boom 3$/m);
  else t.is(program.stderr, '');
});
const neverServes = test.macro(async (t, stdio: 'prefix' | 'ignore') => {
  const program = startProgram(t, 'last-words', {args: [stdio, 'import']});
  const {name, message, stderr} = await program.next<Told>();
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
  t.is(name, 'SpawnFailed');
  t.regex(stderr, /^last words on stderr/);
  t.true(message.endsWith(stderr));
  if (stdio === 'prefix') t.regex(program.stderr, /^boomer\(\d+\) last words on stderr$/m);
  else t.is(program.stderr, '');
});
test(
  'subproc/test_stderr_relay_and_cpe_rebuild: an exit with another code than 0 is an error with that code and the end of stderr, which is relayed line by line too (T12, P3)',
  dies,
  'prefix',
);
test(
  'subproc/test_stderr_relay_and_cpe_rebuild: an exit before the actor serves is an error with the end of stderr, which is relayed line by line too (T3, P3)',
  neverServes,
  'prefix',
);
test(
  'subproc/test_nonrelay_cpe_note: an exit with another code than 0 is an error with that code and the end of stderr, though nothing is relayed (T12, P3)',
  dies,
  'ignore',
);
test(
  'subproc/test_nonrelay_cpe_note: an exit before the actor serves is an error with the end of stderr, though nothing is relayed (T3, P3)',
  neverServes,
  'ignore',
);

for (const stdio of ['inherit', 'prefix']) {
  test(`subproc/test_no_deadlock_on_big_unnewlined_output: nobody reads stderr: the actor goes on, what waits is bounded, and how many lines were dropped is told (P3, F4) [stdio ${stdio}]`, async t => {
    const lines = 20_000;
    const program = startProgram(t, 'unread', {args: [stdio, String(lines)]});
    program.process.stderr?.pause();
    t.is(await program.next(), lines);
    // The actor has gone, with its output; what is left of it waits in the program.
    program.process.stderr?.resume();
    t.deepEqual(await program.exited, {code: 0, signal: null});
    const relayed = program.stderr.match(/err \d+ -+\n/g) ?? [];
    const dropped = [...program.stderr.matchAll(/\((\d+) lines were dropped: nobody read them\)\n/g)];
    const count = dropped.reduce((sum, [, n]) => sum + Number(n), 0);
    t.true(count > 0, `${program.stderr.length} bytes, ${relayed.length} lines, ${dropped.length} notes`);
    t.is(relayed.length + count, lines, 'relayed or counted, each once');
    t.true(program.stderr.length < 8 * 1024 * 1024, `${program.stderr.length} bytes were kept`);
  });
}
