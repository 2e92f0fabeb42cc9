// The lease of an actor on another host as the actor and the watchdog of its daemon have it: the token, the time that is left, the end.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {currentLease} from '../../lib/index.js';
import {double} from '../fixtures/hosted.js';
import * as rules from '../fixtures/hosted-rules.js';
import {patient} from '../kit/patient.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {
  deathOf,
  folder,
  makeCertificates,
  expose as others,
  ours,
  removeCertificates,
  startHost,
  withHosts,
} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const {tokenHere, tokenBelow, remainingHere, overstay} = rules;
const expose = [...others, ...Object.values(rules)];

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');

test('currentLease() gives the fencing token of an actor on another host: each is larger than those before', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  t.is(currentLease(), undefined);
  const tokensOfRoot = () =>
    withHosts(hosts, async nursery => {
      const local = await nursery.startActor('local', {expose});
      t.is(await local.run(tokenHere), undefined);
      const found: (string | undefined)[] = [];
      for (const host of ['h1', 'h2', 'h1']) {
        const portal = await nursery.startActor('worker', {expose, host});
        found.push(await portal.run(tokenHere));
        t.is(await portal.run(tokenHere), found.at(-1));
        t.is(await portal.run(tokenBelow), undefined);
        await portal.cancelActor();
      }
      return found;
    });
  // Two runs, one after the other.
  const tokens = [...(await tokensOfRoot()), ...(await tokensOfRoot())];
  for (const token of tokens) t.regex(token ?? '', /^\d{20}$/);
  t.deepEqual(tokens, [...new Set(tokens.toSorted())]);
});

test('the lease of an actor is renewed while its host and its root hear each other', async t => {
  const host = await startHost(t, 'h1');
  const lease = 6_000;
  await withHosts(
    [host],
    async nursery => {
      const portal = await nursery.startActor('worker', {expose, host: 'h1'});
      const begun = performance.now();
      // For longer than the lease: without a renewal, less than nothing would remain.
      for (;;) {
        const remaining = (await portal.run(remainingHere)) ?? 0;
        t.true(remaining > 0 && remaining <= lease, String(remaining));
        if (performance.now() - begun > lease) break;
        await delay(100);
      }
    },
    {timeouts: {...patient.timeouts, lease}},
  );
});

test('an actor whose daemon stands still is asked to end by its own lease, and killed when that is over', async t => {
  const host = await startHost(t, 'h1');
  const file = join(folder, 'overstay');
  let stoppedAt = 0;
  let goneAfter = 0;
  const lease = 4_000;
  const {died} = await deathOf(
    t,
    host,
    async portal => {
      const busy = await portal.openContext(overstay, file);
      host.daemon.kill('SIGSTOP');
      stoppedAt = performance.now();
      t.deepEqual(await untilGone([busy.first], 60_000), []);
      goneAfter = performance.now() - stoppedAt;
    },
    lease,
    expose,
  );
  // The last beat was at most one interval old, and the watchdog waits for what may be on its way.
  t.true(goneAfter > 0.5 * lease, String(goneAfter));
  t.true(goneAfter < lease + 1_500, String(goneAfter));
  t.regex(readFileSync(file, 'utf8'), /^ContextCancelled.*do not hear each other \(timeouts.lease\)\n$/);
  t.deepEqual([died.code, died.lost], ['ERR_DIED', true]);
  host.daemon.kill('SIGCONT');
});

test('the watchdog ends an actor in a busy loop whose daemon stands still, leaves those of a longer lease, and goes with the daemon', async t => {
  const host = await startHost(t, 'h1');
  await withHosts(
    [host],
    async nursery => {
      const kept = await nursery.startActor('kept', {expose, host: 'h1'});
      const program = startProgram(t, 'hosting-busy', {args: [host.address, ours, '2000']});
      const busy = await program.next<number>();
      const watchdogs = childrenOf(host.daemon.pid as number).filter(pid => commandOf(pid).includes('kill-overdue'));
      t.is(watchdogs.length, 1);
      host.daemon.kill('SIGSTOP');
      t.deepEqual(await untilGone([busy]), []);
      t.true(isAlive(kept.actor.pid));
      host.daemon.kill('SIGCONT');
      t.is(await kept.run(double, 21), 42);
      await kept.cancelActor();
      host.daemon.kill('SIGKILL');
      t.deepEqual(await untilGone(watchdogs), []);
    },
    {timeouts: {...patient.timeouts, lease: 120_000}},
  );
});
