// tests/ipc/test_server.py: whoever listens, and what those who connect cannot do to it.
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {type AddressInfo, connect as connectNet, createServer, type Socket} from 'node:net';
import type {ExecutionContext} from 'ava';
import {addresses, HandshakeRejected, openNursery, RemoteActorError, TransportClosed} from '../../lib/index.js';
import {parseAddress} from '../../lib/transport/address.js';
import {folder, linked, over, relayTo, secret} from '../discovery/linked.js';
import {test} from '../kit/limited.js';
import {errorOf} from './over.js';

const tcp = 'tcp://127.0.0.1:0';
const networks = {tcp: () => tcp, unix: (t: ExecutionContext) => `unix:${folder(t)}/s`};

/** A connection of somebody who speaks another language. */
function knock(t: ExecutionContext, address: string): Socket {
  const to = parseAddress(address);
  const socket = to.kind === 'unix' ? connectNet(to.path) : connectNet(to.port, to.host);
  t.teardown(() => socket.destroy());
  return socket.on('error', () => {});
}

test('server/test_send_normalizes_only_grouped_peer_resets: a peer that is gone is TransportClosed to whoever writes to it, and an error that only looks like one is itself (E1, C9)', async t => {
  const [here, there] = [await linked(t, 'here'), await linked(t, 'there')];
  const relay = await relayTo(t, (await there.connections.addresses())[0] as string);
  const lease = await here.connections.connect(parseAddress(relay.address), {timeout: 30_000});
  if (!lease) return t.fail();
  const own = await errorOf(
    over(lease).run(() => {
      throw Object.assign(new Error('write EPIPE'), {code: 'EPIPE'});
    }),
  );
  t.true(own instanceof RemoteActorError && (own.cause as NodeJS.ErrnoException).code === 'EPIPE', String(own));
  relay.cut();
  const gone = await errorOf(over(lease).run(() => new Promise(() => {}), 'x'.repeat(100_000)));
  t.true(gone instanceof TransportClosed && ['eof', 'reset'].includes(gone.kind), String(gone));
});

for (const [network, address] of Object.entries(networks))
  test(`server/test_handshake_normalizes_decode_error: bytes that are no greeting end their connection, and whoever listens goes on (C8, D3) [${network}]`, async t => {
    const there = await linked(t, 'there', {listen: [address(t)]});
    const at = (await there.connections.addresses())[1] as string;
    for (const bytes of ['\0', 'GET / HTTP/1.1\r\n\r\n', '\xff\xff\xff\xff', '\x05\0\0\0\x01\0\0\0\0']) {
      const socket = knock(t, at);
      socket.resume().end(Buffer.from(bytes, 'latin1'));
      await once(socket, 'close');
    }
    const here = await linked(t, 'here');
    const lease = await here.connections.connect(parseAddress(at), {timeout: 30_000});
    t.is(lease?.peer.channel.peer?.id, there.actor.id.id);
    t.is(there.connections.size, 1);
  });

test('server/test_server_uses_independent_handshake_timeout: who listens and who connects each waits as long as it was told itself (D3)', async t => {
  const silent = createServer(socket => void socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => void silent.close());
  const patient = await linked(t, 'patient', {listen: [tcp]});
  const at = parseAddress(`tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  // A busy machine may not even have connected by then.
  const error = await errorOf(patient.connections.connect(at, {timeout: 100}));
  t.true(error instanceof HandshakeRejected || error instanceof TransportClosed);
  t.regex(String(error), /within \d+ ms/);
  const strict = await linked(t, 'strict', {listen: [tcp], handshake: 100});
  const [, waiting = ''] = await patient.connections.addresses();
  const [, hasty = ''] = await strict.connections.addresses();
  const [long, short] = [knock(t, waiting), knock(t, hasty)];
  await Promise.all([once(long, 'connect'), once(short.resume(), 'close')]);
  t.false(long.closed);
});

for (const [network, address] of Object.entries(networks))
  test(`server/test_basic_ipc_server: a root listens with nobody there, and no more when its nursery has ended (T8, D3) [${network}]`, async t => {
    const at = await openNursery(
      async () => {
        const [real = ''] = await addresses();
        await once(knock(t, real), 'connect');
        return real;
      },
      {listen: [address(t)], secret},
    );
    const socket = knock(t, at);
    socket.removeAllListeners('error');
    const [error] = await once(socket, 'error');
    t.regex(error.code, /ECONNREFUSED|ENOENT/);
    if (at.startsWith('unix:')) t.false(existsSync(at.slice('unix:'.length)));
  });
