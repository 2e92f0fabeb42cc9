// lib/transport/folder: where the sockets of a tree lie, what is refused in that place, and what is left of dead trees.
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {ResourceExhausted} from '../../lib/base/errors.js';
import {configureLog} from '../../lib/base/log.js';
import {maxPathBytes} from '../../lib/transport/address.js';
import {Folder, liveFolders, makeFolder, sweep} from '../../lib/transport/folder.js';
import {isGone, thisOwner} from '../../lib/transport/owner.js';
import {test} from '../kit/limited.js';

const isRoot = process.getuid?.() === 0;
const treeId = '0123456789abcdef';
const mode = (path: string): number => lstatSync(path).mode & 0o777;

/** A folder for temporary files of its own. */
function place(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

const make = (temporary: string, runtime?: string): Folder =>
  makeFolder({treeId, temporary, env: {XDG_RUNTIME_DIR: runtime}});
const baseIn = (temporary: string): string => join(temporary, `rxtractor-${process.getuid?.()}`);

function refused(t: ExecutionContext, act: () => unknown, path: string, why: RegExp): void {
  const error = t.throws(act, {instanceOf: ResourceExhausted, message: why});
  t.is(error.what, 'folder');
  t.true(error.message.includes(path), error.message);
}

test('a tree in the runtime folder of its user is found where XDG_RUNTIME_DIR is not set', t => {
  const runtimes = place(t);
  const runtime = join(runtimes, String(process.getuid?.()));
  mkdirSync(runtime, {mode: 0o700});
  const {path} = make(place(t), runtime);
  const found = (env: Record<string, string>): string[] =>
    liveFolders({env, temporary: place(t), runtimes}).map(each => each.path);
  t.deepEqual(found({}), [path]);
  t.deepEqual(found({XDG_RUNTIME_DIR: ''}), [], 'an empty one is a choice');
});

test('G2: a tree has a folder of its own, which nobody else can enter', t => {
  const temporary = place(t);
  const folder = make(temporary);
  t.is(dirname(folder.path), baseIn(temporary));
  t.is(basename(folder.path).split('-')[0], String(process.pid));
  t.true(basename(folder.path).includes('01234567'));
  for (const path of [folder.path, dirname(folder.path)]) t.is(mode(path), 0o700);
  folder.remove();
  t.false(existsSync(folder.path));
});

test('the user’s runtime folder is where it lies, if there is one', t => {
  const [temporary, runtime] = [place(t), place(t)];
  t.is(dirname(make(temporary, runtime).path), join(runtime, 'rxtractor'));
  t.deepEqual(readdirSync(temporary), []);
});

test('K66: where the runtime folder is of no use, it lies among temporary files', t => {
  const [temporary, runtime] = [place(t), place(t)];
  const open = join(runtime, 'open');
  mkdirSync(open);
  chmodSync(open, 0o755);
  const file = join(runtime, 'file');
  writeFileSync(file, '');
  const link = join(runtime, 'link');
  symlinkSync(temporary, link);
  const deep = join(runtime, 'd'.repeat(100));
  mkdirSync(deep, {mode: 0o700});
  for (const other of [open, file, link, deep, join(runtime, 'missing'), 'relative', ''])
    t.is(dirname(make(temporary, other).path), baseIn(temporary), other);
});

test('K68: a file, a symbolic link or a folder that leads nowhere in its place is refused, and left as it is', t => {
  const temporary = place(t);
  const base = baseIn(temporary);
  writeFileSync(base, 'mine');
  refused(t, () => make(temporary), base, /is not a folder/);
  t.is(readFileSync(base, 'utf8'), 'mine');
  rmSync(base);
  const elsewhere = place(t);
  symlinkSync(elsewhere, base);
  refused(t, () => make(temporary), base, /is a symbolic link/);
  t.deepEqual(readdirSync(elsewhere), []);
  rmSync(base);
  symlinkSync(join(elsewhere, 'missing'), base);
  refused(t, () => make(temporary), base, /is a symbolic link/);
});

test('K68: a link instead of the tree’s own folder is refused', t => {
  const temporary = place(t);
  const folder = make(temporary);
  const elsewhere = place(t);
  folder.remove();
  symlinkSync(elsewhere, folder.path);
  refused(t, () => make(temporary), folder.path, /is a symbolic link/);
  refused(t, () => folder.newSocketPath(), folder.path, /is a symbolic link/);
});

test('K68: a folder of ours that is open to others is closed to them', t => {
  const temporary = place(t);
  mkdirSync(baseIn(temporary));
  chmodSync(baseIn(temporary), 0o755);
  const folder = make(temporary);
  t.is(mode(baseIn(temporary)), 0o700);
  chmodSync(folder.path, 0o777);
  folder.newSocketPath();
  t.is(mode(folder.path), 0o700);
});

test('the umask changes nothing', t => {
  // In a process of its own: a umask is everybody's.
  const source = `
    import {makeFolder} from ${JSON.stringify(new URL('../../lib/transport/folder.js', import.meta.url).href)};
    process.umask(0o777);
    console.log(makeFolder({treeId: 'x', temporary: ${JSON.stringify(place(t))}, env: {}}).path);`;
  const {stdout, stderr} = spawnSync(process.execPath, ['--input-type=module', '-e', source], {encoding: 'utf8'});
  t.is(mode(stdout.trim()), 0o700, stderr);
});

const asRoot = isRoot ? test : test.skip;
const rootOnly = isRoot ? '' : ' (skipped: only root can give a folder away)';

asRoot(`K68: a folder of another user is refused, and left as it is${rootOnly}`, t => {
  const temporary = place(t);
  const base = baseIn(temporary);
  mkdirSync(base);
  chmodSync(base, 0o755);
  chownSync(base, 65_534, 65_534);
  refused(t, () => make(temporary), base, /belongs to another user \(65534\)/);
  t.is(mode(base), 0o755);
  t.deepEqual(readdirSync(base), []);
});

asRoot(`K68: the runtime folder of another user is not used${rootOnly}`, t => {
  const [temporary, runtime] = [place(t), place(t)];
  chownSync(runtime, 65_534, 65_534);
  t.is(dirname(make(temporary, runtime).path), baseIn(temporary));
  t.deepEqual(readdirSync(runtime), []);
});

asRoot(`G2: another user can neither enter the folder nor connect to a socket in it${rootOnly}`, async t => {
  const temporary = place(t);
  chmodSync(temporary, 0o755);
  const path = make(temporary).newSocketPath();
  const server = createServer().listen(path);
  await once(server, 'listening');
  const source = `require('net').connect(${JSON.stringify(path)}).on('error', e => console.log(e.code)).on('connect', () => console.log('in'))`;
  const child = spawn(process.execPath, ['-e', source], {
    uid: 65_534,
    gid: 65_534,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => {
    child.kill('SIGKILL');
    server.close();
  });
  const [said] = await once(child.stdout, 'data');
  t.is(String(said).trim(), 'EACCES');
});

test('G2: a folder in which others may replace things is refused', t => {
  const temporary = place(t);
  chmodSync(temporary, 0o777);
  refused(t, () => make(temporary), temporary, /sticky/);
  chmodSync(temporary, 0o1777);
  t.notThrows(() => make(temporary));
});

test('K66: a folder that cannot be made names the path and the fault', t => {
  const missing = join(place(t), 'missing');
  refused(t, () => make(missing), missing, /ENOENT/);
  // A file system that can be read only, or is full, speaks the same way.
  refused(t, () => new Folder('/proc/rxtractor/tree').newSocketPath(), '/proc/rxtractor', /cannot be made: E/);
});

test('K67: a folder too deep for sockets is refused', t => {
  const deep = join(place(t), 'd'.repeat(80));
  mkdirSync(deep);
  refused(t, () => make(deep), deep, /too deep/);
});

test('K67: names of sockets are short, alike for every actor, and never the same', t => {
  const folder = make(place(t));
  const paths = Array.from({length: 500}, () => folder.newSocketPath());
  t.is(new Set(paths).size, 500);
  t.true(paths.every(path => dirname(path) === folder.path && /^[0-9a-z]+-[0-9a-z]{8}$/.test(basename(path))));
  t.true(paths.every(path => Buffer.byteLength(path) <= maxPathBytes));
  // Another process of the tree counts from the beginning.
  t.not(basename(new Folder(folder.path).newSocketPath()), basename(paths[0] as string));
});

test('K70: a folder that a cleaner has removed is made anew for the next socket', t => {
  const temporary = place(t);
  const folder = make(temporary);
  rmSync(baseIn(temporary), {recursive: true});
  t.is(dirname(folder.newSocketPath()), folder.path);
  t.is(mode(folder.path), 0o700);
});

/** The folder of a process that has ended, with a dead socket in it. */
async function deadFolder(temporary: string): Promise<string> {
  const source = `
    import {createServer} from 'node:net';
    import {makeFolder} from ${JSON.stringify(new URL('../../lib/transport/folder.js', import.meta.url).href)};
    const folder = makeFolder({treeId: 'dead', temporary: ${JSON.stringify(temporary)}, env: {}});
    createServer().listen(folder.newSocketPath(), () => console.log(folder.path));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {stdio: ['ignore', 'pipe', 'inherit']});
  const [path] = await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return String(path).trim();
}

test('K12: the folder of a root that was killed is removed by the next, with its sockets', async t => {
  const temporary = place(t);
  const dead = await deadFolder(temporary);
  t.is(readdirSync(dead).length, 1);
  const folder = make(temporary);
  t.deepEqual(readdirSync(baseIn(temporary)), [basename(folder.path)]);
});

test('K68: a pid that has come again is another process', async t => {
  const temporary = place(t);
  const folder = make(temporary);
  const {pid, start, space} = thisOwner();
  const rest = `another1${space === '' ? '' : `-${space}`}`;
  const before = join(baseIn(temporary), `${pid}-${start}0-${rest}`);
  mkdirSync(before);
  sweep(baseIn(temporary));
  t.false(existsSync(before));
  t.true(existsSync(folder.path));
});

test('the sweep touches nothing that lives, that is not ours by name, or that is no folder', async t => {
  const temporary = place(t);
  const folder = make(temporary);
  const base = baseIn(temporary);
  const kept = ['notes', '12', '99999999-abc', 'x99999999-1-tree', '99999999-1-tree-elsewhere', '1-0-tree'];
  for (const name of kept) mkdirSync(join(base, name));
  const elsewhere = place(t);
  writeFileSync(join(elsewhere, 'precious'), '');
  symlinkSync(elsewhere, join(base, '99999999-2-tree'));
  writeFileSync(join(base, '99999999-3-tree'), '');
  sweep(base);
  t.deepEqual(readdirSync(base).sort(), [...kept, '99999999-2-tree', '99999999-3-tree', basename(folder.path)].sort());
  t.true(existsSync(join(elsewhere, 'precious')));
});

test('an error of the sweep, or of the removal, is logged and stops nothing', t => {
  const lines: string[] = [];
  const note = (_: object, text: string): void => void lines.push(text);
  configureLog('warn', {logger: {debug: note, info: note, warn: note, error: note}});
  t.teardown(() => configureLog('warn'));
  const temporary = place(t);
  mkdirSync(baseIn(temporary));
  const {space} = thisOwner();
  const stuck = join(baseIn(temporary), `99999999-1-stuck${space === '' ? '' : `-${space}`}`);
  mkdirSync(join(stuck, 'a folder within'), {recursive: true});
  const folder = make(temporary);
  t.true(existsSync(stuck));
  mkdirSync(join(folder.path, 'a folder within'));
  t.notThrows(() => folder.remove());
  t.notThrows(() => sweep(join(temporary, 'missing')));
  rmSync(folder.path, {recursive: true});
  t.notThrows(() => folder.remove());
  t.is(lines.length, 3);
  t.true(lines[0]?.includes(stuck) && lines[1]?.includes(folder.path) && lines[2]?.includes('missing'));
});

test('a process is gone when it has ended, and not before', async t => {
  t.false(isGone(thisOwner()));
  const program = fileURLToPath(new URL('../../lib/transport/owner.js', import.meta.url));
  const source = `import(${JSON.stringify(program)}).then(m => console.log(JSON.stringify(m.thisOwner()))); setInterval(() => {}, 1e6)`;
  const child = spawn(process.execPath, ['-e', source], {stdio: ['ignore', 'pipe', 'inherit']});
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  const owner = JSON.parse(String(said));
  t.is(owner.pid, child.pid);
  t.false(isGone(owner));
  t.true(isGone({...owner, start: `${owner.start}0`}));
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.true(isGone(owner));
  t.false(isGone({...owner, space: 'another'}));
});
