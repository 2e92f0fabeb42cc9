// lib/channel/handshake/handshake and proof: who knows the secret is let in, and nothing that was overheard, cut or sent back replaces knowing it.
import {randomBytes} from 'node:crypto';
import test, {type ExecutionContext} from 'ava';
import {newActorId} from '../../../lib/base/actor-id.js';
import {HandshakeRejected} from '../../../lib/base/errors.js';
import {
  type ControlMessage,
  goaway,
  Handshake,
  type HandshakeOptions,
  maxHandshakeBytes,
} from '../../../lib/channel/handshake/handshake.js';
import {encodeHello} from '../../../lib/channel/handshake/hello.js';
import {messagePack} from '../../../lib/msg/codec.js';
import {actorTuple, Kind, type Message, protocolMagic, protocolVersion} from '../../../lib/msg/types.js';
import {fc} from '../../kit/fast-check.js';

const codec = messagePack;
const secret = randomBytes(32);
// HMAC fills a short key up with zeros: with a last byte of zero, as in 1 of 256 secrets, the secret and its part would be one key.
secret[31] ||= 1;
const [ann, bob, eve] = [newActorId('ann'), newActorId('bob'), newActorId('eve')];

const connector = (options: Partial<HandshakeOptions> = {}): Handshake =>
  new Handshake({role: 'connector', self: ann, secret, codec, ...options});
const acceptor = (options: Partial<HandshakeOptions> = {}): Handshake =>
  new Handshake({role: 'acceptor', self: bob, secret, codec, ...options});

const arrived = ({kind, payload}: ControlMessage): Message => ({kind, payload, context: 0, seq: 0});
const message = (kind: Kind, payload: Uint8Array): Message => ({kind, payload, context: 0, seq: 0});
const helloOf = (...fields: unknown[]): Message => message(Kind.Hello, codec.encode(fields));
const only = (messages: readonly ControlMessage[]): Message => {
  if (messages.length !== 1) throw new Error(`${messages.length} messages instead of one`);
  return arrived(messages[0] as ControlMessage);
};

function refuses(
  t: ExecutionContext,
  handshake: Handshake,
  what: Message,
  reason: string,
  text = /./,
): HandshakeRejected {
  const error = t.throws(() => handshake.receive(what), {instanceOf: HandshakeRejected, message: text});
  t.is(error.reason, reason);
  return error;
}

test('G5: two that know the secret learn who the other is, in four messages', t => {
  const [a, b] = [connector(), acceptor()];
  t.deepEqual(b.start(), []);
  const helloA = only(a.start());
  const toA = b.receive(helloA);
  t.is(toA.peer, undefined);
  const toB = a.receive(only(toA.send));
  t.is(toB.peer, undefined);
  const last = b.receive(only(toB.send));
  t.deepEqual(last.peer, ann);
  t.deepEqual(a.receive(only(last.send)), {send: [], peer: bob});
  t.deepEqual([a.farewell, b.farewell], [[], []]);
});

test('G4: the secret never crosses, and no message is the same twice', t => {
  const said = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const [a, b] = [connector(), acceptor()];
    const one = only(a.start());
    const two = only(b.receive(one).send);
    const three = only(a.receive(two).send);
    const four = only(b.receive(three).send);
    for (const {payload} of [one, two, three, four]) {
      t.false(Buffer.from(payload).includes(secret));
      said.add(Buffer.from(payload).toString('hex'));
    }
  }
  t.is(said.size, 80);
});

test('where certificates prove who is there, the handshake says who they are, and no more', t => {
  const [a, b] = [connector({secret: undefined}), acceptor({secret: undefined})];
  const proof = only(a.receive(only(b.receive(only(a.start())).send)).send);
  t.is(proof.payload.length, 0);
  const last = b.receive(proof);
  t.deepEqual([last.peer, a.receive(only(last.send)).peer], [ann, bob]);
});

