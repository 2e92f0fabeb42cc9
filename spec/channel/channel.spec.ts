// One connection: who gets which message, pieces put together, one end for all.
import assert from 'node:assert/strict';
import test from 'ava';
import {ActorDied, type ActorError, ProtocolError, type TransportClosed} from '../../lib/base/errors.js';
import {Channel, type Endpoint} from '../../lib/channel/channel.js';
import {messagePack, valueIn} from '../../lib/msg/codec.js';
import {maxFrameBytes, pieceBytes, readFrame, writeHeader} from '../../lib/msg/frame.js';
import {Kind, type Message} from '../../lib/msg/types.js';
import {memoryPair} from '../../lib/transport/memory.js';
import type {Transport} from '../../lib/transport/transport.js';
import {fc} from '../kit/fast-check.js';
import {framed, type Listener, listen} from '../transport/ends.js';

const bytes = (length: number, value = 0): Uint8Array => new Uint8Array(length).fill(value);
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

const names = Object.fromEntries(Object.entries(Kind).map(([name, kind]) => [kind, name]));
const label = ({kind, context, seq, payload, read}: Message): string =>
  `${names[kind]} ${context} #${seq} (${read ? `${read.bytes} in pieces` : payload.length})`;
/** The beginning of a binary of 64 MiB. */
const binaryHead = Uint8Array.of(0xc6, 4, 0, 0, 0);
/** The payload of a Yield with one value. */
const yielded = (value: Uint8Array): Uint8Array => Uint8Array.of(value.length, ...value);

/** A channel, with all that it tells, and the bare other end. */
class Rig {
  readonly log: string[] = [];
  readonly channel: Channel;
  readonly far: Transport;
  readonly heard: Listener;
  end: TransportClosed | undefined;

  constructor(side: 'connected' | 'accepted' = 'accepted', frameLimit = maxFrameBytes) {
    const [near, far] = memoryPair({maxFrameBytes: frameLimit});
    this.far = far;
    this.channel = new Channel(near, {
      codec: messagePack,
      self: {name: 'here', id: 'h', pid: 1, host: 'h'},
      side,
      owner: {
        control: message => this.log.push(`control ${label(message)}`),
        stray: message => this.log.push(`stray ${label(message)}`),
        ended: error => {
          this.end = error;
          this.log.push(`ended ${error.kind}`);
        },
      },
    });
    this.heard = listen(far);
  }

  attach(context: number): Message[] {
    const got: Message[] = [];
    const endpoint: Endpoint = {
      receive: message => {
        got.push(message);
        this.log.push(`${context}: ${label(message)}`);
      },
      channelEnded: error => this.log.push(`${context}: ended ${error.code}`),
    };
    this.channel.attach(context, endpoint);
    return got;
  }

  /** One frame from the other side. */
  say(kind: number, context: number, seq = 0, payload: Uint8Array = bytes(0), more = false): void {
    const frame = new Uint8Array(20 + payload.length);
    const at = writeHeader(frame, 0, kind as Kind, more, context, seq);
    frame.set(payload, at);
    this.far.write([framed(frame.subarray(0, at + payload.length))]);
  }

  /** The messages that the other side has been told. */
  get said(): string[] {
    return this.heard.frames.map(frame => {
      const read = readFrame(frame);
      return `${names[read.kind]} ${read.context}${read.more ? '…' : ''}`;
    });
  }
}

test('a message goes to its context; those of the channel and those that open one to the owner; others are strays', async t => {
  const rig = new Rig();
  rig.attach(2);
  rig.attach(4);
  rig.say(Kind.Yield, 4, 1, bytes(3));
  rig.say(Kind.Return, 2, 0, bytes(1));
  rig.say(Kind.Ping, 0);
  rig.say(Kind.Start, 7, 0, bytes(2));
  rig.say(Kind.Cancel, 9);
  await turns();
  t.deepEqual(rig.log, [
    '4: Yield 4 #1 (3)',
    '2: Return 2 #0 (1)',
    'control Ping 0 #0 (0)',
    'control Start 7 #0 (2)',
    'stray Cancel 9 #0 (0)',
  ]);
});

