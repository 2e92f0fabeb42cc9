// Actors on other hosts: daemons on loopback, started by the command, and this process as the root.
import {type Nursery, openNursery, RemoteActorError, type RootOptions, SpawnFailed} from '../../lib/index.js';
import * as hosted from '../fixtures/hosted.js';
import {eventually} from '../kit/eventually.js';
import {patient, unhurried} from '../kit/patient.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {
  appFolder,
  deathOf,
  expose,
  makeCertificates,
  others,
  ours,
  removeCertificates,
  startHost,
  tlsOf,
  withHosts,
} from './daemons.js';

const {double, whoAmI, countTo, refuse, print, leave, spin} = hosted;

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

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
    t.is(`${cwd}/`, appFolder);
    // Only those of the daemon's variables that are on its list, and nothing of this process.
    t.deepEqual(env, {APP_HOME: 'there', APP_MODE: 'fast'});
    let last = 0;
    for await (const value of portal.stream(countTo, 5_000)) last = value;
    t.is(last, 5_000);
    const error = await t.throwsAsync(portal.run(refuse), {instanceOf: RemoteActorError});
    t.is((error.cause as Error).message, 'too large');
    await portal.run(print);
    await eventually(() => lines.length >= 2, 'its output');
    t.deepEqual(lines.toSorted(), ['stderr: to stderr', 'stdout: to stdout']);
    return portal.actor.pid;
  });
  t.false(isAlive(pid));
});

test('T3: the time for a start does not end an actor that was started in time', async t => {
  const host = await startHost(t, 'h1');
  const spawn = 12_000;
  await withHosts(
    [host],
    async nursery => {
      const begun = performance.now();
      const portal = await nursery.startActor('worker', {expose, host: 'h1'});
      // Nothing shows that a time is over for which nothing happens.
      await new Promise(resolve => setTimeout(resolve, begun + spawn + 500 - performance.now()));
      t.is(await portal.run(double, 4), 8);
    },
    {timeouts: {...patient.timeouts, spawn}},
  );
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
    {timeouts: {...patient.timeouts, cancelAck: 300, exit: 600, lease: 300_000}},
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

test('a subject that has used up its quota is told which and what to do, and another subject is not refused', async t => {
  const quotas = ['--subject-actors', '1', '--subject-actors', 'CN=host:8', '--subject-spawns', 'CN=host:1'];
  const host = await startHost(t, 'h1', ['--may-spawn', 'CN=host', ...quotas]);
  const start = (nursery: Nursery) => nursery.startActor('x', {expose, host: 'h1'});
  const refusalOf = (error: unknown): string => {
    t.true(error instanceof SpawnFailed);
    const {phase, offers} = error as SpawnFailed;
    t.is(phase, 'place');
    t.is(offers?.[0]?.host, 'h1');
    return offers?.[0]?.refused ?? '';
  };
  const roots = {...unhurried, hosts: [host.address]};
  await using client = await openNursery({...roots, tls: tlsOf(ours, 'client')});
  await using other = await openNursery({...roots, tls: tlsOf(ours, 'host')});
  const first = await start(client);
  t.is(
    refusalOf(await t.throwsAsync(start(client))),
    'CN=client has 1 actors here, as many as it may have (--subject-actors 1): end one of them, or use another host',
  );
  // Both orders are sent in one turn.
  const [second, third] = await Promise.allSettled([start(other), start(other)]);
  t.deepEqual([second.status, third.status].toSorted(), ['fulfilled', 'rejected']);
  for (const settled of [second, third])
    if (settled.status === 'rejected')
      t.regex(
        refusalOf(settled.reason),
        /^CN=host has started 1 actors here within a second, as many as it may \(--subject-spawns 1\): try again in \d+ ms, or use another host$/,
      );
  await first.cancelActor();
  t.is(await (await start(client)).run(double, 2), 4);
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
    {hosts: 'nats://h1:0', tls: tlsOf(ours, 'client')},
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

test('T17: an actor that exits or is killed there dies with its code or signal', async t => {
  const host = await startHost(t, 'h1');
  const killed = await deathOf(t, host, ({actor}) => process.kill(actor.pid, 'SIGKILL'));
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
    const program = startProgram(t, 'hosting-root', {args: [host.address, ours, String(lease)]});
    const pid = await program.next<number>();
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
