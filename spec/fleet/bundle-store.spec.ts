// The bundles of a host as files, and what a program may ship. Nothing is started.
import {createHash} from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import test from 'ava';
import {SpawnFailed} from '../../lib/base/errors.js';
import {UsageError} from '../../lib/cli/command.js';
import {host} from '../../lib/cli/host.js';
import type {Io} from '../../lib/cli/io.js';
import {bundleAt, bundleIn, isBundle, maxBundleBytes} from '../../lib/fleet/bundle.js';
import {BundleDoor} from '../../lib/fleet/bundle-door.js';
import {BundleStore} from '../../lib/fleet/bundle-store.js';
import {checkBundle} from '../../lib/fleet/check-order.js';
import {hostPlanOf} from '../../lib/fleet/host-addresses.js';

const base = mkdtempSync(join(tmpdir(), 'rxtractor-bundles-spec-'));
test.after.always(() => rmSync(base, {recursive: true}));

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bundleOf = (text: string) => {
  const bytes = Buffer.from(text);
  return {bytes, key: {hash: hashOf(bytes), size: bytes.length}};
};
async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** The files of the only installation that has a folder there. */
const filesIn = (folder: string): string[] => {
  const [inner = ''] = readdirSync(folder);
  return readdirSync(join(folder, inner)).filter(name => name !== 'node_modules');
};

test('a bundle is stored when all of it has come, and nothing is left of one that is not the one that was told', async t => {
  const folder = join(base, 'whole');
  const store = BundleStore.open(folder);
  const {bytes, key} = bundleOf('export const one = 1;');
  t.false(await store.has(key.hash));
  for (const [chunks, message] of [
    [[bytes.subarray(0, 5)], /^only 5 of its 21 bytes have come$/],
    [[bytes, bytes], undefined],
    [[Buffer.concat([bytes, bytes])], /^more has come than the 21 bytes/],
    [[Buffer.alloc(21)], /^it has another hash \(sha256 \w{12}\) than was told \(\w{12}\)/],
    [['text'], /malformed/],
  ] as const) {
    const storing = store.store(key, chunksOf(...(chunks as readonly Uint8Array[])));
    if (message) {
      await t.throwsAsync(storing, {message});
      t.false(filesIn(folder).some(name => name.endsWith('.part')));
    } else await storing;
  }
  t.deepEqual(filesIn(folder), [`${key.hash}.mjs`]);
  t.true(await store.has(key.hash));
  t.is(((await import(store.urlOf(key.hash) ?? '')) as {one: number}).one, 1);
});

test('a bundle finds the library beside it, and a damaged one is taken for missing', async t => {
  const store = BundleStore.open(join(base, 'library'));
  const {bytes, key} = bundleOf("export {task} from 'rxtractor';\nexport {of} from 'rxjs';\n");
  await store.store(key, chunksOf(bytes));
  const url = store.urlOf(key.hash) ?? '';
  const {task} = (await import(url)) as {task: unknown};
  t.is(task, (await import('../../lib/index.js')).task);
  const file = fileURLToPath(url);
  chmodSync(file, 0o600);
  writeFileSync(file, 'damaged');
  t.false(await store.has(key.hash));
  t.is(store.urlOf(key.hash), undefined);
});

test('only the 16 bundles that were used last are kept', async t => {
  const folder = join(base, 'many');
  const store = BundleStore.open(folder);
  const bundles = Array.from({length: 17}, (_, n) => bundleOf(`export const n = ${n};`));
  for (const [n, {bytes, key}] of bundles.slice(0, 16).entries()) {
    await store.store(key, chunksOf(bytes));
    utimesSync(fileURLToPath(store.urlOf(key.hash) ?? ''), n, n);
  }
  // The oldest is used once more.
  t.true(await store.has(bundles[0]?.key.hash ?? ''));
  await store.store(bundles[16]?.key ?? {hash: '', size: 0}, chunksOf(bundles[16]?.bytes ?? Buffer.of()));
  const gone = bundles.filter(({key}) => store.urlOf(key.hash) === undefined);
  t.deepEqual(gone, [bundles[1]]);
});

