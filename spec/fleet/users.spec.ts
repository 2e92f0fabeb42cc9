// A daemon that root has started, and that becomes another user.
import {execFileSync} from 'node:child_process';
import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {double, spin} from '../fixtures/hosted.js';
import * as rules from '../fixtures/hosted-rules.js';
import {commandFile, rxtractor} from '../kit/command.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';
import {exitOf, makeCertificates, expose as others, ours, removeCertificates, startHost, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const expose = [...others, ...Object.values(rules)];
const user = 'nobody';
const [, , uid = 0, gid = 0] = (
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(row => row.startsWith(`${user}:`)) ?? ''
)
  .split(':')
  .map(Number);

const why = ((): string => {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  if (uid === 0) return `there is no user ${user}`;
  try {
    execFileSync(process.execPath, ['-e', `fs.accessSync(${JSON.stringify(commandFile)})`], {
      uid,
      gid,
      stdio: 'ignore',
    });
    return '';
  } catch {
    return `${user} may not read this checkout`;
  }
})();
const testAsRoot = why === '' ? test : test.skip;
const title = (text: string): string => (why === '' ? text : `${text} (skipped: ${why})`);

testAsRoot(
  title('with --user a daemon of root reads the key of root, runs actors as the user, and is drained as that user'),
  async t => {
    const name = `h1-${process.pid}`;
    const host = await startHost(t, name, [], {user});
    t.is(statSync(join(ours, 'host-key.pem')).mode & 0o077, 0);
    const pid = await withHosts([host], async nursery => {
      const portal = await nursery.startActor('worker', {expose, host: name});
      const {ids, groups} = await portal.run(rules.userHere);
      t.deepEqual(ids, [uid, uid, gid, gid]);
      t.deepEqual(groups, [gid]);
      t.is(await portal.run(double, 21), 42);
      return portal.actor.pid;
    });
    t.false(isAlive(pid));
    // Root itself has no such daemon.
    t.is((await rxtractor(['host', '--drain', '--name', name])).code, 1);
    t.is((await rxtractor(['host', '--drain', '--name', name, '--user', user])).code, 0);
    t.is(await exitOf(host), 0);
  },
);

testAsRoot(
  title('T11: the actors of a daemon that has become another user die with it, also in a busy loop'),
  async t => {
    const host = await startHost(t, 'h1', [], {user});
    await t.throwsAsync(
      withHosts([host], async nursery => {
        const busy = await nursery.startActor('busy', {expose, host: 'h1'});
        const spinning = busy.run(spin);
        host.daemon.kill('SIGKILL');
        t.deepEqual(await untilGone([busy.actor.pid]), []);
        await spinning;
      }),
      {code: 'ERR_DIED'},
    );
  },
);

testAsRoot(title('root without --user is refused with 64, and so is a user that is not there'), async t => {
  const own = ['host', '--app', '.', '--may-spawn', 'CN=client'];
  const files = ['--cert', join(ours, 'host.pem'), '--key', join(ours, 'host-key.pem'), '--ca', join(ours, 'ca.pem')];
  for (const [args, message] of [
    [[], /it does not run as root: --user NAME says as whom/],
    [['--user', 'nobody-at-all'], /there is no user nobody-at-all/],
  ] as const) {
    const {code, stderr} = await rxtractor([...own, ...files, ...args]);
    t.is(code, 64);
    t.regex(stderr, message);
  }
});