test('128 messages leave within the turn, because the peer can work meanwhile, and fewer at its end', async t => {
  const rig = new Rig('connected');
  const start = (count: number): number[] => {
    const ids = Array.from({length: count}, () => rig.channel.newId());
    for (const id of ids) rig.channel.send(Kind.Start, id, 0, bytes(2));
    return ids;
  };
  const few = start(127);
  t.true(few.every(id => rig.channel.withdraw(id)));
  const many = start(200);
  // What has left cannot be taken back.
  t.deepEqual(
    many.map(id => rig.channel.withdraw(id)),
    many.map((_, at) => at >= 128),
  );
  await turns();
  t.deepEqual(
    rig.said,
    many.slice(0, 128).map(id => `Start ${id}`),
  );
});

test('C11: a context that is detached gets nothing more, and the others go on', async t => {
  const rig = new Rig();
  const gone = rig.attach(2);
  const stays = rig.attach(4);
  t.is(rig.channel.size, 2);
  rig.channel.detach(2);
  t.false(rig.channel.has(2));
  rig.say(Kind.Yield, 2, 1);
  rig.say(Kind.Yield, 4, 1);
  await turns();
  t.deepEqual([gone.length, stays.length], [0, 1]);
});

test('each side gives ids of its own parity, and knows those of the other', t => {
  const [accepted, connected] = [new Rig('accepted').channel, new Rig('connected').channel];
  t.deepEqual([accepted.newId(), accepted.newId()], [2, 4]);
  t.deepEqual([connected.newId(), connected.newId()], [1, 3]);
  t.true(accepted.isPeerId(7) && connected.isPeerId(8));
  t.false(accepted.isPeerId(8) || connected.isPeerId(7) || accepted.isPeerId(0) || connected.isPeerId(0));
});

test('what is said in one turn shares a write, values of one stream a frame', async t => {
  const rig = new Rig();
  rig.channel.send(Kind.Start, 2);
  for (let seq = 1; seq <= 3; seq++) rig.channel.sendValue(2, seq, bytes(1));
  await Promise.resolve();
  rig.channel.sendValue(2, 4, bytes(1));
  rig.channel.sendUrgent(Kind.Credit, 4);
  await turns();
  t.deepEqual(rig.said, ['Credit 4', 'Start 2', 'Yield 2']);
});

test('F4: a payload beyond a piece goes in pieces and comes back whole', async t => {
  const rig = new Rig();
  const value = Uint8Array.from({length: 10 * pieceBytes}, (_, i) => i % 251);
  rig.channel.send(Kind.Return, 2, 1, rig.channel.codec.encode(value));
  await turns(40);
  t.is(rig.said.length, 11);
  const got = rig.attach(6);
  const pieces = rig.heard.frames.map(frame => readFrame(frame));
  for (const {kind, more, seq, payload: piece} of pieces) rig.say(kind, 6, seq, piece, more);
  await turns(40);
  t.is(got.length, 1);
  t.is(Buffer.compare(valueIn(rig.channel.codec, got[0] as Message) as Uint8Array, value), 0);
});

test('pieces of several contexts come interleaved, each message whole', async t => {
  const rig = new Rig();
  rig.attach(2);
  rig.attach(4);
  const [small, large] = [
    yielded(rig.channel.codec.encode('small')),
    yielded(rig.channel.codec.encode('a little larger')),
  ];
  rig.say(Kind.Yield, 2, 1, small.subarray(0, 3), true);
  rig.say(Kind.Yield, 4, 1, large.subarray(0, 4), true);
  rig.say(Kind.Yield, 2, 1, small.subarray(3));
  rig.say(Kind.Yield, 4, 1, large.subarray(4));
  rig.say(Kind.Return, 2, 1, bytes(3));
  await turns();
  t.deepEqual(rig.log, ['2: Yield 2 #1 (6 in pieces)', '4: Yield 4 #1 (16 in pieces)', '2: Return 2 #1 (3)']);
});

test('Credit and Cancel of the same context pass between pieces', async t => {
  const rig = new Rig();
  rig.attach(2);
  rig.say(Kind.Yield, 2, 1, Uint8Array.of(1), true);
  rig.say(Kind.Credit, 2, 0, bytes(1));
  rig.say(Kind.Cancel, 2, 0, bytes(2));
  rig.say(Kind.Yield, 2, 1, Uint8Array.of(7));
  await turns();
  t.deepEqual(rig.log, ['2: Credit 2 #0 (1)', '2: Cancel 2 #0 (2)', '2: Yield 2 #1 (1 in pieces)']);
});