const otherSecrets = {
  'another secret': randomBytes(32),
  'a part of the secret': secret.subarray(0, 31),
  'no secret': undefined,
};
for (const [name, other] of Object.entries(otherSecrets)) {
  test(`G3: who connects with ${name} is refused and told so, and hears no proof`, t => {
    const [a, b] = [connector({secret: other}), acceptor()];
    const proof = only(a.receive(only(b.receive(only(a.start())).send)).send);
    refuses(t, b, proof, 'secret', /ann \(pid \d+\) does not know the secret/);
    t.deepEqual(
      b.farewell.map(({kind}) => kind),
      [Kind.Goaway],
    );
    refuses(t, a, only(b.farewell), 'secret', /the other side refused: the secrets of the two sides differ/);
  });

  test(`G3: who listens with ${name} is refused`, t => {
    // It cannot check the proof, and goes on as if it had.
    const [a, b] = [connector(), acceptor({secret: other})];
    const proof = only(a.receive(only(b.receive(only(a.start())).send)).send);
    t.is(proof.payload.length, 32);
    refuses(t, a, message(Kind.Proof, new Uint8Array(other === undefined ? 0 : 32)), 'secret', /bob .* does not know/);
    t.deepEqual(a.farewell, []);
  });
}

test('G3: a proof that is cut short, or too long, is none', t => {
  for (let length = 0; length <= 64; length++) {
    const [a, b] = [connector(), acceptor()];
    const {payload} = only(a.receive(only(b.receive(only(a.start())).send)).send);
    const cut = new Uint8Array(length);
    cut.set(payload.subarray(0, length));
    if (length === 32) t.truthy(b.receive(message(Kind.Proof, cut)).peer);
    else refuses(t, b, message(Kind.Proof, cut), 'secret');
  }
});

test('a secret of less than 16 bytes is refused at home', t => {
  t.throws(() => connector({secret: new Uint8Array(15)}), {
    instanceOf: TypeError,
    message: /at least 16 bytes, this one 15/,
  });
  t.notThrows(() => connector({secret: new Uint8Array(16)}));
});

test('G5: a handshake that is sent back is no handshake', t => {
  const a = connector();
  const hello = only(a.start());
  refuses(t, a, hello, 'identity', /sent back/);
  const [magic, version, , nonce] = codec.decode(hello.payload) as unknown[];
  const again = new Handshake({role: 'connector', self: ann, secret, codec});
  t.notDeepEqual(only(again.start()), hello);
  const mine = (codec.decode(only(again.start()).payload) as unknown[])[3];
  t.notDeepEqual(mine, nonce);
  refuses(t, again, helloOf(magic, version, actorTuple(eve), mine), 'identity', /sent back/);
  const b = acceptor();
  refuses(
    t,
    b,
    helloOf(protocolMagic, protocolVersion, actorTuple(bob), randomBytes(32)),
    'identity',
    /claims to be it/,
  );
});

test('G5: a proof that is sent back is no proof', t => {
  const a = connector();
  a.start();
  const proof = only(a.receive(helloOf(protocolMagic, protocolVersion, actorTuple(eve), randomBytes(32))).send);
  refuses(t, a, proof, 'secret');
});

test('G5: a conversation that was overheard is worth nothing in another', t => {
  const [a, b] = [connector(), acceptor()];
  const hello = only(a.start());
  const proof = only(a.receive(only(b.receive(hello).send)).send);
  const proofB = only(b.receive(proof).send);
  const again = acceptor();
  again.receive(hello);
  refuses(t, again, proof, 'secret');
  const later = connector();
  later.start();
  later.receive(only(acceptor().receive(only(connector().start())).send));
  refuses(t, later, proofB, 'secret');
});

test('G5: nobody changes on the way who is said to be there', t => {
  for (const other of [eve, {...ann, name: 'root'}, {...ann, pid: 1}, {...ann, host: 'elsewhere'}]) {
    const [a, b] = [connector(), acceptor()];
    const [magic, version, , nonce] = codec.decode(only(a.start()).payload) as unknown[];
    const toA = only(b.receive(helloOf(magic, version, actorTuple(other), nonce)).send);
    refuses(t, b, only(a.receive(toA).send), 'secret');
  }
});

