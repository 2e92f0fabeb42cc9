// Hosts that a root knows from a broker: a real nats-server on loopback, daemons started by the command, and this process as the root.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {deferred} from '../../lib/base/deferred.js';
import {type ActorDied, listHosts, openNursery, type Portal, SpawnFailed, TransportClosed} from '../../lib/index.js';
import {countTo, double, whoAmI} from '../fixtures/hosted.js';
import {eventually} from '../kit/eventually.js';
import {freePort, startNatsServer} from '../kit/nats-server.js';
import {patient, unhurried} from '../kit/patient.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {hostAt, testsWithBroker, untilHeard, usersOfGuide, watching, withBroker} from './brokers.js';
import {exitOf, expose, folder} from './daemons.js';

const test = testsWithBroker();

test('hosts that only a broker knows run actors by name, any and function, are listed, and end cleanly', async t => {
  const broker = await startNatsServer(t);
  const [h1] = [
    await hostAt(t, broker, 'h1', ['--max-actors', '3']),
    await hostAt(t, broker, 'h2', ['--labels', 'gpu,eu']),
  ];
  const pids = await withBroker(broker, async nursery => {
    await untilHeard('h1', 'h2');
    const one = await nursery.startActor('one', {expose, host: 'h1'});
    const two = await nursery.startActor('two', {expose, host: ({labels}) => labels.includes('gpu')});
    t.deepEqual([one.actor.host, two.actor.host], ['h1', 'h2']);
    t.is(await one.run(double, 21), 42);
    t.is((await one.run(whoAmI)).ppid, h1.daemon.pid ?? 0);
    const byAddress = await nursery.startActor('three', {expose, host: h1.address});
    t.is(byAddress.actor.host, 'h1');
    // Both have room. The one with more of it is taken.
    t.is((await nursery.startActor('four', {expose, host: 'any'})).actor.host, 'h2');
    const hosts = (await listHosts()).toSorted((a, b) => a.name.localeCompare(b.name));
    t.deepEqual(
      hosts.map(({name, address, labels, maxActors, apps, draining}) => [
        name,
        address === h1.address,
        labels,
        maxActors,
        apps[0]?.name,
        draining,
      ]),
      [
        ['h1', true, [], 3, 'rxtractor', false],
        ['h2', false, ['gpu', 'eu'], 64, 'rxtractor', false],
      ],
    );
    const [first] = hosts;
    t.true(
      first !== undefined &&
        first.cores >= 1 &&
        first.freeMemory > 0 &&
        (first.rtt ?? -1) >= 0 &&
        first.node === process.version,
    );
    return [one, two].map(({actor}) => actor.pid);
  });
  t.deepEqual(pids.filter(isAlive), []);
});

test('a watch tells who is there, who joins, and who leaves', async t => {
  const broker = await startNatsServer(t);
  const h1 = await hostAt(t, broker, 'h1');
  await withBroker(broker, async () => {
    await untilHeard('h1');
    const {events, until} = watching();
    await hostAt(t, broker, 'h2');
    await until(/h2 joined/);
    h1.daemon.kill('SIGINT');
    await until(/h1 left/);
    t.deepEqual(events, ['h1 present', 'h2 joined', 'h1 left']);
    t.deepEqual(
      (await listHosts()).map(({name}) => name),
      ['h2'],
    );
  });
});

test('two programs want the last place of a host: the loser gets the next host', async t => {
  const broker = await startNatsServer(t);
  for (const name of ['h1', 'h2']) await hostAt(t, broker, name, ['--max-actors', '1']);
  const reached = meeting(2);
  const place = () =>
    withBroker(broker, async nursery => {
      await untilHeard('h1', 'h2');
      const portal = await nursery.startActor('x', {expose, host: 'any'});
      const {host} = portal.actor;
      await reached.arrive();
      return host;
    }).catch(reached.fail);
  t.deepEqual((await Promise.all([place(), place()])).toSorted(), ['h1', 'h2']);
  await withBroker(broker, async nursery => {
    await untilHeard('h1', 'h2');
    for (const name of ['a', 'b']) await nursery.startActor(name, {expose, host: 'any'});
    const error = await t.throwsAsync(nursery.startActor('c', {expose, host: 'any'}), {instanceOf: SpawnFailed});
    t.is(error.phase, 'place');
    t.deepEqual(error.offers?.map(({host, refused}) => `${host}: ${refused}`).toSorted(), [
      'h1: it has 1 actors already (--max-actors)',
      'h2: it has 1 actors already (--max-actors)',
    ]);
  });
});

