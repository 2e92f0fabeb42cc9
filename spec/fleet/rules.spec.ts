// Rules of the semantics as they hold for an actor on another host: daemons on loopback, and this process as the root.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {deferred} from '../../lib/base/deferred.js';
import {ActorDied} from '../../lib/index.js';
import {spin} from '../fixtures/hosted.js';
import * as rules from '../fixtures/hosted-rules.js';
import {eventually} from '../kit/eventually.js';
import {patient} from '../kit/patient.js';
import {isAlive} from '../kit/processes.js';
import {makeSlowRoad} from '../kit/slow-road.js';
import {spawning} from '../kit/spawning.js';
import {folder, makeCertificates, expose as others, removeCertificates, startHost, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const {tidy, budget, budgetBelow, answerWhen, ticks, flood} = rules;
const expose = [...others, ...Object.values(rules)];
/** A file of its own for each test. */
const fileOf = (name: string): string => join(folder, name);
const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);

test('T8: a body that ends waits for its calls on another host, and what was subscribed to there is unsubscribed', async t => {
  const host = await startHost(t, 'h1');
  const [file, sign] = [fileOf('t8'), fileOf('t8-sign')];
  const answers: unknown[] = [];
  const seen: string[] = [];
  const pids: number[] = [];
  const hasEnded = deferred();
  const running = withHosts([host], async nursery => {
    const portal = await nursery.startActor('service', {expose, host: 'h1'});
    pids.push(portal.actor.pid);
    await new Promise<unknown>(resolve => {
      portal.stream(ticks, file).subscribe({
        next: resolve,
        error: () => seen.push('error'),
        complete: () => seen.push('complete'),
      });
    });
    void portal.run(answerWhen, sign).then(answer => answers.push(answer));
    void nursery
      .with({host: 'h1'})
      .run(answerWhen, sign)
      .then(answer => answers.push(answer));
    hasEnded.resolve();
  });
  await hasEnded.promise;
  // Nobody can answer before the body has returned.
  await new Promise(setImmediate);
  writeFileSync(sign, '');
  await running;
  t.deepEqual(answers, ['h1', 'h1']);
  t.deepEqual(linesOf(file), ['unsubscribed']);
  t.deepEqual(seen, []);
  t.deepEqual(pids.filter(isAlive), []);
});

test('T10: actors on another host clean up within their time; who does not obey is killed there, and gone when that is told', async t => {
  const host = await startHost(t, 'h1');
  const file = fileOf('t10');
  await withHosts(
    [host],
    async nursery => {
      const tidied = await nursery.startActor('tidy', {expose, host: 'h1'});
      const busy = await nursery.startActor('busy', {expose, host: 'h1'});
      const cleaned = tidied.openContext(tidy, file, 50);
      const pids = [(await cleaned).first, busy.actor.pid];
      busy.run(spin).catch(() => {});
      const ends = await Promise.all([
        tidied.cancelActor().then(isByItself => [isByItself, isAlive(tidied.actor.pid)]),
        busy.cancelActor().then(isByItself => [isByItself, isAlive(busy.actor.pid)]),
      ]);
      t.deepEqual(ends, [
        [true, false],
        [false, false],
      ]);
      t.deepEqual(pids.filter(isAlive), []);
      await t.throwsAsync((await cleaned).result(), {code: 'ERR_CANCELLED'});
    },
    {timeouts: {...patient.timeouts, cancelAck: 10_000, exit: 20_000, lease: 300_000}},
  );
  t.deepEqual(linesOf(file), ['begin', 'end']);
});

