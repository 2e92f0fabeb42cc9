// The watchdog of a daemon, which here is this process: real processes that it ends, and those that it lets live.
import {type ChildProcess, spawn} from 'node:child_process';
import type {ExecutionContext} from 'ava';
import {hostNow} from '../../lib/fleet/term.js';
import {Watchdog} from '../../lib/fleet/watchdog.js';
import {hasEnded, killed} from '../kit/ended.js';
import {eventually} from '../kit/eventually.js';
import {untilGone} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

function startVictim(t: ExecutionContext): ChildProcess & {readonly pid: number} {
  const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {stdio: 'ignore'});
  t.teardown(() => killed(victim));
  return victim as ChildProcess & {readonly pid: number};
}

async function pidOf(watchdog: Watchdog): Promise<number> {
  await eventually(() => watchdog.pid !== undefined, 'a watchdog');
  return watchdog.pid as number;
}

test('the watchdog kills what a lease has when that is over, and not what is renewed, has left, or is of another lease', async t => {
  const watchdog = new Watchdog();
  const [over, renewed, left, other] = [startVictim(t), startVictim(t), startVictim(t), startVictim(t)];
  const [short, long, empty, endless] = [watchdog.watch(), watchdog.watch(), watchdog.watch(), watchdog.watch()];
  const due = hostNow() + 400;
  t.is(watchdog.pid, undefined, 'it begins with the first actor');
  empty(due, []);
  t.is(watchdog.pid, undefined);
  short(due, [over.pid]);
  long(due, [renewed.pid]);
  empty(due, [left.pid]);
  endless(Number.POSITIVE_INFINITY, [other.pid]);
  long(due + 600_000, [renewed.pid]);
  empty(due, []);
  await eventually(() => hasEnded(over), 'the end of the victim');
  t.is(over.signalCode, 'SIGKILL');
  t.true(hostNow() >= due);
  for (const {exitCode, signalCode} of [renewed, left, other]) t.deepEqual([exitCode, signalCode], [null, null]);
  const pid = await pidOf(watchdog);
  watchdog.close();
  t.deepEqual(await untilGone([pid]), []);
});

test('a watchdog that has died is replaced, and the new one knows all leases', async t => {
  const watchdog = new Watchdog();
  const victim = startVictim(t);
  const [first, second] = [watchdog.watch(), watchdog.watch()];
  first(hostNow() + 600_000, [victim.pid]);
  const pid = await pidOf(watchdog);
  process.kill(pid, 'SIGKILL');
  t.deepEqual(await untilGone([pid]), []);
  first(hostNow() + 100, [victim.pid]);
  // Another lease is renewed, as with each beat, until the new one is there.
  await eventually(() => {
    second(hostNow() + 600_000, [process.pid]);
    return hasEnded(victim);
  }, 'the end of the victim');
  t.not(watchdog.pid, pid);
  const next = await pidOf(watchdog);
  watchdog.close();
  t.deepEqual(await untilGone([next]), []);
});
