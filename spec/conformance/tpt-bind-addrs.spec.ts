// tests/discovery/test_tpt_bind_addrs.py: where a root listens, and whom it takes for a registrar.
import {once} from 'node:events';
import {type AddressInfo, connect as connectNet, createServer, type Server} from 'node:net';
import type {ExecutionContext} from 'ava';
import type {Actor} from '../../lib/actor/actor.js';
import type {Names} from '../../lib/discovery/names.js';
import {type DiscoveryOptions, openNamesAtRoot} from '../../lib/discovery/root.js';
import {addresses, HandshakeRejected, openNursery, TransportClosed} from '../../lib/index.js';
import {parseAddress} from '../../lib/transport/address.js';
import {folder, relayTo, secret} from '../discovery/linked.js';
import {eventually} from '../kit/eventually.js';
import {newActor} from '../kit/pair.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const tcp = 'tcp://127.0.0.1:0';

interface Root {
  readonly actor: Actor;
  readonly names: Names;
  addresses(): Promise<string[]>;
  list(): Promise<string[]>;
}

/** A root of this process, without a nursery. */
async function root(t: ExecutionContext, options: DiscoveryOptions, handshake = 30_000): Promise<Root> {
  const actor = newActor('near');
  actor.tree = {...actor.tree, timeouts: {...actor.tree.timeouts, handshake}};
  const names = await openNamesAtRoot(actor, {secret, ...options});
  t.teardown(() => names.close());
  return {
    actor,
    names,
    addresses: async () => (await names.connections()).addresses(),
    list: async () => (await names.list()).map(({id}) => id),
  };
}

const networkOf = async (of: Root): Promise<string> =>
  (await of.addresses()).find(text => text.startsWith('tcp')) as string;

