// A daemon that drains: by SIGTERM, and by the command, which finds it over its control socket.
import type {ExecutionContext} from 'ava';
import {SpawnFailed} from '../../lib/index.js';
import {double} from '../fixtures/hosted.js';
import {commandFile, rxtractor} from '../kit/command.js';
import {howEnded} from '../kit/ended.js';
import {eventually} from '../kit/eventually.js';
import {type Program, startNode} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {exitOf, expose, type Host, makeCertificates, removeCertificates, startHost, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

/** The name of the host has the pid of this process, so that two runs of this spec do not meet. */
const nameOf = (name: string): string => `${name}-${process.pid}`;

const stderrUntil = ({daemon, stderr}: Host, pattern: RegExp): Promise<unknown> =>
  eventually(() => pattern.test(stderr()), String(pattern), {unless: () => howEnded(daemon)});

/** An actor serves, the daemon is asked to drain, and what follows is asked of both. */
async function drainWithActor(t: ExecutionContext, name: string, ask: (host: Host) => Promise<unknown>): Promise<Host> {
  const host = await startHost(t, name);
  await withHosts([host], async nursery => {
    const portal = await nursery.startActor('worker', {expose, host: name});
    await ask(host);
    const error = await t.throwsAsync(nursery.startActor('late', {expose, host: name}), {instanceOf: SpawnFailed});
    t.is(error.phase, 'place');
    t.regex(error.offers?.[0]?.refused ?? '', /^it drains: it takes no new actors/);
    t.is(await portal.run(double, 21), 42);
    t.is(host.daemon.exitCode, null);
    t.true(await portal.cancelActor());
  });
  t.is(await exitOf(host), 0);
  return host;
}

test('after SIGTERM a daemon takes no new actors, its actor goes on, and it ends with 0 after the last one', async t => {
  await drainWithActor(t, nameOf('h1'), host => {
    host.daemon.kill('SIGTERM');
    return stderrUntil(host, /takes no new actors, and ends after those that it has: 1\n/);
  });
});

test('rxtractor host --drain finds the daemon by its name, waits for its end, and ends with 0', async t => {
  const [name, other] = [nameOf('h2'), nameOf('h3')];
  const bystander = await startHost(t, other);
  let command: Program | undefined;
  await drainWithActor(t, name, async () => {
    const asking = startNode(t, [commandFile, 'host', '--drain', '--name', name]);
    command = asking;
    await eventually(() => asking.stdout.includes('\n'), 'a line of the command', {
      unless: () => howEnded(asking.process),
    });
    t.is(command.stdout, `${name} takes no new actors, and ends after those that it has: 1\n`);
    t.is(command.process.exitCode, null);
  });
  t.deepEqual(await command?.exited, {code: 0, signal: null});
  t.is(command?.stderr, '');
  t.is(bystander.daemon.exitCode, null);
  const none = await rxtractor(['host', '--drain', '--name', name]);
  t.is(none.code, 1);
  t.regex(
    none.stderr,
    new RegExp(`no daemon of the host ${name} runs here as this user \\(.*${other}.*\\): give its --name`),
  );
});

test('a daemon that has no actors drains at once, although a program is connected', async t => {
  const host = await startHost(t, 'h1');
  await withHosts([host], async nursery => {
    await (await nursery.startActor('worker', {expose, host: 'h1'})).cancelActor();
    host.daemon.kill('SIGTERM');
    t.is(await exitOf(host), 0);
    const error = await t.throwsAsync(nursery.startActor('late', {expose, host: 'h1'}), {instanceOf: SpawnFailed});
    t.is(error.phase, 'place');
  });
});

test('Ctrl-C ends a daemon at once: with 1 when it has killed actors, with 0 when it had none', async t => {
  const [idle, busy] = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  idle.daemon.kill('SIGINT');
  t.is(await exitOf(idle), 0);
  const died = await t.throwsAsync(
    withHosts([busy], async nursery => {
      const portal = await nursery.startActor('worker', {expose, host: 'h2'});
      busy.daemon.kill('SIGINT');
      await portal.ended;
    }),
    {code: 'ERR_DIED'},
  );
  t.regex(String(died), /SIGKILL/);
  t.is(await exitOf(busy), 1);
  t.regex(busy.stderr(), /has killed the actors that it had: 1\n/);
});
