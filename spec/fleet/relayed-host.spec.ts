// Actors on a host that cannot be reached directly: a real server of NATS passes everything on.
import type {ExecutionContext} from 'ava';
import {deferred} from '../../lib/base/deferred.js';
import type {HostLink} from '../../lib/fleet/host-link.js';
import type {Relay} from '../../lib/fleet/road.js';
import {type ActorDied, type Nursery, openNursery, RemoteActorError, SpawnFailed} from '../../lib/index.js';
import * as hosted from '../fixtures/hosted.js';
import {freePort, NatsServer, withoutNatsServer} from '../kit/nats-server.js';
import {unhurried} from '../kit/patient.js';
import {untilGone} from '../kit/processes.js';
import {Certificates, openHost, placeByRoads, relayOf} from '../kit/relayed-host.js';
import {spawning} from '../kit/spawning.js';

const {double, countTo, refuse, whoAmI} = hosted;
const expose = Object.values(hosted);
let certificates: Certificates;

const spawningTest = spawning({takesLong: true, last: () => certificates?.dispose()});
spawningTest.before(async () => {
  certificates = await Certificates.make();
});
const test = withoutNatsServer === undefined ? spawningTest : spawningTest.skip;
const needs = withoutNatsServer === undefined ? '' : ` (${withoutNatsServer})`;

interface Given {
  readonly nursery: Nursery;
  readonly server: NatsServer;
  readonly relay: Relay;
  linkTo(name: string): Promise<HostLink>;
}

/** A host `h1`, and a root that knows it under two names: `refused`, at an address where nobody listens, and `direct`. */
async function withHost(
  body: (given: Given, t: ExecutionContext) => Promise<unknown>,
  t: ExecutionContext,
): Promise<void> {
  const server = await NatsServer.start();
  try {
    const daemon = await openHost(certificates, 'h1', await relayOf(server, 'h1'));
    const relay = await relayOf(server, 'root');
    const refused = `tls://127.0.0.1:${await freePort()}`;
    try {
      await openNursery(async nursery => {
        const hosts = {refused: {address: refused, relay}, direct: {address: daemon.address, relay}};
        const linkTo = placeByRoads(hosts, certificates.of('client'));
        await body({nursery, server, relay, linkTo}, t);
      }, unhurried);
    } finally {
      await daemon.close();
    }
  } finally {
    await server.close();
  }
}

test(`an actor whose host nobody can reach directly is reached through the broker, as one at home${needs}`, t =>
  withHost(async ({nursery, linkTo}) => {
    const portal = await nursery.startActor('worker', {expose, host: 'refused'});
    t.true((await linkTo('refused')).road.isRelayed);
    t.is(await portal.run(double, 21), 42);
    const {name, host, pid} = await portal.run(whoAmI);
    t.deepEqual([name, host, pid], ['worker', 'h1', portal.actor.pid]);
    let last = 0;
    for await (const value of portal.stream(countTo, 50_000)) last = value;
    t.is(last, 50_000);
    const error = await t.throwsAsync(portal.run(refuse), {instanceOf: RemoteActorError});
    t.is((error.cause as Error).message, 'too large');
    await portal.cancelActor();
    t.deepEqual(await untilGone([portal.actor.pid]), []);
  }, t));

test(`a host that can be reached directly is, though there is a broker${needs}`, t =>
  withHost(async ({nursery, linkTo}) => {
    const portal = await nursery.startActor('worker', {expose, host: 'direct'});
    t.false((await linkTo('direct')).road.isRelayed);
    t.is(await portal.run(double, 2), 4);
  }, t));

test(`T17: an actor that is killed there dies with its signal${needs}`, async t => {
  const error = (await t.throwsAsync(
    withHost(async ({nursery}) => {
      const portal = await nursery.startActor('worker', {expose, host: 'refused'});
      process.kill(portal.actor.pid, 'SIGKILL');
      await portal.ended;
    }, t),
  )) as ActorDied;
  t.deepEqual([error.code, error.exit, error.lost], ['ERR_DIED', {code: null, signal: 'SIGKILL'}, false]);
});

test(`a server that is killed and started again delays what passes, and loses nothing${needs}`, t =>
  withHost(async ({nursery, server}) => {
    const portal = await nursery.startActor('worker', {expose, host: 'refused'});
    const count = 300_000;
    const kills = 10;
    let killed = 0;
    let expected = 1;
    let restarted = Promise.resolve();
    // Without a server the stream would wait for as long as the lease.
    const failed = deferred<never>();
    const receive = async (): Promise<void> => {
      for await (const value of portal.stream(countTo, count)) {
        if (value !== expected++) throw new Error(`${value} came instead of ${expected - 1}`);
        if (killed === kills || expected < ((killed + 0.5) * count) / kills) continue;
        killed++;
        restarted = restarted.then(() => server.kill()).then(() => server.start());
        restarted.catch(failed.reject);
      }
      await restarted;
    };
    await Promise.race([receive(), failed.promise]);
    t.deepEqual([expected - 1, killed], [count, kills]);
    t.is(await portal.run(double, 3), 6);
  }, t));

test(`the broker sees neither what is called nor what is answered${needs}`, t =>
  withHost(async ({nursery, server}) => {
    const seen: Uint8Array[] = [];
    const listener = await server.connect();
    listener.subscribe('>', {callback: (_error, {data}) => void seen.push(Uint8Array.from(data))});
    await listener.flush();
    const portal = await nursery.startActor('worker', {expose, host: 'refused'});
    await t.throwsAsync(portal.run(refuse));
    await listener.flush();
    const all = Buffer.concat(seen).toString('latin1');
    t.true(all.length > 1_000);
    for (const word of ['too large', 'refuse', 'hosted', 'worker', 'RangeError']) t.false(all.includes(word), word);
  }, t));

test(`who may not place actors is refused through the broker too${needs}`, t =>
  withHost(async ({nursery, relay}) => {
    placeByRoads({relayed: {relay, address: 'tls://127.0.0.1:1'}}, certificates.of('host'));
    const error = await t.throwsAsync(nursery.startActor('x', {expose, host: 'relayed'}), {instanceOf: SpawnFailed});
    t.regex(error.message, /the certificate of CN=host may not place actors here/);
  }, t));