async function serving(t: ExecutionContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('tpt_bind_addrs/test_registry_probe_retries_transient_handshake: a registrar that hangs up at first is asked again (D1)', async t => {
  const registrar = await root(t, {listen: [tcp]});
  const {port} = new URL(await networkOf(registrar));
  let asked = 0;
  const registry = await serving(
    t,
    createServer(socket => {
      if (++asked < 3) return void socket.destroy();
      const onward = connectNet(Number(port), '127.0.0.1');
      socket.on('error', () => {}).pipe(onward);
      onward.on('error', () => {}).pipe(socket);
    }),
  );
  const joined = await root(t, {registry});
  t.is(asked, 3);
  t.deepEqual(await joined.list(), [registrar.actor.id.id, joined.actor.id.id]);
});

test('tpt_bind_addrs/test_probe_channel_close_is_bounded: a registrar that says nothing more keeps nobody from ending (T10)', async t => {
  const registrar = await root(t, {listen: [tcp]});
  const relay = await relayTo(t, await networkOf(registrar));
  const joined = await root(t, {registry: relay.address});
  t.is(joined.actor.channels.size, 1);
  relay.silence(true);
  await joined.names.close();
  await t.notThrowsAsync(eventually(() => joined.actor.channels.size === 0, 'an actor without channels', {pollMs: 10}));
});

test('tpt_bind_addrs/test_transport_only_listener_is_not_registrar: whoever takes the connection and does not greet is no registrar, and the root does not start (D1, T3)', async t => {
  const registry = await serving(
    t,
    createServer(socket => void socket.on('error', () => {})),
  );
  // A busy machine may not even have connected by then: TransportClosed.
  const error = await t.throwsAsync(root(t, {registry}, 300), {message: /within \d+ ms/});
  t.true(error instanceof HandshakeRejected || error instanceof TransportClosed);
  t.true(error.message.includes(registry));
});

test('tpt_bind_addrs/test_registry_probe_preserves_no_peers_state: one that comes and is not let in is nobody whom the registrar knows (D1)', async t => {
  const registrar = await root(t, {listen: [tcp]});
  const registry = await networkOf(registrar);
  await t.throwsAsync(root(t, {registry, secret: 'another secret than that one'}), {instanceOf: HandshakeRejected});
  const probe = connectNet(Number(new URL(registry).port), '127.0.0.1').end();
  await once(probe, 'close');
  t.is((await registrar.names.connections()).size, 0);
  t.is(registrar.actor.channels.size, 0);
  t.deepEqual(await registrar.list(), [registrar.actor.id.id]);
});

test('tpt_bind_addrs/test_registrar_root_tpt_bind_addrs: a registrar listens at every address that it was given, and can be joined at each (D1, D3)', async t => {
  const listen = [tcp, tcp, `unix:${folder(t)}/registrar`];
  const registrar = await root(t, {listen});
  const [one = '', two = '', three = ''] = await registrar.addresses();
  t.is(three, listen[2] as string);
  t.true([one, two].every(text => /^tcp:\/\/127\.0\.0\.1:[1-9]\d+$/.test(text)) && one !== two);
  for (const registry of [one, two, three]) {
    const joined = await root(t, {registry});
    t.true((await registrar.list()).includes(joined.actor.id.id));
  }
});

test('tpt_bind_addrs/test_non_registrar_root_tpt_bind_addrs: a root that joins listens where it was told to, and at no address of the registrar (D3)', async t => {
  const registrar = await root(t, {listen: [tcp]});
  const path = `unix:${folder(t)}/joined`;
  const joined = await root(t, {registry: await networkOf(registrar), listen: [tcp, path]});
  const own = await joined.addresses();
  t.deepEqual(
    own.filter(text => !text.startsWith('unix:') || text === path).map(text => parseAddress(text).kind),
    ['tcp', 'unix'],
  );
  t.false((await registrar.addresses()).some(text => own.includes(text)));
});

test('tpt_bind_addrs/test_non_registrar_default_random_bind: where nothing is said, an actor listens at a private path of its own, that nobody else has (D3)', async t => {
  const registrar = await root(t, {listen: [tcp]});
  const registry = await networkOf(registrar);
  const roots = [await root(t, {registry}), await root(t, {registry}), await root(t, {})];
  const all = await Promise.all(roots.map(each => each.addresses()));
  t.true(all.every(own => own.length === 1 && own[0]?.startsWith('unix:/')));
  t.is(new Set(all.flat()).size, 3);
});

const forms = {
  'a Unix socket': (t: ExecutionContext) => `unix:${folder(t)}/s`,
  'a port of IPv4': () => tcp,
  'a port of a name': () => 'tcp://localhost:0',
};
for (const [form, address] of Object.entries(forms))
  test(`tpt_bind_addrs/test_tpt_bind_addrs_as_maddr_str: an address is a text, and what it is read as is written the same (D3) [${form}]`, async t => {
    const given = address(t);
    const [real = ''] = await (await root(t, {listen: [given]})).addresses();
    t.is(real.replace(/:[1-9]\d*$/, ':0'), given);
  });

test('tpt_bind_addrs/test_tpt_bind_addrs_as_maddr_str: what is no address is refused before anything listens (D3)', async t => {
  for (const text of ['/ip4/127.0.0.1/tcp/0', 'localhost', 'tcp://127.0.0.1', 'unix:relative', ''])
    await t.throwsAsync(root(t, {listen: [tcp, text]}), {instanceOf: TypeError});
});

test('tpt_bind_addrs/test_open_nursery_forwards_tpt_bind_addrs: a nursery that opens the root hands it the addresses, an inner one takes none (T2, D3)', async t => {
  await openNursery(
    async () => {
      t.regex(String(await addresses()), /^tcp:\/\/127\.0\.0\.1:[1-9]/);
      await t.throwsAsync(
        openNursery(async () => {}, {listen: [tcp]}),
        {instanceOf: TypeError, message: /listen belongs to the one that opened the root/},
      );
    },
    {listen: [tcp], secret},
  );
});