test('a folder that is a link, or that others may open, is not used', t => {
  const [open, link, shared] = ['open', 'link', 'shared'].map(name => join(base, name)) as [string, string, string];
  mkdirSync(open, {mode: 0o750});
  chmodSync(open, 0o750);
  t.throws(() => BundleStore.open(open), {message: /is not private: .*open is open to others \(mode 750\)\. It needs/});
  symlinkSync(base, link);
  t.throws(() => BundleStore.open(link), {message: /is a symbolic link/});
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  t.throws(() => BundleStore.open(join(shared, 'bundles')), {message: /lets others replace/});
  const store = BundleStore.open(join(base, 'later'));
  t.is(store.fault, undefined);
  chmodSync(join(base, 'later'), 0o701);
  t.regex(store.fault ?? '', /later is open to others \(mode 701\)/);
});

test('an order runs the bundle of another subject as little as one that is not there', async t => {
  const folder = join(base, 'door');
  const door = new BundleDoor({from: ['CN=deploy'], folder});
  const {bytes, key} = bundleOf('export const secret = 1;');
  t.throws(() => door.urlOf(key.hash, ['CN=deploy']), {
    instanceOf: SpawnFailed,
    message: 'it does not have the bundle any more: try again',
  });
  await BundleStore.open(folder).store(key, chunksOf(bytes));
  t.true(door.urlOf(key.hash, ['CN=deploy']).endsWith(`${key.hash}.mjs`));
  t.throws(() => door.urlOf(key.hash, ['CN=ci']), {
    instanceOf: SpawnFailed,
    message: /CN=ci may not bring bundles here/,
  });
  t.is(bundleIn(`bundle:${key.hash}`), key.hash);
  for (const path of ['bundle:../../x', 'bundle:', key.hash]) t.is(bundleIn(path), undefined);
});

test('a file that cannot be shipped is refused when the root opens', t => {
  const file = join(base, 'worker.mjs');
  t.throws(() => bundleAt(file), {
    instanceOf: TypeError,
    message: `ship: there is no file ${file}: build the bundle first`,
  });
  t.throws(() => bundleAt(base), {instanceOf: TypeError});
  writeFileSync(file, '');
  t.throws(() => bundleAt(file), {instanceOf: TypeError, message: /is empty/});
  truncateSync(file, maxBundleBytes + 1);
  t.throws(() => bundleAt(file), {instanceOf: TypeError, message: /has 32\.0 MiB: a bundle has at most 32 MiB/});
  const {bytes, key} = bundleOf('export {};');
  writeFileSync(file, bytes);
  const bundle = bundleAt(pathToFileURL(file));
  t.like(bundle, key);
  t.true(isBundle(bundle, pathToFileURL(file).href));
  t.false(isBundle(bundle, 'pkg:@shop/worker@3.2.1/main.js'));
  t.throws(() => hostPlanOf({ship: file}), {instanceOf: TypeError, message: /^ship is for a program with hosts/});
  const plan = {hosts: ['tls://h1:7400'], tls: {cert: '', key: '', ca: ''}};
  t.throws(() => hostPlanOf({...plan, ship: 7 as never}), {instanceOf: TypeError, message: /^ship is a text/});
});

test('a malformed question for a bundle is refused, and so are options of the daemon that make no sense', async t => {
  t.notThrows(() => checkBundle({hash: 'ab'.repeat(32), size: 1}));
  for (const wrong of [
    undefined,
    {hash: '../x', size: 1},
    {hash: 'ab'.repeat(32), size: 0},
    {hash: 7, size: 1},
    {hash: 'ab'.repeat(32), size: 1.5},
  ])
    t.throws(() => checkBundle(wrong), {instanceOf: SpawnFailed});
  for (const [options, message] of [
    [{'accept-bundles': true}, /^--accept-bundles needs --bundles-from/],
    [{'bundles-from': ['CN=ci']}, /are for --accept-bundles$/],
    [{'bundle-folder': base}, /are for --accept-bundles$/],
  ] as const)
    await t.throwsAsync(host.run({options: {'may-spawn': ['CN=ci'], ...options}}, {} as Io), {
      instanceOf: UsageError,
      message,
    });
});
