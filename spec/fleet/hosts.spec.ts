// Actors on other hosts: daemons on loopback, started by the command, and this process as the root.
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {
  type ActorDied,
  type Nursery,
  openNursery,
  RemoteActorError,
  type RootOptions,
  SpawnFailed,
} from '../../lib/index.js';
import * as hosted from '../fixtures/hosted.js';
import {commandFile, rxtractor} from '../kit/command.js';
import {patient} from '../kit/patient.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rxtractor-hosts-'));
const certificates = ['openssl', 'other'].map(name => join(folder, name)) as [string, string];
const [ours, others] = certificates;
const {double, whoAmI, countTo, refuse, print, leave, spin} = hosted;
const expose = Object.values(hosted);

const test = spawning({takesLong: true, last: () => rmSync(folder, {recursive: true})});

test.before(async t => {
  for (const dir of certificates) {
    const {code, stdout} = await rxtractor(['host', '--dev', dir]);
    t.is(code, 0);
    t.deepEqual(
      stdout.trim().split('\n'),
      ['ca.pem', 'host.pem', 'host-key.pem', 'client.pem', 'client-key.pem'].map(file => join(dir, file)),
    );
  }
});

const pem = (dir: string, name: string) => readFileSync(join(dir, `${name}.pem`));
const tlsOf = (dir: string, name: string) => ({cert: pem(dir, name), key: pem(dir, `${name}-key`), ca: pem(dir, 'ca')});

interface Host {
  readonly address: string;
  readonly daemon: ChildProcess;
}

async function startHost(t: ExecutionContext, name: string, args: readonly string[] = []): Promise<Host> {
  const files = ['--cert', join(ours, 'host.pem'), '--key', join(ours, 'host-key.pem'), '--ca', join(ours, 'ca.pem')];
  const user = process.getuid?.() === 0 ? ['--user', 'root'] : [];
  const own = ['host', '--listen', 'tls://127.0.0.1:0', '--name', name, '--app', root, '--may-spawn', 'CN=client'];
  const daemon = spawn(process.execPath, [commandFile, ...own, ...files, ...user, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {APP_HOME: 'there', SECRET: 'of the host'},
  });
  t.teardown(async () => {
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await gone;
  });
  const [said] = await once(daemon.stdout, 'data');
  const [, address = ''] = new RegExp(`^rxtractor host ${name} is ready: (.*)\n$`).exec(String(said)) ?? [];
  t.regex(address, /^tls:\/\/127\.0\.0\.1:\d+$/);
  return {address, daemon};
}

/** Runs a body in a root that has these hosts. */
function withHosts<T>(
  hosts: readonly Host[],
  body: (nursery: Nursery) => Promise<T>,
  options: RootOptions = {},
): Promise<T> {
  const addresses = hosts.map(({address}) => address);
  return openNursery(body, {...patient, hosts: addresses, tls: tlsOf(ours, 'client'), ...options});
}

test('an actor on another host is called, streams, fails and prints as one at home', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2', ['--allow-env', 'APP_*'])];
  const pid = await withHosts(hosts, async (nursery): Promise<number> => {
    const portal = await nursery.startActor('worker', {expose, host: 'h2', env: {APP_MODE: 'fast'}, stdio: 'pipe'});
    const lines: string[] = [];
    portal.output.subscribe(({stream, line}) => lines.push(`${stream}: ${line}`));
    t.is(await portal.run(double, 21), 42);
    const {name, host, ppid, cwd, env} = await portal.run(whoAmI);
    t.deepEqual([name, host, portal.actor.host], ['worker', 'h2', 'h2']);
    t.is(ppid, hosts[1]?.daemon.pid ?? 0);
    t.is(`${cwd}/`, root);
    // Only those of the daemon's variables that are on its list, and nothing of this process.
    t.deepEqual(env, {APP_HOME: 'there', APP_MODE: 'fast'});
    let last = 0;
    for await (const value of portal.stream(countTo, 5_000)) last = value;
    t.is(last, 5_000);
    const error = await t.throwsAsync(portal.run(refuse), {instanceOf: RemoteActorError});
    t.is((error.cause as Error).message, 'too large');
    await portal.run(print);
    while (lines.length < 2) await new Promise(resolve => setTimeout(resolve, 10));
    t.deepEqual(lines.toSorted(), ['stderr: to stderr', 'stdout: to stdout']);
    return portal.actor.pid;
  });
  t.false(isAlive(pid));
});