test('Ping and Pong pass between the pieces of a message of the channel itself', async t => {
  const rig = new Rig();
  rig.say(Kind.Spawn, 0, 0, Uint8Array.of(0x91), true);
  rig.say(Kind.Ping, 0);
  rig.say(Kind.Pong, 0);
  rig.say(Kind.Spawn, 0, 0, Uint8Array.of(7));
  await turns();
  t.deepEqual(rig.log, ['control Ping 0 #0 (0)', 'control Pong 0 #0 (0)', 'control Spawn 0 #0 (2 in pieces)']);
});

test('C8: another message of the context instead of a piece ends the channel', async t => {
  const rig = new Rig();
  rig.attach(2);
  rig.say(Kind.Yield, 2, 1, Uint8Array.of(1), true);
  rig.say(Kind.Return, 2, 1, bytes(1));
  await turns();
  t.deepEqual(rig.log, ['2: ended ERR_TRANSPORT', 'ended protocol']);
});

test('C8: pieces that cannot be decoded end the channel before they are whole', async t => {
  const rig = new Rig();
  rig.attach(2);
  rig.say(Kind.Return, 2, 0, Uint8Array.of(0xc1), true);
  await turns();
  t.deepEqual(rig.log, ['2: ended ERR_TRANSPORT', 'ended protocol']);
});

test('a control message as large as a piece goes whole', async t => {
  const rig = new Rig();
  rig.channel.sendUrgent(Kind.Cancel, 2, bytes(pieceBytes));
  await turns();
  t.deepEqual(rig.said, ['Cancel 2']);
});

test('F4: messages beyond 64 MiB end the channel before they are whole', async t => {
  const rig = new Rig('accepted', 64 * 1024 * 1024);
  rig.attach(2);
  const piece = bytes(22 * 1024 * 1024);
  rig.say(Kind.Return, 2, 1, binaryHead, true);
  for (let i = 0; i < 3; i++) rig.say(Kind.Return, 2, 1, piece, true);
  await turns(10);
  t.deepEqual(rig.log, ['2: ended ERR_TRANSPORT', 'ended protocol']);
  t.regex(rig.end?.message ?? '', /more than 67108864 bytes/);
});

test('F4: unfinished messages beyond 128 MiB together end the channel', async t => {
  const rig = new Rig('accepted', 64 * 1024 * 1024);
  const piece = bytes(33 * 1024 * 1024);
  piece.set(binaryHead);
  for (const context of [2, 4, 6]) rig.say(Kind.Return, context, 1, piece, true);
  await turns(10);
  t.is(rig.end, undefined);
  rig.say(Kind.Return, 8, 1, piece, true);
  await turns(10);
  t.is(rig.end?.kind, 'protocol');
  t.regex(rig.end?.message ?? '', /unfinished/);
});

test('F5: while the transport takes no more, the channel waits; control goes first then', async t => {
  const rig = new Rig();
  for (let i = 0; i < 10; i++) rig.channel.send(Kind.Return, 2 * i + 2, 0, bytes(pieceBytes));
  await Promise.resolve();
  await new Promise<void>(resolve => process.nextTick(resolve));
  rig.channel.sendUrgent(Kind.Cancel, 40);
  await turns(40);
  t.is(rig.said.length, 11);
  t.true(rig.said.indexOf('Cancel 40') <= 2, rig.said.join());
});

test('a Start that has not left is withdrawn: the peer hears nothing of it', async t => {
  const rig = new Rig();
  rig.channel.send(Kind.Start, 2);
  t.true(rig.channel.withdraw(2));
  await turns();
  t.deepEqual(rig.said, []);
  rig.channel.send(Kind.Start, 4);
  await turns();
  t.false(rig.channel.withdraw(4));
});

test('C9: the end is told once to every context, in the order in which they came, then to the owner', async t => {
  const rig = new Rig();
  for (const context of [2, 4, 6]) rig.attach(context);
  rig.far.close();
  await turns();
  t.deepEqual(rig.log, ['2: ended ERR_TRANSPORT', '4: ended ERR_TRANSPORT', '6: ended ERR_TRANSPORT', 'ended eof']);
  rig.channel.destroy();
  rig.channel.close();
  await turns();
  t.is(rig.log.length, 4);
  t.is(rig.channel.size, 0);
  t.is(rig.channel.closed, rig.end);
});

