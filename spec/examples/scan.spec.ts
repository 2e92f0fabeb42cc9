// The main job as a program: what it prints, how it fails, how it ends, and that nothing of it is left.
import {chmodSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {spawning} from '../kit/spawning.js';
import {mainFile, type Outcome, run, shown, start} from './program.js';
import {addSocket, type Expected, expectedOf, makeFolder, makeOddTree, makePlainTree, shownKey} from './tree.js';
import {canRunAs, nobody} from './user.js';

const test = spawning({takesLong: true});

// One tree of processes at a time: each takes all cores.
interface Line extends Expected {
  readonly path: string;
}

const linesOf = ({stdout}: Outcome): Line[] =>
  stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line));
const byPath = (a: Line, b: Line): number => (a.path < b.path ? -1 : 1);
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

function endedWell(t: ExecutionContext, {code, stderr, left}: Outcome): void {
  t.is(code, 0, stderr);
  t.is(stderr, '');
  t.deepEqual(left, []);
}

test('--ndjson gives what find, wc and sha256sum say, for every file of a tree with everything odd in it', async t => {
  const tree = makeOddTree();
  t.teardown(tree.remove);
  const server = await addSocket(tree);
  t.teardown(() => server.close());
  const expected = Array.from(expectedOf(tree.path), ([key, figures]) => ({path: shownKey(key), ...figures}));
  t.true(expected.length > 25);

  const outcome = await run(['--ndjson', tree.path]);
  t.is(outcome.code, 0, outcome.stderr);
  t.deepEqual(outcome.left, []);
  t.deepEqual(linesOf(outcome).sort(byPath), expected.sort(byPath));
});

test('--json gives one object with the totals of the same tree', async t => {
  const tree = makeOddTree();
  t.teardown(tree.remove);
  const expected = [...expectedOf(tree.path).values()];
  const firsts = new Map(expected.map(({sha256, bytes}) => [sha256, bytes]));

  const outcome = await run(['--json', tree.path]);
  endedWell(t, outcome);
  const {actors, seconds, ...figures} = JSON.parse(outcome.stdout);
  t.deepEqual(figures, {
    files: expected.length,
    bytes: sum(expected.map(file => file.bytes)),
    lines: sum(expected.map(file => file.lines)),
    unreadable: 0,
    duplicates: {
      files: expected.length - firsts.size,
      bytes: sum(expected.map(file => file.bytes)) - sum(firsts.values()),
    },
    imports: [{name: 'a', files: 2}, ...['@scope/b', 'at-the-end', 'from-odd-name'].map(name => ({name, files: 1}))],
  });
  t.is(sum(actors.map((actor: {files: number}) => actor.files)), expected.length);
  t.is(typeof seconds, 'number');
});