test('by its address a host is found too, and an actor in a busy loop is killed there', async t => {
  const host = await startHost(t, 'h1');
  await withHosts(
    [host],
    async nursery => {
      const portal = await nursery.startActor('worker', {expose, host: host.address});
      portal.run(spin).catch(() => {});
      t.false(await portal.cancelActor());
      t.false(isAlive(portal.actor.pid));
    },
    {timeouts: {...patient.timeouts, cancelAck: 300, exit: 600}},
  );
});

test('what a host refuses is told with its name and the reason', async t => {
  const host = await startHost(t, 'h1', ['--max-actors', '1']);
  await withHosts([host], async nursery => {
    const refused = async (options: object, pattern: RegExp): Promise<void> => {
      const error = await t.throwsAsync(nursery.startActor('x', {expose, host: 'h1', ...options}), {
        instanceOf: SpawnFailed,
      });
      t.is(error.phase, 'place');
      t.is(error.offers?.length, 1);
      t.regex(error.message, pattern);
      t.regex(`${error.offers?.[0]?.host}: ${error.offers?.[0]?.refused}`, pattern);
    };
    await refused({env: {PATH: '/tmp', NODE_ENV: 'test'}}, /h1: env: PATH may not be set here \(--allow-env\)/);
    await refused({execArgv: ['--inspect']}, /h1: execArgv: --inspect is not allowed here/);
    await refused({host: 'h9'}, /h1: its name is h1/);
    await refused({expose: [new URL('file:///etc/hosts')]}, /h1: file:\/\/\/etc\/hosts is a file of no app/);
    const portal = await nursery.startActor('first', {expose, host: 'h1'});
    await refused({}, /h1: it has 1 actors already \(--max-actors\)/);
    await portal.cancelActor();
    for (const wrong of [{backend: 'thread'}, {backend: 'inline'}, {cwd: 'dist'}, {host: ''}] as const)
      await t.throwsAsync(nursery.startActor('x', {expose, host: 'h1', ...wrong}), {instanceOf: TypeError});
  });
});

test('who may not place actors is told so, and a certificate of another authority is refused', async t => {
  const host = await startHost(t, 'h1');
  const place = (tls: RootOptions['tls']) =>
    withHosts([host], nursery => nursery.startActor('x', {expose, host: 'h1'}), tls ? {tls} : {});
  const unlisted = await t.throwsAsync(place(tlsOf(ours, 'host')), {instanceOf: SpawnFailed});
  t.regex(unlisted.message, /h1: the certificate of CN=host may not place actors here \(--may-spawn\)/);
  const stranger = await t.throwsAsync(place(tlsOf(others, 'client')), {instanceOf: SpawnFailed});
  t.is(stranger.phase, 'place');
  t.regex(stranger.message, /certificate/);
});

test('hosts without certificates, and what is not a list of tls: addresses, is a TypeError', async t => {
  for (const options of [
    {hosts: ['tls://h1:7400']},
    {hosts: 'nats://h1', tls: tlsOf(ours, 'client')},
    {hosts: ['tcp://127.0.0.1:1'], tls: tlsOf(ours, 'client')},
  ])
    await t.throwsAsync(
      openNursery(async () => {}, options as RootOptions),
      {instanceOf: TypeError},
    );
  await openNursery(async nursery => {
    await t.throwsAsync(nursery.startActor('x', {expose, host: 'h1'}), {instanceOf: TypeError, message: /needs hosts/});
  }, patient);
});

