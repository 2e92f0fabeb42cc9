// Bundles that a program ships to hosts which have none of its code: real daemons, and a bundle that a bundler has made.
import {chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {ExecutionContext} from 'ava';
import {rolldown} from 'rolldown';
import type {Actor} from '../../lib/actor/actor.js';
import {current} from '../../lib/base/current.js';
import {bundleThere} from '../../lib/fleet/contract.js';
import {HostLink} from '../../lib/fleet/host-link.js';
import {Road} from '../../lib/fleet/road.js';
import {
  type ActorOptions,
  type Marked,
  type Nursery,
  RemoteActorError,
  type RootOptions,
  SpawnFailed,
} from '../../lib/index.js';
import {type NetworkAddress, parseAddress} from '../../lib/transport/address.js';
import {startNatsServer, withoutNatsServer} from '../kit/nats-server.js';
import {spawning} from '../kit/spawning.js';
import {untilHeard, withBroker} from './brokers.js';
import {
  appFolder,
  folder,
  type Host,
  makeCertificates,
  ours,
  removeCertificates,
  startHost,
  tlsOf,
  withHosts,
} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const testWithBroker = withoutNatsServer === undefined ? test : test.skip;
const needs = withoutNatsServer === undefined ? '' : ` (skipped: ${withoutNatsServer})`;

/** The folder of the program. No host has it. */
const home = join(folder, 'home');
const file = join(home, 'dist', 'worker.mjs');
/** An app that has nothing of the program. */
const app = join(folder, 'bare');

interface Made {
  readonly triple: ((value: number) => number) & Marked<'task'>;
  readonly where: (() => string) & Marked<'task'>;
}

/** The functions of the bundle as the program has imported them. */
let made: Made;

test.before('a bundler joins two modules', async () => {
  mkdirSync(join(home, 'node_modules'), {recursive: true});
  symlinkSync(appFolder, join(home, 'node_modules', 'rxtractor'));
  writeFileSync(join(home, 'factor.js'), 'export const factor = 3;\n');
  writeFileSync(
    join(home, 'worker.js'),
    `import {task} from 'rxtractor';
import {factor} from './factor.js';
// More than one message holds.
export const filling = '${'-'.repeat(1_000_000)}';
export const triple = task(value => factor * value);
export const where = task(() => import.meta.url);
`,
  );
  const bundle = await rolldown({input: join(home, 'worker.js'), external: ['rxtractor'], platform: 'node'});
  await bundle.write({file, format: 'esm'});
  await bundle.close();
  made = (await import(pathToFileURL(file).href)) as Made;
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{"name": "bare"}');
});

const folderOf = (name: string): string => join(folder, `bundles-${name}`);
const accepts = (name: string, from = 'CN=client'): string[] => [
  '--accept-bundles',
  '--bundles-from',
  from,
  '--bundle-folder',
  folderOf(name),
];

const startBare = (t: ExecutionContext, name: string, args: readonly string[]): Promise<Host> =>
  startHost(t, name, args, {app});

const ship = <T>(hosts: readonly Host[], body: (nursery: Nursery) => Promise<T>, options: RootOptions = {}) =>
  withHosts(hosts, body, {ship: file, ...options});

const start = (nursery: Nursery, host: string, options: Partial<ActorOptions> = {}) =>
  nursery.startActor('worker', {expose: [made.triple, made.where], host, ...options});

/** Why the host refuses an actor of the bundle. */
async function refusalOf(t: ExecutionContext, starting: Promise<unknown>, name: string): Promise<string> {
  const error = await t.throwsAsync(starting, {instanceOf: SpawnFailed});
  t.is(error.phase, 'place');
  t.deepEqual(
    error.offers?.map(offer => offer.host),
    [name],
  );
  return error.offers?.[0]?.refused ?? '';
}

/** The bundles that a host has, with the number of each file: a bundle that came again would have another one. */
function keptBy(name: string): string[] {
  const base = folderOf(name);
  return readdirSync(base).flatMap(inner =>
    readdirSync(join(base, inner))
      .filter(entry => entry !== 'node_modules')
      .map(entry => `${entry} ${statSync(join(base, inner, entry)).ino}`),
  );
}

test('a bundle runs on hosts that have none of its code, and is sent once to each', async t => {
  const hosts = [await startBare(t, 'h1', accepts('h1')), await startBare(t, 'h2', accepts('h2'))];
  const bytes = readFileSync(file);
  t.teardown(() => writeFileSync(file, bytes));
  await ship(hosts, async nursery => {
    // Side by side: the second one waits for the bundle of the first.
    const [one, two] = await Promise.all([start(nursery, 'h1'), start(nursery, 'h1')]);
    t.is(await one.run(made.triple, 7), 21);
    t.true((await two.run(made.where)).startsWith(pathToFileURL(folderOf('h1')).href));
    const kept = keptBy('h1');
    t.is(kept.length, 1);
    t.is(statSync(folderOf('h1')).mode & 0o777, 0o700);
    writeFileSync(file, '// A new build.\n');
    const three = await start(nursery, 'h1');
    t.is(await three.run(made.triple, 2), 6);
    t.is(
      await refusalOf(t, start(nursery, 'h2'), 'h2'),
      `the bundle ${file} has changed since this program was started (ship): start it again`,
    );
    rmSync(file);
    t.is(await (await start(nursery, 'h1')).run(made.triple, 3), 9);
    t.regex(
      await refusalOf(t, start(nursery, 'h2'), 'h2'),
      /^the bundle .*worker\.mjs cannot be read any more \(ship\): ENOENT/,
    );
    t.deepEqual(keptBy('h1'), kept);
    t.deepEqual(keptBy('h2'), []);
  });
  writeFileSync(file, bytes);
  // Another program with the same bundle.
  const kept = keptBy('h1');
  await ship(hosts, async nursery => {
    t.is(await (await start(nursery, 'h1')).run(made.triple, 4), 12);
    t.is(await (await start(nursery, 'any')).run(made.triple, 5), 15);
  });
  t.deepEqual(keptBy('h1'), kept);
});

test('a host takes no bundle without leave, from others than those it lists, and into a folder that others can open', async t => {
  const without = await startBare(t, 'h1', []);
  t.is(
    await ship([without], nursery => refusalOf(t, start(nursery, 'h1'), 'h1')),
    'it takes no bundles (--accept-bundles)',
  );
  const listed = await startBare(t, 'h3', [...accepts('h3'), '--may-spawn', 'CN=host']);
  t.is(
    await ship([listed], nursery => refusalOf(t, start(nursery, 'h3'), 'h3'), {tls: tlsOf(ours, 'host')}),
    'the certificate of CN=host may not bring bundles here (--bundles-from)',
  );
  t.deepEqual(keptBy('h3'), []);
  await ship([listed], async nursery => {
    t.is(await (await start(nursery, 'h3')).run(made.triple, 1), 3);
    chmodSync(folderOf('h3'), 0o755);
    t.is(
      await refusalOf(t, start(nursery, 'h3'), 'h3'),
      `its folder for bundles is not private: ${folderOf('h3')} is open to others (mode 755). It needs mode 700, or another folder (--bundle-folder)`,
    );
    chmodSync(folderOf('h3'), 0o700);
    t.is(await (await start(nursery, 'h3')).run(made.triple, 1), 3);
  });
  // A subject that may place actors does not run the bundle of another one, although it is there.
  t.regex(
    await ship([listed], nursery => refusalOf(t, start(nursery, 'h3'), 'h3'), {tls: tlsOf(ours, 'host')}),
    /may not bring bundles here/,
  );
});

test('a host takes no bundle that is too large, and keeps none whose bytes are others than was told', async t => {
  const host = await startBare(t, 'h4', accepts('h4'));
  await withHosts([host], async () => {
    const actor = current()?.runtime as Actor;
    const address = parseAddress(host.address) as NetworkAddress;
    const link = await HostLink.open(actor, new Road(actor, {host: 'h4', address, tls: tlsOf(ours, 'client')}));
    const refused = async (bringing: Promise<unknown>): Promise<string> => {
      const {cause} = await t.throwsAsync(bringing, {instanceOf: RemoteActorError});
      t.true(cause instanceof SpawnFailed);
      t.is((cause as SpawnFailed).phase, 'place');
      return (cause as SpawnFailed).message;
    };
    const hash = 'ab'.repeat(32);
    const bring = (size: number) => link.portal.openContext(bundleThere, {hash, size});
    t.is(await refused(bring(40 * 1024 * 1024)), 'the bundle has 40.0 MiB: a bundle has at most 32 MiB');
    const context = await bring(3);
    t.is(context.first, 'wanted');
    await context.openStream().send(new Uint8Array(3));
    t.regex(
      await refused(context.result()),
      /^it has not taken the bundle: it has another hash \(sha256 [0-9a-f]{12}\) than was told \(abababababab\), so it was changed on its way$/,
    );
    // The second one waits for the first, until that has stood still for too long.
    const silent = await bring(3);
    t.is((await bring(3)).first, 'wanted');
    t.is(await refused(silent.result()), 'it has not taken the bundle: nothing more of it has come for 3000 ms');
    t.deepEqual(
      keptBy('h4').filter(entry => !entry.includes('.part ')),
      [],
    );
    link.close();
  });
});

testWithBroker(`a bundle comes through the broker to a host that cannot be reached directly${needs}`, async t => {
  const broker = await startNatsServer(t);
  const name = 'localhost';
  await startBare(t, name, [...accepts(name), '--nats', broker.url, '--advertise', 'none']);
  const run = async (nursery: Nursery): Promise<void> => {
    await untilHeard(name);
    t.is(await (await start(nursery, name)).run(made.triple, 7), 21);
  };
  await withBroker(broker, run, {ship: file});
  t.is(keptBy(name).length, 1);
});