test('without arguments it scans the node_modules of the project, and prints a table and nothing else', async t => {
  const outcome = await run([]);
  endedWell(t, outcome);
  t.regex(
    outcome.stdout,
    /^files +[\d,]{4,}\nbytes +[\d,]+ {2}\(.*\)\nlines +[\d,]+\nunreadable +0\nduplicates +[\d,]+ {2}\(/,
  );
  t.regex(outcome.stdout, /\npackage +files\n(?:\S+ +[\d,]+\n){10}\nactor +files +files\/s\nscan-1 +[\d,]+ +[\d,]+\n/);
});

test('--actors says how many share the work, and each of them gets some', async t => {
  const tree = makePlainTree(6000);
  t.teardown(tree.remove);
  const outcome = await run(['--json', '--actors', '3', tree.path]);
  endedWell(t, outcome);
  const {actors} = JSON.parse(outcome.stdout);
  t.deepEqual(
    actors.map((actor: {name: string}) => actor.name),
    ['scan-1', 'scan-2', 'scan-3'],
  );
  t.true(
    actors.every((actor: {files: number}) => actor.files > 0),
    JSON.stringify(actors),
  );
});

test('--no-duplicates looks for none and says so', async t => {
  const tree = makePlainTree(10);
  t.teardown(tree.remove);
  const json = await run(['--json', '--no-duplicates', tree.path]);
  endedWell(t, json);
  t.is(JSON.parse(json.stdout).duplicates, null);
  const table = await run(['--no-duplicates', tree.path]);
  t.regex(table.stdout, /\nduplicates +not looked for\n/);
});

test('--memory prints the memory of the root at each tenth, and the cost of the table of contents', async t => {
  const tree = makePlainTree(200);
  t.teardown(tree.remove);
  const outcome = await run(['--json', '--memory', tree.path]);
  t.is(outcome.code, 0);
  const steps = [...outcome.stderr.matchAll(/^memory +(\d+) % +\d+ files +rss [\d.]+ MB$/gm)].map(match =>
    Number(match[1]),
  );
  t.deepEqual(steps, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  t.regex(outcome.stderr, /\nmemory +table of contents \d+ bytes/);
});

test('several inputs are one scan; one inside another, or given twice, is counted once; a file and a link are scanned', async t => {
  const tree = makePlainTree(50);
  const other = makeFolder();
  t.teardown(tree.remove);
  t.teardown(other.remove);
  writeFileSync(join(other.path, 'file'), 'x');
  symlinkSync(tree.path, join(other.path, 'link'));
  const {path} = tree;
  const inside = join(path, 'folder-1');
  const outcome = await run(['--json', inside, path, join(path, 'folder-2/file-2.js'), path, join(other.path, 'file')]);
  endedWell(t, outcome);
  t.is(JSON.parse(outcome.stdout).files, 51);
  const linked = await run(['--json', join(other.path, 'link')]);
  t.is(JSON.parse(linked.stdout).files, 50);
});

test('an empty tree is a result too', async t => {
  const tree = makeFolder();
  t.teardown(tree.remove);
  const outcome = await run(['--json', tree.path]);
  endedWell(t, outcome);
  t.is(JSON.parse(outcome.stdout).files, 0);
});

function unreadable(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  if (canRunAs(nobody, mainFile)) test(title, body);
  else test.skip(`${title} (nobody may read this checkout)`, body);
}

unreadable('files and folders that cannot be read are counted and listed, and the rest is scanned', async t => {
  const tree = makePlainTree(30);
  t.teardown(tree.remove);
  chmodSync(join(tree.path, 'folder-1/file-1.js'), 0o000);
  mkdirSync(join(tree.path, 'closed'));
  writeFileSync(join(tree.path, 'closed/unseen'), '');
  chmodSync(join(tree.path, 'closed'), 0o000);

  const outcome = await run(['--json', tree.path], nobody);
  t.is(outcome.code, 0, outcome.stderr);
  const {files, unreadable: count} = JSON.parse(outcome.stdout);
  t.deepEqual({files, count}, {files: 29, count: 2});
  t.deepEqual(outcome.stderr.trim().split('\n').sort(), [
    `unreadable: ${tree.path}/closed: EACCES`,
    `unreadable: ${tree.path}/folder-1/file-1.js: EACCES`,
  ]);
});

unreadable('a long list of unreadable files is cut', async t => {
  const tree = makePlainTree(40);
  t.teardown(tree.remove);
  for (let index = 0; index < 40; index += 1)
    chmodSync(join(tree.path, `folder-${index % 10}/file-${index}.js`), 0o000);
  const outcome = await run(['--json', tree.path], nobody);
  t.is(JSON.parse(outcome.stdout).unreadable, 40);
  t.is(outcome.stderr.trim().split('\n').length, 21);
  t.regex(outcome.stderr, /\nunreadable: … and 20 more\n$/);
});

test('--fail ends the program with the error of the actor shown whole, and nothing left', async t => {
  const tree = makePlainTree(300);
  t.teardown(tree.remove);
  const outcome = await run(['--fail', '7', tree.path]);
  t.is(outcome.code, 1);
  t.is(outcome.stdout, '');
  t.regex(outcome.stderr, /RemoteActorError/);
  t.regex(outcome.stderr, /Error: asked to fail at file 7\n +at strike .*scan\.[jt]s/);
  t.regex(outcome.stderr, /scan-1 \(pid \d+\)/);
  t.deepEqual(outcome.left, []);
});

test('--kill ends the program with the death of the actor and its signal, and nothing left', async t => {
  const tree = makePlainTree(300);
  t.teardown(tree.remove);
  const outcome = await run(['--kill', '7', tree.path]);
  t.is(outcome.code, 1);
  t.is(outcome.stdout, '');
  t.regex(outcome.stderr, /ActorDied.*scan-1.*SIGKILL/);
  t.deepEqual(outcome.left, []);
});

test('--fail strikes at the last file of the tree too, and beyond it never', async t => {
  const tree = makePlainTree(20);
  t.teardown(tree.remove);
  t.is((await run(['--fail', '20', tree.path])).code, 1);
  endedWell(t, await run(['--fail', '21', '--json', tree.path]));
});

test('Ctrl-C ends it with the table so far, exit code 130, and nothing left', async t => {
  const running = start(['--memory']);
  await shown(running.child.stderr, /10 %/);
  running.child.kill('SIGINT');
  const outcome = await running.outcome();
  t.is(outcome.code, 130);
  t.regex(outcome.stdout, /^Interrupted: the figures so far\.\n\nfiles +[\d,]+\n/);
  t.notRegex(outcome.stderr, /Error/);
  t.deepEqual(outcome.left, []);
});

test('Ctrl-C with --json marks the object as partial', async t => {
  const running = start(['--memory', '--json']);
  await shown(running.child.stderr, /10 %/);
  running.child.kill('SIGINT');
  const outcome = await running.outcome();
  t.is(outcome.code, 130);
  t.is(JSON.parse(outcome.stdout).partial, true);
  t.deepEqual(outcome.left, []);
});

test('a reader that does not read holds the scan back, and Ctrl-C ends it all the same', async t => {
  const running = start(['--ndjson']);
  await new Promise(resolve => running.child.stdout.once('readable', resolve));
  await sleep(500);
  t.is(running.child.exitCode, null);
  running.child.kill('SIGINT');
  await new Promise(resolve => running.child.once('exit', resolve));
  t.is(running.child.exitCode, 130);
  running.child.stdout.resume();
  await sleep(100);
  t.deepEqual(running.pids(), []);
});

test('a reader that leaves ends the scan without a word', async t => {
  const running = start(['--ndjson']);
  await new Promise(resolve => running.child.stdout.once('data', resolve));
  running.child.stdout.destroy();
  const [code] = await new Promise<[number | null]>(resolve =>
    running.child.once('exit', (...args) => resolve([args[0]])),
  );
  t.is(code, 0);
  t.is(running.child.stderr.read(), null);
  t.deepEqual(running.pids(), []);
});

for (const [title, victim] of [
  ['the root', (root: number, _: number[]) => root],
  ['an actor', (root: number, pids: number[]) => pids.find(pid => pid !== root) ?? root],
] as const) {
  test(`kill -9 of ${title} in the middle leaves nothing`, async t => {
    const running = start(['--ndjson']);
    // Nobody reads on, so that the scan stays in its middle.
    await new Promise(resolve => running.child.stdout.once('readable', resolve));
    const root = running.child.pid ?? 0;
    process.kill(victim(root, running.pids()), 'SIGKILL');
    const ended = new Promise(resolve => running.child.once('exit', resolve));
    // A program of Node does not end before its output has been read.
    running.child.stdout.resume();
    await ended;
    t.is(running.child.signalCode ?? running.child.exitCode, title === 'the root' ? 'SIGKILL' : 1);
    const until = Date.now() + 2000;
    while (running.pids().length > 0 && Date.now() < until) await sleep(20);
    t.deepEqual(running.pids(), []);
  });
}

const mistakes: ReadonlyArray<readonly [string, readonly string[], RegExp]> = [
  ['a missing folder', ['/does/not/exist'], /^\/does\/not\/exist: no such file or directory\n/],
  ['a missing folder among others', [import.meta.dirname ?? '.', '/does/not/exist'], /no such file or directory/],
  ['a device', ['/dev/null'], /^\/dev\/null: neither a directory nor a regular file\n/],
  ['an unknown option', ['--fast'], /--fast/],
  ['no number of actors', ['--actors', 'many'], /--actors takes a whole number from 1 to 512, not 'many'/],
  ['no actors', ['--actors', '0'], /--actors/],
  ['a missing value', ['--fail'], /--fail/],
  ['a fault before the first file', ['--kill', '0'], /--kill takes a whole number from 1,/],
  ['two formats', ['--json', '--ndjson'], /exclude each other/],
  ['two faults', ['--fail', '1', '--kill', '1'], /exclude each other/],
];
for (const [title, args, message] of mistakes) {
  test(`${title} ends it with a message and exit code 2`, async t => {
    const outcome = await run(args);
    t.is(outcome.code, 2);
    t.is(outcome.stdout, '');
    t.regex(outcome.stderr, message);
    t.deepEqual(outcome.left, []);
  });
}

test('--help prints the options', async t => {
  const outcome = await run(['--help']);
  endedWell(t, outcome);
  t.regex(outcome.stdout, /--no-duplicates/);
});
