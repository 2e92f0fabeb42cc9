// A program under main(): its signals, its exit code, its listeners, its output (rules P1 to P3).
import {writeFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {openNursery} from '../../lib/index.js';
import {folderOf} from '../kit/folder.js';
import {actorProcesses, canInspect, isAlive, treeOf, untilGone} from '../kit/processes.js';
import {fixture, startNode, startProgram, sweep} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const inspects = canInspect ? test : test.skip;

const codes = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  inspects(`P1: ${signal} at a root cancels the tree and gives ${codes[signal]}`, async t => {
    const program = startProgram(t, 'chain', {args: ['2', 'idle']});
    const [top = 0, leaf = 0] = await program.next<number[]>();
    const tree = treeOf(top);
    program.kill(signal);
    t.deepEqual(await program.exited, {code: codes[signal], signal: null});
    t.deepEqual([top, leaf].filter(isAlive), [], 'the root has gone before its tree');
    t.is(program.stderr, '');
    await sweep(t, tree, 'actors outlived their root');
  });

  inspects(`P1: a second ${signal} ends a root that still waits for its tree at once`, async t => {
    const program = startProgram(t, 'signalled', {args: ['linger']});
    const [pid = 0] = await program.next<number[]>();
    program.kill(signal);
    t.is(await program.next<string>(), 'cancelled');
    program.kill(signal);
    t.deepEqual(await program.exited, {code: null, signal});
    t.deepEqual(await untilGone([pid]), []);
  });
}

inspects('P1: a second signal ends a root that blocks its loop since the first', async t => {
  const program = startProgram(t, 'signalled', {args: ['block']});
  const [pid = 0] = await program.next<number[]>();
  program.kill('SIGINT');
  t.is(await program.next<string>(), 'cancelled');
  program.kill('SIGINT');
  t.deepEqual(await program.exited, {code: null, signal: 'SIGINT'});
  t.deepEqual(await untilGone([pid]), []);
});