test('what the peer said before it ended is handed over first', async t => {
  const rig = new Rig();
  rig.attach(2);
  rig.say(Kind.Yield, 2, 1);
  rig.say(Kind.Return, 2, 1);
  rig.far.close();
  await turns();
  t.deepEqual(rig.log, ['2: Yield 2 #1 (0)', '2: Return 2 #1 (0)', '2: ended ERR_TRANSPORT', 'ended eof']);
});

test('close sends what waits, beyond what the transport would take at once', async t => {
  const rig = new Rig();
  for (let i = 0; i < 10; i++) rig.channel.send(Kind.Return, 2, 0, bytes(pieceBytes));
  rig.channel.close();
  await turns(10);
  t.is(rig.said.length, 10);
  t.is(rig.end?.kind, 'closed');
});

test('after the end nothing is sent, and nothing throws', async t => {
  const rig = new Rig();
  rig.channel.destroy();
  rig.channel.send(Kind.Return, 2);
  rig.channel.sendUrgent(Kind.Cancel, 2);
  rig.channel.sendValue(2, 1, bytes(1));
  rig.channel.drainSync(10);
  rig.channel.fail(new ProtocolError('late'));
  t.false(rig.channel.withdraw(2));
  await turns();
  t.deepEqual(rig.said, []);
});

test('T17: contexts get the verdict of the owner, and not before it is known', async t => {
  const rig = new Rig();
  rig.attach(2);
  let tell: (error: ActorError) => void = () => {};
  rig.channel.awaitVerdict(() => new Promise(resolve => (tell = resolve)));
  rig.far.close();
  await turns();
  t.deepEqual(rig.log, []);
  // A context that is opened now is told the same. Until then the channel is not closed, but sends nothing.
  t.is(rig.channel.closed, undefined);
  rig.attach(4);
  rig.channel.send(Kind.Start, 4);
  tell(new ActorDied('died', {exit: {code: 3, signal: null}}));
  await turns();
  t.deepEqual(rig.log, ['2: ended ERR_DIED', '4: ended ERR_DIED', 'ended eof']);
  t.true(rig.channel.closed instanceof ActorDied);
});

test('C8: a ProtocolError of a context fails the channel', async t => {
  const rig = new Rig();
  rig.channel.attach(2, {
    receive: () => {
      throw new ProtocolError('undecodable');
    },
    channelEnded: error => rig.log.push(`2: ${error.message}`),
  });
  rig.say(Kind.Yield, 2, 1);
  await turns();
  t.is(rig.end?.kind, 'protocol');
  t.regex(rig.log[0] ?? '', /undecodable/);
});

for (const [what, frame] of Object.entries({
  'an empty frame': bytes(0),
  'a frame of an unknown kind': Uint8Array.of(99, 0, 0),
  'a frame that is cut short': Uint8Array.of(Kind.Yield, 0x80),
  'an HTTP request': Uint8Array.from(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
})) {
  test(`K35: ${what} ends the channel by protocol`, async t => {
    const rig = new Rig();
    rig.attach(2);
    rig.far.write([framed(frame)]);
    await turns();
    t.deepEqual(rig.log, ['2: ended ERR_TRANSPORT', 'ended protocol']);
    t.is(rig.heard.frames.length, 0, 'nothing is said in return');
  });
}

test('K35: random bytes are read as messages or end the channel, and never throw', async t => {
  const counts = {ended: 0, alive: 0, messages: 0};
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({minLength: 1, maxLength: 60}).map(random => random),
        fc.array(fc.uint8Array({maxLength: 12}), {maxLength: 5}).map(frames => framed(...frames)),
        fc
          .array(fc.tuple(fc.nat(16), fc.nat(9), fc.uint8Array({maxLength: 8})), {maxLength: 6})
          .map(frames => framed(...frames.map(([kind, context, rest]) => Uint8Array.of(kind, context, 1, ...rest)))),
      ),
      async garbage => {
        const rig = new Rig();
        rig.attach(2);
        rig.far.write([garbage]);
        await turns(3);
        if (rig.end) {
          counts.ended++;
          assert.equal(rig.end.kind, 'protocol');
          assert.equal(rig.log.filter(line => line.startsWith('ended')).length, 1);
        } else counts.alive++;
        counts.messages += rig.log.filter(line => !line.includes('ended')).length;
      },
    ),
    {numRuns: 300},
  );
  t.log(counts);
  t.true(counts.ended > 0 && counts.alive > 0 && counts.messages > 0);
});
