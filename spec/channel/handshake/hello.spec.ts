// lib/channel/handshake: who may talk to this actor, and why another may not.
import test from 'ava';
import {newActorId} from '../../../lib/base/actor-id.js';
import {HandshakeRejected} from '../../../lib/base/errors.js';
import {encodeHello, readHello} from '../../../lib/channel/handshake/hello.js';
import {messagePack} from '../../../lib/msg/codec.js';
import {actorTuple, Kind, type Message, protocolMagic, protocolVersion} from '../../../lib/msg/types.js';

const codec = messagePack;
const someone = newActorId('someone');
const hello = (payload: unknown, kind: Message['kind'] = Kind.Hello): Message => ({
  kind,
  context: 0,
  seq: 0,
  payload: codec.encode(payload),
});

test('a Hello says who the peer is', t => {
  const payload = encodeHello(codec, someone);
  t.deepEqual(readHello(codec, {kind: Kind.Hello, context: 0, seq: 0, payload}), someone);
});

test('K36: another version is refused, and both are named', t => {
  const message = hello([protocolMagic, protocolVersion + 1, actorTuple(someone)]);
  const error = t.throws(() => readHello(codec, message), {instanceOf: HandshakeRejected});
  t.true(
    error.message.includes(`version ${protocolVersion + 1}`) && error.message.includes(`version ${protocolVersion}`),
  );
});

test('K35: anything else first is refused', t => {
  for (const message of [
    hello(['HTTP/1.1', protocolVersion, actorTuple(someone)]),
    hello([protocolMagic, protocolVersion, ['only a name']]),
    hello('text'),
    hello({magic: protocolMagic}),
    hello([protocolMagic, protocolVersion, actorTuple(someone)], Kind.Start),
  ])
    t.throws(() => readHello(codec, message), {instanceOf: HandshakeRejected});
});
