// Names between hosts: actors find one another by name, whichever host each of them is on, and everything holds for what was found.
import {hostname} from 'node:os';
import {
  ActorDied,
  type Nursery,
  openNursery,
  type Portal,
  RemoteActorError,
  TransportClosed,
  waitForActor,
} from '../../lib/index.js';
import {hang, mourn, pidOf} from '../fixtures/bereaved.js';
import * as named from '../fixtures/names-on-hosts.js';
import {eventually} from '../kit/eventually.js';
import {patient, unhurried} from '../kit/patient.js';
import {untilGone} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';
import {makeCertificates, ours, removeCertificates, startHost, tlsOf, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const {
  askWhere,
  waitAndAsk,
  listNames,
  seen,
  readAll,
  cancelIn,
  callSecretly,
  compute,
  failIn,
  withChild,
  whereAmI,
  forAll,
} = named;
const here = hostname();
/** A child of an actor on another host runs on that host too. */
const leafThere = 'leaf on h1';

const start = (nursery: Nursery, name: string, host?: string): Promise<Portal> =>
  nursery.startActor(name, {expose: forAll, ...(host !== undefined && {host})});

test('D1, D2: actors find one another by name from host to host, from home to a host and back, and below one on a host', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  await withHosts(hosts, async nursery => {
    const [local, one, two] = [
      await start(nursery, 'local'),
      await start(nursery, 'one', 'h1'),
      await start(nursery, 'two', 'h2'),
    ];
    const held = await one.openContext(withChild, 'leaf');
    t.is(await (await waitForActor('one')).run(whereAmI), 'one on h1');
    t.is(await (await waitForActor('leaf')).run(whereAmI), leafThere);
    const leaf = await waitForActor('leaf');
    for (const [from, name, where] of [
      [local, 'one', 'one on h1'],
      [local, 'leaf', leafThere],
      [one, 'two', 'two on h2'],
      [two, 'one', 'one on h1'],
      [two, 'leaf', leafThere],
      [one, 'local', `local on ${here}`],
      [leaf, 'local', `local on ${here}`],
      [leaf, 'two', 'two on h2'],
    ] as const)
      t.is(await from.run(askWhere, name), where, `${from.actor.name} → ${name}`);
    for (const portal of [local, one, leaf]) t.is(await portal.run(askWhere, 'nobody'), undefined);
    for (const portal of [local, one, leaf, two])
      t.deepEqual(await portal.run(listNames), ['root', 'local', 'one', 'two', 'leaf']);
    await held.cancel();
    t.deepEqual(await two.run(listNames), ['root', 'local', 'one', 'two']);
  });
});

test('D2: who waits on a host, or watches there, is told of an actor that another host gets later', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  await withHosts(hosts, async nursery => {
    const one = await start(nursery, 'one', 'h1');
    const waiting = one.run(waitAndAsk, 'late');
    const watching = await one.openContext(seen, 'late');
    await start(nursery, 'late', 'h2');
    t.is(await waiting, 'late on h2');
    t.is(await watching.result(), 'registered');
  });
});

test('F5: a stream through the root comes whole and in order, and a slow reader holds back who sends', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  await withHosts(hosts, async nursery => {
    const [local, one] = [await start(nursery, 'local'), await start(nursery, 'one', 'h1')];
    await start(nursery, 'two', 'h2');
    for (const from of [one, local]) {
      const {count, ahead} = await from.run(readAll, 'two', 100_000, 1_000);
      t.is(count, 100_000);
      // The window of a stream, and what is on its way between two looks.
      t.true(ahead > 0 && ahead <= 3 * 1_024, `${ahead} values were ahead`);
    }
  });
});

test('X2, E1: a cancel is acknowledged, an error comes whole, and what is not exposed is refused', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  await withHosts(hosts, async nursery => {
    const [local, one] = [await start(nursery, 'local'), await start(nursery, 'one', 'h1')];
    await start(nursery, 'two', 'h2');
    for (const [from, name] of [
      [one, 'two'],
      [local, 'two'],
      [one, 'local'],
    ] as const) {
      t.deepEqual(await from.run(cancelIn, name), [true, true, true]);
      t.is(await from.run(failIn, name), 'too large, because of that');
      t.is(await from.run(callSecretly, name), 'NotExposed');
    }
  });
});

const killed = {code: null, signal: 'SIGKILL'};