test('a nonce that is missing, short or long is refused', t => {
  for (const nonce of [undefined, null, 'x'.repeat(32), new Uint8Array(31), new Uint8Array(33), 7])
    refuses(t, acceptor(), helloOf(protocolMagic, protocolVersion, actorTuple(ann), nonce), 'identity', /nonce/);
});

test('K36: another version is refused, and both sides name both', t => {
  for (const version of [protocolVersion + 1, protocolVersion - 1]) {
    const b = acceptor();
    const text = new RegExp(`version ${version} .*version ${protocolVersion}:`);
    refuses(t, b, helloOf(protocolMagic, version, actorTuple(ann), randomBytes(32)), 'version', text);
    const a = connector();
    a.start();
    refuses(t, a, only(b.farewell), 'version', new RegExp(`it speaks version ${protocolVersion}`));
    const other = connector();
    refuses(t, other, helloOf(protocolMagic, version, actorTuple(bob), randomBytes(32)), 'version', text);
    t.deepEqual(other.farewell, []);
  }
});

test('K35: who does not begin with a Hello of ours is told nothing', t => {
  const kinds = Object.values(Kind).filter(kind => kind !== Kind.Hello && kind !== Kind.Goaway);
  const strangers = [
    ...kinds.map(kind => message(kind, codec.encode([protocolMagic]))),
    helloOf('HTTP/1.1', protocolVersion, actorTuple(ann), randomBytes(32)),
    message(Kind.Hello, Uint8Array.of(0xc1)),
    message(Kind.Hello, new Uint8Array(maxHandshakeBytes + 1)),
    {...helloOf(protocolMagic, protocolVersion, actorTuple(ann), randomBytes(32)), context: 1},
    message(Kind.Goaway, codec.encode('text')),
    message(Kind.Goaway, codec.encode(null)),
    message(Kind.Goaway, codec.encode([1, 2])),
  ];
  for (const stranger of strangers) {
    const b = acceptor();
    refuses(t, b, stranger, 'magic');
    t.deepEqual(b.farewell, []);
  }
});

test('behind a handshake only a proof is listened to, and behind the end nothing', t => {
  for (const kind of Object.values(Kind).filter(kind => kind !== Kind.Proof && kind !== Kind.Goaway)) {
    const b = acceptor();
    b.receive(only(connector().start()));
    refuses(t, b, message(kind, new Uint8Array(0)), 'magic', /instead of its proof/);
    refuses(t, b, only(connector().start()), 'magic', /after the end/);
  }
  const [a, b] = [connector(), acceptor()];
  const proof = only(a.receive(only(b.receive(only(a.start())).send)).send);
  b.receive(proof);
  refuses(t, b, proof, 'magic', /after the end/);
});

test('D4: one that has proved itself may be refused all the same, before this side has; it is told why', t => {
  const asked: unknown[] = [];
  const refusal = new HandshakeRejected(`ann is dead\x1b[2J ${'x'.repeat(1_000)}`, {reason: 'dead'});
  const [a, b] = [
    connector(),
    acceptor({
      admit: peer => {
        asked.push(peer);
        return refusal;
      },
    }),
  ];
  const toA = b.receive(only(a.start()));
  t.deepEqual(asked, []);
  t.is(
    t.throws(() => b.receive(only(a.receive(only(toA.send)).send))),
    refusal,
  );
  t.deepEqual(asked, [ann]);
  const error = refuses(t, a, only(b.farewell), 'dead', /refused: ann is dead\\x1b\[2J x/);
  t.true(error.message.length < 600);
});

test('what a Goaway says is text of a stranger: it is escaped, and its reason is a word or none', t => {
  for (const [reason, read] of [
    ['busy', 'busy'],
    ['', 'refused'],
    ['two words', 'refused'],
    ['x'.repeat(33), 'refused'],
    ['\x1b', 'refused'],
  ] as const) {
    const error = refuses(t, connector(), arrived(goaway(codec, reason, '\u202e\x07')), read);
    t.true(error.message.endsWith('\\u202e\\x07'));
  }
});

test('D4: another actor than the one that was looked for is refused', t => {
  const a = connector({expected: eve.id});
  refuses(t, a, only(acceptor().receive(only(a.start())).send), 'identity', /bob .*instead of the actor/);
  const again = connector({expected: bob.id});
  t.notThrows(() => again.receive(only(acceptor().receive(only(again.start())).send)));
});

test('a name of a stranger is escaped and cut where it is printed', t => {
  const name = `\x1b]0;${'n'.repeat(500)}`;
  const b = acceptor();
  b.receive(helloOf(protocolMagic, protocolVersion, ['x', 'y', 1, 'z'].with(0, name), randomBytes(32)));
  const error = refuses(t, b, message(Kind.Proof, new Uint8Array(32)), 'secret', /^\\x1b\]0;n+ \(pid 1\)/);
  t.true(error.message.length < 300);
});