test('when the broker is killed nothing happens to actors, known hosts get new ones, and unknown ones are refused in words', async t => {
  const broker = await startNatsServer(t);
  await hostAt(t, broker, 'h1');
  await withBroker(
    broker,
    async nursery => {
      await untilHeard('h1');
      const portal = await nursery.startActor('one', {expose, host: 'h1'});
      const {events, until} = watching();
      await broker.kill();
      t.is(await portal.run(double, 4), 8);
      t.is(await (await nursery.startActor('two', {expose, host: 'h1'})).run(double, 5), 10);
      const began = performance.now();
      const error = await t.throwsAsync(nursery.startActor('x', {expose, host: 'h9'}), {instanceOf: SpawnFailed});
      t.true(performance.now() - began < 10_000);
      t.regex(error.message, /h1: its name is h1; the broker is not there \(nats:\/\/127\.0\.0\.1:\d+: /);
      // For longer than the lease of hosts: their silence is that of the broker.
      await new Promise(resolve => setTimeout(resolve, 5_000));
      t.false(events.includes('h1 left'));
      await broker.start();
      await hostAt(t, broker, 'h2');
      await until(/h2 joined/);
      t.is(await (await nursery.startActor('three', {expose, host: 'h2'})).run(double, 6), 12);
      t.is(await portal.run(double, 7), 14);
      t.false(events.includes('h1 left'));
    },
    {timeouts: {...patient.timeouts, lease: 4_000}},
  );
});

test('without a broker a program runs, its actors on hosts are refused, and a list is an error', async t => {
  const broker = await startNatsServer(t);
  await broker.kill();
  await withBroker(broker, async nursery => {
    t.is(await (await nursery.startActor('here', {expose})).run(double, 1), 2);
    const error = await t.throwsAsync(nursery.startActor('x', {expose, host: 'any'}), {instanceOf: SpawnFailed});
    t.regex(error.message, /on any: the broker is not there \(nats:/);
    t.is(error.phase, 'place');
    await t.throwsAsync(listHosts(), {instanceOf: TransportClosed, message: /the broker is not there/});
  });
});

test('a daemon that is killed leaves after the lease, and its actor dies at once', async t => {
  const broker = await startNatsServer(t);
  const h1 = await hostAt(t, broker, 'h1');
  await withBroker(
    broker,
    async () => {
      await untilHeard('h1');
      const {events, until} = watching();
      let pid = 0;
      const dying = openNursery(async nursery => {
        const portal = await nursery.startActor('worker', {expose, host: 'h1'});
        pid = portal.actor.pid;
        h1.daemon.kill('SIGKILL');
        await portal.ended;
      });
      const died = (await t.throwsAsync(dying)) as ActorDied;
      t.deepEqual([died.code, died.lost], ['ERR_DIED', false]);
      t.deepEqual(await untilGone([pid]), []);
      await until(/h1 left/);
      t.true(events.includes('h1 silent'));
      t.deepEqual(await listHosts(), []);
    },
    {timeouts: {...patient.timeouts, lease: 3_000}},
  );
});

test('a host at whose address nobody listens is reached through the broker', async t => {
  const broker = await startNatsServer(t);
  const h1 = await hostAt(t, broker, 'h1', ['--advertise', `tls://127.0.0.1:${await freePort()}`]);
  const pid = await withBroker(
    broker,
    async nursery => {
      await untilHeard('h1');
      const portal = await nursery.startActor('worker', {expose, host: 'h1'});
      t.is(await portal.run(double, 21), 42);
      const {host, ppid} = await portal.run(whoAmI);
      t.deepEqual([host, ppid], ['h1', h1.daemon.pid]);
      const values: number[] = [];
      for await (const value of portal.stream(countTo, 2_000)) values.push(value);
      t.deepEqual(
        values,
        Array.from({length: 2_000}, (_, index) => index + 1),
      );
      await portal.cancelActor();
      t.deepEqual(await untilGone([portal.actor.pid]), []);
      return (await nursery.startActor('other', {expose, host: 'any'})).actor.pid;
    },
    unhurried,
  );
  t.deepEqual(await untilGone([pid]), []);
  h1.daemon.kill('SIGINT');
  t.is(await exitOf(h1), 0);
});

test('an actor is not started on another host that has the same address', async t => {
  const broker = await startNatsServer(t);
  const h1 = await hostAt(t, broker, 'h1');
  const h2 = await hostAt(t, broker, 'h2', ['--advertise', h1.address]);
  await withBroker(
    broker,
    async nursery => {
      await untilHeard('h1', 'h2');
      for (const [host, {daemon}] of Object.entries({h1, h2})) {
        const portal = await nursery.startActor(host, {expose, host});
        t.is((await portal.run(whoAmI)).ppid, daemon.pid ?? 0);
      }
    },
    unhurried,
  );
});

test('the subjects that the guide lists are enough for both roads', async t => {
  const usersFile = join(folder, 'nats.conf');
  writeFileSync(usersFile, usersOfGuide());
  const password = join(folder, 'password');
  writeFileSync(password, 'secret');
  const broker = await startNatsServer(t, ['--config', usersFile]);
  const as = ['--nats-user', 'gpu1', '--nats-pass-file', password];
  const nowhere = ['--advertise', `tls://127.0.0.1:${await freePort()}`];
  const host = await hostAt(t, broker, 'gpu1', [...as, ...nowhere]);
  const options = {...unhurried, name: 'deploy', nats: {user: 'deploy', pass: 'secret'}};
  await withBroker(
    broker,
    async nursery => {
      await untilHeard('gpu1');
      t.true((await listHosts()).every(({rtt}) => rtt !== undefined));
      t.is(await (await nursery.startActor('worker', {expose, host: 'gpu1'})).run(double, 1), 2);
    },
    options,
  );
  t.is(host.stderr(), '');
});

test('a host that tells no address is reached through the broker, also after the broker was away', async t => {
  const broker = await startNatsServer(t);
  // Its certificate is for its name, because it has no address.
  const name = 'localhost';
  await hostAt(t, broker, name, ['--advertise', 'none']);
  await withBroker(
    broker,
    async nursery => {
      await untilHeard(name);
      const [told] = await listHosts();
      t.is(told?.name, name);
      t.false('address' in (told ?? {}));
      const portal = await nursery.startActor('worker', {expose, host: name});
      t.is(await portal.run(double, 1), 2);
      await broker.kill();
      const answer = portal.run(double, 2);
      await broker.start();
      t.is(await answer, 4);
    },
    unhurried,
  );
});

test('two daemons of one name: who must reach one of them through the broker is told to rename it', async t => {
  const broker = await startNatsServer(t);
  const name = 'localhost';
  const [direct] = [await hostAt(t, broker, name), await hostAt(t, broker, name, ['--advertise', 'none'])];
  await withBroker(broker, async nursery => {
    const {events, until} = watching();
    await until(/^localhost /);
    await eventually(() => events.filter(event => event.startsWith('localhost ')).length === 2, 'both daemons');
    const starting = (): Promise<Portal> =>
      nursery.startActor('worker', {expose, host: ({address}) => address === undefined});
    // Each has to be heard once more before it is certain that the one has not replaced the other.
    const text = await eventually(async () => {
      const {message} = await starting().then(
        portal => portal.cancelActor().then(() => ({message: ''})),
        (error: Error) => error,
      );
      return message.includes('have the name') ? message : undefined;
    }, 'the refusal');
    t.regex(
      text,
      /localhost: 2 daemons at nats:\/\/127\.0\.0\.1:\d+ have the name localhost: give each a name of its own \(--name\)/,
    );
    const byAddress = await nursery.startActor('worker', {expose, host: direct.address});
    t.is((await byAddress.run(whoAmI)).ppid, direct.daemon.pid ?? 0);
  });
});

/** Resolves for all when this many have arrived, and rejects for all when one of them cannot come. Who fails returns why. */
function meeting(count: number): {arrive(): Promise<void>; fail(error: unknown): string} {
  const opened = deferred();
  opened.promise.catch(() => {});
  let arrived = 0;
  return {
    arrive: () => {
      if (++arrived === count) opened.resolve();
      return opened.promise;
    },
    fail: error => {
      opened.reject(error);
      return String(error);
    },
  };
}