test('T17: an actor that is killed ends the calls from other hosts with TransportClosed, whose cause is its ActorDied', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  await withHosts(hosts, async nursery => {
    const victim = nursery.actor('victim', {expose: forAll, host: 'h2'});
    const homely = nursery.actor('homely', {expose: forAll});
    for (const cold of [victim, homely]) cold.subscribe({error: () => {}});
    const [local, one] = [await start(nursery, 'local'), await start(nursery, 'one', 'h1')];
    for (const [from, name] of [
      [[one, local], 'victim'],
      [[one], 'homely'],
    ] as const) {
      const mourning = await Promise.all(from.map(portal => portal.openContext(mourn, name)));
      process.kill(mourning[0]?.first as number, 'SIGKILL');
      for (const context of mourning) {
        const {how, cause, ended} = await context.result();
        t.regex(how, /^(eof|reset)$/);
        t.deepEqual([cause?.died, cause?.exit, ended?.died], [name, killed, name]);
      }
    }
  });
});

test('an actor that computes is not reached from another host, and is not ended because of that', async t => {
  const hosts = [await startHost(t, 'h1')];
  // The road is given up after 4 s, and a task that does not obey its cancel would end the actor 2 s later.
  const timeouts = {...unhurried.timeouts, handshake: 4_000, exit: 2_000};
  await withHosts(
    hosts,
    async nursery => {
      const [local, one] = [await start(nursery, 'local'), await start(nursery, 'one', 'h1')];
      const computing = local.run(compute, 9_000);
      const {cause} = await t.throwsAsync(one.run(askWhere, 'local'), {instanceOf: RemoteActorError});
      t.true(cause instanceof TransportClosed, String(cause));
      t.is(await computing, 'computed');
      t.is(await one.run(askWhere, 'local'), `local on ${here}`);
    },
    {timeouts},
  );
});

test('T11: when a daemon is killed, who calls its actors from elsewhere is told, and nothing is left', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  const pids: number[] = [];
  await withHosts(hosts, async nursery => {
    nursery.actor('victim', {expose: forAll, host: 'h2'}).subscribe({error: () => {}});
    const [local, one] = [await start(nursery, 'local'), await start(nursery, 'one', 'h1')];
    const found = await waitForActor('victim');
    const mourning = await Promise.all([local, one].map(portal => portal.openContext(mourn, 'victim')));
    pids.push(await found.run(pidOf));
    // For the root, whose own child it is, it has died; for all others the connection has ended.
    const call = found.run(hang);
    hosts[1]?.daemon.kill('SIGKILL');
    await t.throwsAsync(call, {instanceOf: ActorDied});
    for (const context of mourning) t.is((await context.result()).cause?.died, 'victim');
    await t.throwsAsync(found.run(hang), {instanceOf: TransportClosed});
    t.is(await one.run(askWhere, 'victim'), undefined);
    t.is(await one.run(askWhere, 'local'), `local on ${here}`);
  });
  t.deepEqual(await untilGone(pids), []);
});

test('T17: when a lease is over, who calls the actors of that host from elsewhere is told that they are lost', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  const stopped: number[] = [];
  await openNursery(
    async nursery => {
      nursery.actor('victim', {expose: forAll, host: 'h2'}).subscribe({error: () => {}});
      const local = await start(nursery, 'local');
      const found = await waitForActor('victim');
      stopped.push(found.actor.pid);
      const mourning = await local.openContext(mourn, 'victim');
      // The actor itself stands still too. Otherwise it would end in time, and say so.
      for (const pid of [hosts[1]?.daemon.pid as number, found.actor.pid]) process.kill(pid, 'SIGSTOP');
      const {how, cause} = await mourning.result();
      t.regex(how, /^(eof|reset)$/);
      t.deepEqual([cause?.died, cause?.exit], ['victim', {code: null, signal: null}]);
      await eventually(async () => (await local.run(askWhere, 'victim')) === undefined, 'that it is found no more');
    },
    {
      hosts: hosts.map(({address}) => address),
      tls: tlsOf(ours, 'client'),
      timeouts: {...patient.timeouts, lease: 8_000},
    },
  );
  hosts[1]?.daemon.kill('SIGCONT');
  t.deepEqual(await untilGone(stopped), []);
});

test('D3: a pool on a host, whose workers all find one actor at home at once, and each other', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  await withHosts(
    hosts,
    async nursery => {
      await start(nursery, 'local');
      const workers = await Promise.all(
        Array.from({length: 4}, (_, i) => start(nursery, `w${i}`, i % 2 === 0 ? 'h1' : 'h2')),
      );
      const answers = await Promise.all(
        workers.flatMap(worker => ['local', 'w0', 'w1', 'w2', 'w3'].map(name => worker.run(waitAndAsk, name))),
      );
      t.is(answers.filter(answer => answer === `local on ${here}`).length, 4);
      t.is(answers.length, 20);
    },
    unhurried,
  );
});