test('a handshake of an inherited pair is no handshake here', t => {
  refuses(t, acceptor(), message(Kind.Hello, encodeHello(codec, ann)), 'identity', /nonce/);
});

/** One end of a conversation in a world where somebody between them delivers what he likes to whom he likes. */
interface Party {
  readonly handshake: Handshake;
  readonly role: HandshakeOptions['role'];
  /** Its own Hello, and that which it has been given. */
  hello: string | undefined;
  heard: string | undefined;
  done: string | undefined;
  /** The message that it has said last. */
  last: Message | undefined;
}

test('G5: whoever carries the messages, and wherever: who ends a handshake has spoken with whom it believes', t => {
  let ended = 0;
  let refusals = 0;
  // Any message to anybody; or so many turns of an honest conversation.
  const step = fc.oneof(
    {weight: 3, arbitrary: fc.record({who: fc.nat(5), which: fc.nat(30), turns: fc.constant(0)})},
    {weight: 1, arbitrary: fc.record({who: fc.nat(5), which: fc.nat(5), turns: fc.integer({min: 1, max: 5})})},
  );
  fc.assert(
    fc.property(fc.array(step, {maxLength: 30}), steps => {
      // Two actors that both listen and connect, twice, and one that does not know the secret.
      const parties: Party[] = [ann, bob, ann, bob, ann, bob].map((self, i) => ({
        handshake: new Handshake({role: i % 4 < 2 ? 'connector' : 'acceptor', self, secret, codec}),
        role: i % 4 < 2 ? 'connector' : 'acceptor',
        hello: undefined,
        heard: undefined,
        done: undefined,
        last: undefined,
      }));
      const pool: Message[] = [
        helloOf(protocolMagic, protocolVersion, actorTuple(eve), randomBytes(32)),
        message(Kind.Proof, randomBytes(32)),
      ];
      const keep = (party: Party, sent: readonly ControlMessage[]): void => {
        for (const one of sent) {
          party.last = arrived(one);
          pool.push(party.last);
          if (one.kind === Kind.Hello) party.hello = Buffer.from(one.payload).toString('hex');
        }
      };
      for (const party of parties) keep(party, party.handshake.start());
      const carry = (party: Party, carried: Message): void => {
        try {
          const {send, peer} = party.handshake.receive(carried);
          if (carried.kind === Kind.Hello) party.heard = Buffer.from(carried.payload).toString('hex');
          keep(party, send);
          if (peer) party.done = peer.id;
        } catch (error) {
          t.true(error instanceof HandshakeRejected, String(error));
          refusals++;
        }
      };
      for (const {who, which, turns} of steps) {
        let [to, from] = [parties[who] as Party, parties[which % parties.length] as Party];
        if (turns === 0) carry(to, pool[which % pool.length] as Message);
        for (let turn = 0; turn < turns && from.last; turn++) {
          carry(to, from.last);
          [to, from] = [from, to];
        }
      }
      for (const party of parties.filter(({done}) => done !== undefined)) {
        ended++;
        const partner = parties.find(
          ({role, hello, heard}) => role !== party.role && hello === party.heard && heard === party.hello,
        );
        t.truthy(partner, 'it has ended without a partner');
        t.not(party.done, eve.id);
      }
    }),
    {numRuns: 3_000},
  );
  t.log({ended, refusals});
  t.true(ended > 20 && refusals > 1_000);
});
