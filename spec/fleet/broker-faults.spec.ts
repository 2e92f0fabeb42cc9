// A broker that only some can reach, that refuses somebody, or at which somebody says what is not true.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {announce} from '../../lib/fleet/announcer.js';
import {BrokerLink} from '../../lib/fleet/broker-link.js';
import {BrokerRelay} from '../../lib/fleet/broker-relay.js';
import {wordBytes} from '../../lib/fleet/host-info.js';
import {type HostInfo, listHosts, type Nursery, SpawnFailed, TransportClosed} from '../../lib/index.js';
import {double} from '../fixtures/hosted.js';
import {openRoad} from '../kit/cuttable-road.js';
import {howEnded} from '../kit/ended.js';
import {eventually} from '../kit/eventually.js';
import {type NatsServer, startNatsServer} from '../kit/nats-server.js';
import {patient} from '../kit/patient.js';
import {Certificates, openHost} from '../kit/relayed-host.js';
import {hostAt, testsWithBroker, untilHeard, usersOfGuide, watching, withBroker} from './brokers.js';
import {expose, folder, others} from './daemons.js';

const test = testsWithBroker();

/** The start of an actor that no host takes. */
async function refusedAt(t: ExecutionContext, nursery: Nursery, host: string): Promise<SpawnFailed> {
  const error = await t.throwsAsync(nursery.startActor('x', {expose, host}), {instanceOf: SpawnFailed});
  t.is(error.phase, 'place');
  t.true(error.message.startsWith(`actor x could not be placed on ${host}: `), error.message);
  return error;
}

const refusedBy = (name: string, {offers}: SpawnFailed): string =>
  offers?.find(({host}) => host === name)?.refused ?? 'nothing is said of it';

test('a host that is cut off from the broker alone keeps its actors, leaves the offers, and comes back', async t => {
  const broker = await startNatsServer(t);
  const road = await openRoad(t, broker.port);
  await hostAt(t, {url: `nats://127.0.0.1:${road.port}`}, 'h1');
  await withBroker(
    broker,
    async nursery => {
      await untilHeard('h1');
      const portal = await nursery.startActor('worker', {expose, host: 'h1'});
      const {events, until} = watching();
      road.cut();
      await until(/^h1 left$/);
      t.true(events.includes('h1 silent'));
      t.is(await portal.run(double, 4), 8);
      t.deepEqual(await listHosts(), []);
      const {message} = await refusedAt(t, nursery, 'h1');
      t.regex(message, /: it is not among the hosts of this program \(those at nats:\/\/127\.0\.0\.1:\d+\)$/);
      road.heal();
      await until(/^h1 joined$/);
      t.is(await (await nursery.startActor('another', {expose, host: 'h1'})).run(double, 5), 10);
      t.is(await portal.run(double, 6), 12);
    },
    {timeouts: {...patient.timeouts, lease: 6_000}},
  );
});

const unknownUser = /it does not know this user \('?Authorization Violation'?\): check `nats`/;

test('who shows the broker a wrong password is told what to check, and all that needs no broker works', async t => {
  const broker = await brokerWithUsers(t);
  const host = await hostAt(t, broker, 'gpu1', ['--nats-user', 'gpu1', '--nats-pass-file', fileOf('wrong')]);
  await withBroker(
    broker,
    async nursery => {
      t.is(await (await nursery.startActor('here', {expose})).run(double, 1), 2);
      t.regex((await refusedAt(t, nursery, 'any')).message, unknownUser);
      const unlisted = await t.throwsAsync(listHosts(), {instanceOf: TransportClosed});
      t.regex(unlisted.message, unknownUser);
    },
    {nats: {user: 'deploy', pass: 'wrong'}},
  );
  const isTold = (): boolean => unknownUser.test(host.stderr()) && host.stderr().includes('--nats-user');
  await eventually(isTold, host.stderr, {unless: () => howEnded(host.daemon)});
});