inspects('P1: a root whose child does not obey ends with its code after the time for teardown', async t => {
  const program = startProgram(t, 'signalled', {args: ['linger']});
  const [pid = 0] = await program.next<number[]>();
  program.kill('SIGTERM');
  t.deepEqual(await program.exited, {code: 143, signal: null});
  t.false(isAlive(pid));
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)
  inspects(`P1: children ignore the ${signal} of the terminal: the root decides`, async t => {
    const program = startProgram(t, 'signalled');
    const [pid = 0] = await program.next<number[]>();
    for (let i = 0; i < 3; i++) process.kill(pid, signal);
    process.kill(program.pid, signal);
    t.is(await program.next<string>(), 'cancelled');
    t.deepEqual(await program.exited, {code, signal: null});
    t.is(program.stderr, '');
  });

inspects('P1: SIGTERM to a child ends it with 143, which its parent reports as its death', async t => {
  const program = startProgram(t, 'signalled');
  const [pid = 0] = await program.next<number[]>();
  process.kill(pid, 'SIGTERM');
  t.deepEqual(await program.exited, {code: 1, signal: null});
  t.regex(program.stderr, /child.*died \(exit code 143\)|SIGTERM/);
});

test('P2: importing has no effect on the process, and what main() adds is removed', async t => {
  const program = startProgram(t, 'listeners');
  const before = await program.next<object>();
  const imported = await program.next<object>();
  const open = await program.next<Record<string, number>>();
  const after = await program.next<object>();
  t.deepEqual(imported, before);
  t.is(open.SIGINT, 1);
  t.is(open.SIGTERM, 1);
  t.is(open.SIGHUP, 1);
  t.is(open.SIGUSR2, 1);
  t.deepEqual(after, before);
  t.deepEqual(await program.exited, {code: 0, signal: null});
});

test('P4: SIGUSR2 prints the tree with what each context waits for, and a blocked actor as such', async t => {
  const program = startProgram(t, 'waits');
  await program.next<number[]>();
  program.kill('SIGUSR2');
  const print = await program.stderrUntil(/level-1 \(pid \d+\)\n.*\n/);
  t.deepEqual(
    print
      .replaceAll(/pid \d+/g, 'pid')
      .trimEnd()
      .split('\n'),
    [
      'root (pid)',
      '│  · calls hear in listener (pid): started, result pending',
      '│  · calls count in counter (pid): values lie here that nobody takes, result pending',
      '│  · calls hang in counter (pid): result pending',
      '│  · calls hear in blocked (pid): started, result pending',
      '│  · calls grow in branch (pid): started, result pending',
      '├─ listener (pid)',
      '│     · runs hear for root (pid): started, waits for values, has not returned',
      '├─ counter (pid)',
      '│     · runs count for root (pid): window full after 3 values, has not returned',
      '│     · runs hang for root (pid): has not returned',
      '├─ blocked (pid): does not answer within 500 ms',
      '└─ branch (pid)',
      '   │  · runs grow for root (pid): started, has not returned',
      '   │  · calls grow in level-1 (pid): started, result pending',
      '   └─ level-1 (pid)',
      '         · runs grow for branch (pid): started, has not returned',
    ],
  );
});

inspects('P4: SIGUSR2 tells of a tree that is being ended, and leaves the end as it is', async t => {
  const program = startProgram(t, 'signalled', {args: ['linger']});
  await program.next<number[]>();
  program.kill('SIGTERM');
  t.is(await program.next<string>(), 'cancelled');
  program.kill('SIGUSR2');
  t.regex(await program.stderrUntil(/has not ended yet\n/), /calls deaf in child \(pid \d+\): .*cancelled/);
  t.deepEqual(await program.exited, {code: 143, signal: null});
});

inspects('P4: under nodemon SIGUSR2 to all processes ends the tree, and the program by that signal', async t => {
  const nodemon = join(folderOf(t), 'nodemon.js');
  writeFileSync(
    nodemon,
    `const {spawn} = require('node:child_process');
    const child = spawn('sh', ['-c', 'node "$@"; exit $?', 'sh', ...process.argv.slice(2)], {stdio: 'inherit'});
    child.on('exit', code => console.log(code));`,
  );
  const program = startNode(t, [nodemon, fileURLToPath(fixture('signalled'))]);
  const [pid = 0] = await program.next<number[]>();
  const tree = treeOf(pid);
  const root = actorProcesses(tree)[0]?.parent as number;
  // As nodemon does it: the program, what is below it, and the program again when that is gone.
  for (const one of [root, pid]) process.kill(one, 'SIGUSR2');
  t.is(await program.next(), 'cancelled');
  t.deepEqual(await untilGone([pid]), []);
  t.is(await program.next(), 128 + constants.signals.SIGUSR2);
  t.deepEqual(await program.exited, {code: 0, signal: null});
  // The shell between them tells of the signal.
  t.regex(program.stderr, /^(User defined signal 2\n)?$/);
});

inspects('P4: SIGUSR2 to an actor ends nothing', async t => {
  const program = startProgram(t, 'signalled');
  const [pid = 0] = await program.next<number[]>();
  process.kill(pid, 'SIGUSR2');
  program.kill('SIGUSR2');
  t.regex(await program.stderrUntil(/child \(pid \d+\)\n.*\n/), /runs obedient for/);
  program.kill('SIGTERM');
  t.is(await program.next<string>(), 'cancelled');
  t.deepEqual(await program.exited, {code: 143, signal: null});
});

test('P4: openNursery() takes no signal: its process is not its own', async t => {
  await openNursery(() => t.is(process.listenerCount('SIGUSR2'), 0));
});

const ends = test.macro({
  async exec(t, how: string, code: number, stdout: string, stderr: RegExp) {
    const program = startProgram(t, 'outcome', {args: [how]});
    t.deepEqual(await program.exited, {code, signal: null});
    t.is(program.stdout.trim(), stdout);
    t.regex(program.stderr, stderr);
  },
  title: what => `main() ${what}`,
});

test('resolves with the value of its body', ends, 'value', 0, '"a value"', /^$/);
test(
  'prints the error of its body once and exits with 1',
  ends,
  'throw',
  1,
  'null',
  /^RangeError: thrown by the body\n(?!.*RangeError)/s,
);
test(
  'prints a remote error with its cause and exits with 1',
  ends,
  'remote',
  1,
  'null',
  /RangeError: thrown over there/,
);
test('prints several errors once, as a tree of the actors that they came from', async t => {
  const program = startProgram(t, 'falls');
  t.deepEqual(await program.exited, {code: 1, signal: null});
  const lines = program.stderr
    .trimEnd()
    .replaceAll(/\(pid \d+\)/g, '(pid)')
    .split('\n');
  t.deepEqual(
    lines.filter(line => !/^[│├└─ ]*( at |\[in )/.test(line)),
    [
      'NurseryError [ERR_NURSERY]: 2 things failed in main of root',
      '├─ branch (pid): NurseryError: 2 things failed in a nursery of branch',
      '│  ├─ leaf-far (pid): RangeError: \\x1b[31mfar',
      '│  └─ TypeError: branch far',
      '└─ NurseryError: 2 things failed in a nursery of root',
      '   ├─ leaf-near (pid): RangeError: \\x1b[31mnear',
      '   └─ TypeError: branch near',
    ],
  );
});
test('takes a cancellation of its own for no error', ends, 'cancel', 0, 'null', /^$/);

test('E7: main() drops a cancellation that nothing has caught', async t => {
  const program = startProgram(t, 'uncaught', {args: ['cancellation']});
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.is(program.stdout, '"cleaned up"\n"a value"\n');
  t.is(program.stderr, '');
});

test('S5: an error that nothing has caught is printed once, ends the tree in order, and gives 1 under main()', async t => {
  const program = startProgram(t, 'uncaught', {args: ['error']});
  t.deepEqual(await program.exited, {code: 1, signal: null});
  t.true(program.stdout.startsWith('"cleaned up"\n'), program.stdout);
  t.regex(program.stderr, /^RangeError: nobody caught it\n(?!.*RangeError)/s);
});

test('P3: stdout of a child is inherited, stderr relayed in whole lines, all of it', async t => {
  const program = startProgram(t, 'flood', {args: ['inherit', '20000']});
  t.deepEqual(await program.exited, {code: 42, signal: null});
  const out = program.stdout.split('\n');
  const err = program.stderr.split('\n');
  t.deepEqual([out.length, err.length], [20_001, 20_001]);
  t.true(out.slice(0, -1).every((line, i) => line.startsWith(`out ${i} `)));
  t.true(err.slice(0, -1).every((line, i) => line.startsWith(`err ${i} `)));
});

test('P3: with stdio prefix every line carries the mark of its actor', async t => {
  const program = startProgram(t, 'flood', {args: ['prefix', '100']});
  t.deepEqual(await program.exited, {code: 42, signal: null});
  t.regex(program.stdout, /^noisy\(\d+\) out 0 /);
  for (const [stream, text] of [
    ['out', program.stdout],
    ['err', program.stderr],
  ] as const) {
    const lines = text.split('\n').slice(0, -1);
    t.is(lines.length, 100);
    t.true(lines.every((line, i) => new RegExp(`^noisy\\(\\d+\\) ${stream} ${i} `).test(line)));
  }
});

test('P3: with stdio ignore nothing is relayed, and what is piped is drained all the same', async t => {
  const program = startProgram(t, 'flood', {args: ['ignore', '20000']});
  t.deepEqual(await program.exited, {code: 42, signal: null});
  t.is(program.stdout, '');
  t.is(program.stderr, '');
});

for (const stdio of ['inherit', 'prefix']) {
  test(`P3: a reader that goes away kills nobody, stdio ${stdio}`, async t => {
    const program = startProgram(t, 'flood', {args: [stdio, '20000']});
    program.process.stdout?.destroy();
    program.process.stderr?.destroy();
    t.deepEqual(await program.exited, {code: 42, signal: null});
  });
}