test('T8, T10: an actor on another host has the time of one at home for its end, less one round trip, and those below it lose no more than at home', async t => {
  const {address} = await startHost(t, 'h1');
  const oneWayMs = 40;
  const port = await makeSlowRoad(t, Number(new URL(address).port), oneWayMs);
  const file = fileOf('t10-budgets');
  let startMs = 0;
  await withHosts([{address: `tls://127.0.0.1:${port}`}], async nursery => {
    const begin = performance.now();
    const there = await nursery.startActor('there', {expose, host: 'h1'});
    startMs = performance.now() - begin;
    const home = await nursery.startActor('home', {expose});
    for (const [portal, fn] of [
      [there, budget],
      [there, budgetBelow],
      [home, budget],
    ] as const)
      await portal.openContext(fn, file);
    t.true(await there.cancelActor());
    t.true(await home.cancelActor());
  });
  const budgets = Object.fromEntries(linesOf(file).map(line => line.split(' ')));
  const [ofThere, ofBelow, ofHome] = ['there', 'below', 'home'].map(name => Number(budgets[name]));
  // A level keeps 150 ms.
  t.is(ofHome, patient.timeouts.exit + 300 - 150);
  const roundTrip = Number(ofHome) - Number(ofThere);
  t.true(roundTrip >= 2 * oneWayMs && roundTrip < startMs, `${roundTrip} ms`);
  t.is(ofBelow, Number(ofThere) - 150);
});

test('X2: a cancel is true on the word of the task; of a task that is dead it is false until the daemon says so', async t => {
  const host = await startHost(t, 'h1');
  const file = fileOf('x2');
  const died = await t.throwsAsync(
    withHosts(
      [host],
      async nursery => {
        const portal = await nursery.startActor('worker', {expose, host: 'h1'});
        const obedient = await portal.openContext(tidy, file, 30);
        t.true(await obedient.cancel());
        t.deepEqual(linesOf(file), ['begin', 'end']);
        const lost = await portal.openContext(tidy, file, 30);
        host.daemon.kill('SIGSTOP');
        process.kill(lost.first, 'SIGKILL');
        t.false(await lost.cancel('enough', {timeout: 1_500}));
        host.daemon.kill('SIGCONT');
        t.true(await lost.cancel());
        await portal.ended;
      },
      {timeouts: {...patient.timeouts, lease: 300_000}},
    ),
    {instanceOf: ActorDied},
  );
  t.deepEqual(died.exit, {code: null, signal: 'SIGKILL'});
});

test('P3: of output that a program does not take the oldest lines are dropped, and it is told how many', async t => {
  const host = await startHost(t, 'h1');
  const count = 16_000;
  const [begun, done] = [fileOf('p3-begun'), fileOf('p3-done')];
  const lines: string[] = [];
  const told: string[] = [];
  await withHosts(
    [host],
    async nursery => {
      const portal = await nursery.startActor('printer', {expose, host: 'h1', stdio: 'pipe'});
      portal.output.subscribe(({stream, line}) => (stream === 'stdout' ? lines : told).push(line));
      const flooding = portal.run(flood, count, begun, done);
      await eventually(() => existsSync(begun), 'the first line');
      standStillUntil(done, portal.actor.pid);
      await flooding;
      await portal.cancelActor();
    },
    {timeouts: {...patient.timeouts, lease: 300_000}},
  );
  const numbers = lines.map(line => Number(line.split('.')[0]));
  t.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  // The latest are kept.
  t.is(numbers.at(-1), count - 1);
  t.is(told.length, 1);
  const [, dropped] = /^\(lines of printer that were dropped on h1, because .*: (\d+)\)$/.exec(told[0] ?? '') ?? [];
  t.true(Number(dropped) > 0, told[0]);
  t.is(numbers.length + Number(dropped), count);
});

/**
 * This process stands still until all is written: 8 MB, of which 1 MiB waits there and about as much is on its way. No limit of a test ends such
 * a wait.
 */
function standStillUntil(file: string, pid: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let looks = 0; !existsSync(file); looks++) {
    if (looks > 6_000 || !isAlive(pid)) throw new Error(`the actor does not write ${file}`);
    Atomics.wait(cell, 0, 0, 10);
  }
}