test('who may not use a subject is told which one, once', async t => {
  const may = (publish: string, subscribe: string): string => `{publish: [${publish}], subscribe: [${subscribe}]}`;
  const broker = await brokerWithUsers(
    t,
    `{user: mute, password: secret, permissions: ${may('"l.*.mute.>"', '"who", "l.mute.>", "_INBOX.mute.>"')}}`,
    `{user: deaf, password: secret, permissions: ${may('"who", "l.*.deaf.>"', '"l.deaf.>"')}}`,
  );
  const mute = await hostAt(t, broker, 'mute', ['--nats-user', 'mute', '--nats-pass-file', fileOf('secret')]);
  const inRoot = (user: string, body: (nursery: Nursery) => Promise<void>): Promise<void> =>
    withBroker(broker, body, {name: user, nats: {user, pass: 'secret'}});
  await inRoot('deaf', async nursery => {
    const {message} = await refusedAt(t, nursery, 'mute');
    t.regex(message, /it does not allow this user everything \('?Permissions Violation for Subscription to "beat\.>"/);
  });
  // Nobody has refused anything to this program.
  await inRoot('deploy', async nursery => {
    t.regex((await refusedAt(t, nursery, 'mute')).message, /: it is not among the hosts of this program/);
  });
  // Two starts have waited for 2 s each, so it has tried more than one beat.
  const told = [...mute.stderr().matchAll(/Permissions Violation for Publish to "beat\.mute"/g)];
  t.is(told.length, 1, mute.stderr());
});

test('a false word at the broker starts nothing: the name of a host is that of the daemon with the certificate', async t => {
  const broker = await startNatsServer(t);
  await hostAt(t, broker, 'h2');
  const liar = await linkOf(t, broker, 'liar');
  const stranger = await hostOfOthers(t, broker, 'h3');
  await withBroker(
    broker,
    async nursery => {
      await untilHeard('h2', 'h3');
      const info = (await listHosts()).find(({name}) => name === 'h2') as HostInfo;
      const {until} = watching();
      liar.publish('beat.h1', wordBytes({host: {...info, name: 'h1', id: 'another'}}));
      liar.publish('beat.h1', Buffer.from('{"host":'));
      liar.publish('beat.h2', wordBytes({host: {...info, id: 'a third', address: 'tls://127.0.0.1:1'}}));
      await until(/^h1 joined$/);
      // The daemon at this address shows a certificate, but says that it is h2; and nobody is h1 at the broker.
      const claimed = await refusedAt(t, nursery, 'h1');
      t.regex(refusedBy('h1', claimed), /is that of h2; through the broker: /);
      const strange = await refusedAt(t, nursery, 'h3');
      t.regex(refusedBy('h3', strange), /certificate/);
      // The true h2 is found beside the false one.
      t.is((await nursery.startActor('worker', {expose, host: 'h2'})).actor.host, 'h2');
    },
    {timeouts: {...patient.timeouts, handshake: 5_000}},
  );
  t.is(stranger.actors, 0);
});

const fileOf = (password: string): string => join(folder, `${password}-password`);

/** The users of the guide and these, and files with a right and a wrong password. */
async function brokerWithUsers(t: ExecutionContext, ...more: readonly string[]): Promise<NatsServer> {
  for (const password of ['secret', 'wrong']) writeFileSync(fileOf(password), `${password}\n`);
  const config = join(folder, 'users.conf');
  writeFileSync(config, usersOfGuide(...more));
  return startNatsServer(t, ['--config', config]);
}

/** A connection to the broker that is up. */
async function linkOf(t: ExecutionContext, broker: NatsServer, self: string): Promise<BrokerLink> {
  const link = await BrokerLink.open({servers: [`127.0.0.1:${broker.port}`], nats: {}, self});
  t.teardown(() => link.close());
  await eventually(
    () => link.isUp,
    () => link.fault,
  );
  return link;
}

/** A host whose certificate another authority has signed. */
async function hostOfOthers(t: ExecutionContext, broker: NatsServer, name: string) {
  const link = await linkOf(t, broker, name);
  const relay = new BrokerRelay(link, name);
  const daemon = await openHost(new Certificates(others), name, relay);
  const leave = announce(link, daemon);
  t.teardown(async () => {
    leave();
    await daemon.close();
    await relay.close();
  });
  return daemon;
}
