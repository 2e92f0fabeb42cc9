// tests/ipc/test_each_tpt.py: the folder in which the sockets of a tree lie.
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {addresses, openNursery, ResourceExhausted} from '../../lib/index.js';
import {maxPathBytes} from '../../lib/transport/address.js';
import {type Folder, makeFolder, sweep} from '../../lib/transport/folder.js';
import {thisOwner} from '../../lib/transport/owner.js';
import {folder} from '../discovery/linked.js';
import {test} from '../kit/limited.js';

// The roots of this file, which has a process of its own, put their sockets here.
const runtime = mkdtempSync(join(tmpdir(), 'rx-'));
process.env.XDG_RUNTIME_DIR = runtime;
const trees = join(runtime, 'rxtractor');
test.after.always('nothing is left in the folder of all trees', t => {
  t.deepEqual(readdirSync(trees), []);
  rmSync(runtime, {recursive: true});
});

const make = (temporary: string): Folder => makeFolder({treeId: 'conformance', temporary, env: {}});
const baseIn = (temporary: string): string => join(temporary, `rxtractor-${process.getuid?.()}`);
const mode = (path: string): number => lstatSync(path).mode & 0o777;
const refused = (t: ExecutionContext, why: RegExp): unknown =>
  t.throws(() => make(folder(t)), {instanceOf: ResourceExhausted, message: why});

/** The path of a socket of this process's root. */
const ownPath = async (): Promise<string> => ((await addresses())[0] as string).slice('unix:'.length);

test('each_tpt/test_macos_rt_dir_fits_uds_path_limit: every path of a socket fits the system, and a folder where it could not is refused (D3)', t => {
  const fits = make(folder(t));
  for (let i = 0; i < 100; i++) t.true(Buffer.byteLength(fits.newSocketPath()) <= maxPathBytes);
  const deep = join(folder(t), 'd'.repeat(90));
  mkdirSync(deep);
  t.throws(() => make(deep), {instanceOf: ResourceExhausted, message: /too deep/});
});

test('each_tpt/test_macos_rt_dir_rejects_symlink: a symbolic link in the place of the folder is refused (D3)', t => {
  const elsewhere = join(folder(t), 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, baseIn(folder(t)));
  refused(t, /is a symbolic link/);
  t.deepEqual(readdirSync(elsewhere), []);
});

/** As a root that was killed leaves it. */
function deadFolder(base: string): string {
  const {space} = thisOwner();
  const path = join(base, `99999999-1-dead${space === '' ? '' : `-${space}`}`);
  mkdirSync(path, {recursive: true, mode: 0o700});
  writeFileSync(join(path, '0-socket'), '');
  return path;
}

test.serial(
  'each_tpt/test_reaper_uses_default_uds_bindspace: what dead trees have left is removed from where the next has its own (D3)',
  async t => {
    const dead = deadFolder(trees);
    await openNursery(async () => t.is(dirname(dirname(await ownPath())), trees));
    t.false(existsSync(dead));
  },
);

test.serial(
  'each_tpt/test_automatic_reaper_preserves_registry_sentinel: the socket of a registrar at a path of its own is nobody’s to remove (D3)',
  async t => {
    mkdirSync(trees, {recursive: true, mode: 0o700});
    const path = join(trees, 'registrar');
    const server = createServer().listen(path);
    await new Promise(resolve => server.once('listening', resolve));
    await openNursery(() => ownPath());
    sweep(trees);
    t.true(lstatSync(path).isSocket());
    await new Promise(resolve => server.close(resolve));
  },
);

test('each_tpt/test_rt_dir_rejects_non_directory: a file in the place of the folder is refused (D3)', t => {
  writeFileSync(baseIn(folder(t)), '');
  refused(t, /is not a folder/);
});

test('each_tpt/test_linux_rt_dir_secures_existing_path: a folder of ours that was open to others is closed to them (D3)', t => {
  mkdirSync(baseIn(folder(t)));
  chmodSync(baseIn(folder(t)), 0o777);
  make(folder(t));
  t.is(mode(baseIn(folder(t))), 0o700);
});

const isRoot = process.getuid?.() === 0;
(isRoot ? test : test.skip)(
  `each_tpt/test_linux_rt_dir_rejects_foreign_owner: a folder of somebody else is refused, and stays as it is (D3)${isRoot ? '' : ' (skipped: only root can give a folder away)'}`,
  t => {
    const base = baseIn(folder(t));
    mkdirSync(base);
    chmodSync(base, 0o755);
    chownSync(base, 65_534, 65_534);
    refused(t, /belongs to another user/);
    t.is(mode(base), 0o755);
  },
);

for (const [what, name] of Object.entries({
  long: 'n'.repeat(5_000),
  'of many bytes': 'ü漢🚀'.repeat(50),
  'a path': '../../etc/passwd',
}))
  test.serial(
    `each_tpt/test_uds_sockname_compaction: whatever an actor is called, its socket has a short plain name (D3) [${what}]`,
    async t => {
      const path = await openNursery(ownPath, {name});
      t.is(dirname(dirname(path)), trees);
      t.regex(basename(path), /^[0-9a-z]+-[0-9a-z]+$/);
      t.true(Buffer.byteLength(path) <= maxPathBytes);
    },
  );

test.serial(
  'each_tpt/test_uds_reaper_ignores_unreconstructable_path: what cannot be removed changes nothing of how the tree ended (D3, E6)',
  async t => {
    const stuck: string[] = [];
    const body = async (): Promise<string> => {
      const path = join(dirname(await ownPath()), 'a folder within');
      mkdirSync(path);
      stuck.push(path);
      return 'whole';
    };
    const options = {logLevel: 'silent'} as const;
    t.is(await openNursery(body, options), 'whole');
    const error = await t.throwsAsync(
      openNursery(async () => {
        await body();
        throw new RangeError('of the body');
      }, options),
      {instanceOf: RangeError, message: 'of the body'},
    );
    t.is(error.cause, undefined);
    t.true(stuck.length === 2 && stuck.every(path => existsSync(path)));
    for (const path of stuck) rmSync(dirname(path), {recursive: true});
  },
);

test.serial(
  'each_tpt/test_uds_bindspace_created_implicitly: the folder is made when an actor is first looked for there, and is gone with the tree (D3)',
  async t => {
    rmSync(trees, {recursive: true, force: true});
    await openNursery(async () => {
      t.false(existsSync(trees));
      const path = await ownPath();
      t.true(lstatSync(path).isSocket());
      t.is(mode(trees), 0o700);
      t.is(mode(dirname(path)), 0o700);
    });
    t.deepEqual(readdirSync(trees), []);
  },
);