/** The death of an actor whose owner asks for nothing: the nursery fails with it. */
async function deathOf(
  t: ExecutionContext,
  host: Host,
  end: (pid: number) => unknown,
  lease = 15_000,
): Promise<{died: ActorDied; pid: number}> {
  let pid = 0;
  const timeouts = {...patient.timeouts, lease};
  const died = (await t.throwsAsync(
    withHosts(
      [host],
      async nursery => {
        const portal = await nursery.startActor('worker', {expose, host: 'h1'});
        pid = portal.actor.pid;
        await end(pid);
        await portal.ended;
      },
      {timeouts},
    ),
  )) as ActorDied;
  return {died, pid};
}

test('T17: an actor that exits or is killed there dies with its code or signal', async t => {
  const host = await startHost(t, 'h1');
  const killed = await deathOf(t, host, pid => process.kill(pid, 'SIGKILL'));
  t.deepEqual(
    [killed.died.code, killed.died.exit, killed.died.lost],
    ['ERR_DIED', {code: null, signal: 'SIGKILL'}, false],
  );
  await withHosts([host], async nursery => {
    const portal = await nursery.startActor('worker', {expose, host: 'h1'});
    await t.throwsAsync(portal.run(leave, 7), {code: 'ERR_DIED', message: /exit code 7/});
  }).catch(error => t.is(error.exit.code, 7));
});

test('T11: when the daemon is killed its actors end with it, and their owner is told that nobody has seen how', async t => {
  const host = await startHost(t, 'h1');
  const {died, pid} = await deathOf(t, host, () => host.daemon.kill('SIGKILL'));
  t.deepEqual([died.code, died.exit, died.lost], ['ERR_DIED', {code: null, signal: null}, false]);
  t.regex(died.message, /nothing is known of its end on h1: its daemon has ended/);
  t.deepEqual(await untilGone([pid]), []);
});

test('a host that is not heard for longer than the lease has lost its actors, and kills them itself when it goes on', async t => {
  const host = await startHost(t, 'h1');
  const {died, pid} = await deathOf(t, host, () => host.daemon.kill('SIGSTOP'), 8_000);
  t.deepEqual([died.code, died.lost], ['ERR_DIED', true]);
  t.regex(died.message, /nothing is known of its end on h1: it was not heard for \d+ ms \(timeouts.lease\)/);
  host.daemon.kill('SIGCONT');
  t.deepEqual(await untilGone([pid]), []);
  // A new actor of the name works.
  t.is(
    await withHosts([host], async nursery => (await nursery.startActor('worker', {expose, host: 'h1'})).run(double, 4)),
    8,
  );
});

for (const [what, signal, lease] of [
  ['is killed', 'SIGKILL', 60_000],
  ['stands still for longer than the lease', 'SIGSTOP', 1_000],
] as const)
  test(`T11: when a program ${what}, the host ends its actor`, async t => {
    const host = await startHost(t, 'h1');
    const file = fileURLToPath(new URL('../fixtures/hosting-root.js', import.meta.url));
    const program = spawn(process.execPath, [file, host.address, ours, String(lease)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(async () => {
      const gone = once(program, 'exit');
      if (program.kill('SIGKILL')) await gone;
    });
    const [said] = await once(program.stdout, 'data');
    const pid = Number(String(said));
    t.true(isAlive(pid));
    program.kill(signal);
    t.deepEqual(await untilGone([pid]), []);
  });

test('T3: an actor that cannot import its module on the host is not started', async t => {
  const host = await startHost(t, 'h1');
  const url = new URL('../fixtures/throws-at-import.js', import.meta.url);
  await withHosts([host], async nursery => {
    const error = await t.throwsAsync(nursery.startActor('x', {expose: [url], host: 'h1'}), {instanceOf: SpawnFailed});
    t.is(error.phase, 'import');
  });
});
