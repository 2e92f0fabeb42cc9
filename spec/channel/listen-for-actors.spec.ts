// lib/channel/listen-for-actors, connect-to-actor and start-handshake: who is let in over each kind of address, and what it costs to be somebody else.
import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {connect as connectNet, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {newActorId} from '../../lib/base/actor-id.js';
import {ContextCancelled, HandshakeRejected, ProtocolError, TransportClosed} from '../../lib/base/errors.js';
import {configureLog} from '../../lib/base/log.js';
import {type ConnectToActorOptions, connectToActor} from '../../lib/channel/connect-to-actor.js';
import {type HandshakeResult, startHandshake} from '../../lib/channel/handshake/start-handshake.js';
import {Acceptor, type AcceptorOptions, listenForActors} from '../../lib/channel/listen-for-actors.js';
import {messagePack} from '../../lib/msg/codec.js';
import {maxFrameBytes} from '../../lib/msg/frame.js';
import {Kind, protocolMagic} from '../../lib/msg/types.js';
import {parseAddress} from '../../lib/transport/address.js';
import {connectTo} from '../../lib/transport/connect.js';
import type {Listener} from '../../lib/transport/listener.js';
import {memoryPair} from '../../lib/transport/memory.js';
import type {Transport} from '../../lib/transport/transport.js';
import {test} from '../kit/limited.js';
import {certificates, framed, listen as openEnd} from '../transport/ends.js';

const codec = messagePack;
const secret = randomBytes(32);
const tls = certificates('actor');
const [near, far] = [newActorId('near'), newActorId('far')];
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** The events at a listener, in order, to be waited for. */
class Story<T> {
  readonly all: T[] = [];
  #read = 0;
  #wake = (): void => {};

  add(one: T): void {
    this.all.push(one);
    this.#wake();
  }

  async next(): Promise<T> {
    while (this.all.length <= this.#read)
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    return this.all[this.#read++] as T;
  }
}

interface Host {
  readonly listener: Listener;
  readonly accepted: Story<HandshakeResult>;
  readonly refused: Story<Error>;
}

async function host(t: ExecutionContext, address: string, options: Partial<AcceptorOptions> = {}): Promise<Host> {
  const [accepted, refused] = [new Story<HandshakeResult>(), new Story<Error>()];
  const listener = await listenForActors(parseAddress(address), {
    self: far,
    codec,
    secret,
    tls,
    handshake: 30_000,
    accepted: one => accepted.add(one),
    refused: error => refused.add(error),
    ...options,
  });
  t.teardown(async () => {
    await listener.close();
    for (const {transport} of accepted.all) transport.destroy();
  });
  return {listener, accepted, refused};
}

async function reach(
  t: ExecutionContext,
  address: string,
  options: Partial<ConnectToActorOptions> = {},
): Promise<HandshakeResult> {
  const common = {self: near, codec, secret, tls, timeout: 30_000};
  const result = await connectToActor(parseAddress(address), {...common, ...options});
  t.teardown(() => result.transport.destroy());
  return result;
}

function unixAddress(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return `unix:${join(path, 's')}`;
}

/** A socket that speaks for itself, and what it hears. */
function knock(t: ExecutionContext, address: string): {socket: Socket; heard(): Promise<Buffer>} {
  const rest = address.slice(address.indexOf(':') + 1);
  const socket = address.startsWith('unix:')
    ? connectNet(rest)
    : connectNet(Number(rest.split(':').at(-1)), '127.0.0.1');
  const chunks: Buffer[] = [];
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  socket.on('data', chunk => chunks.push(chunk)).on('error', () => {});
  t.teardown(() => socket.destroy());
  return {socket, heard: () => closed.then(() => Buffer.concat(chunks))};
}

const kinds: Readonly<Record<string, (t: ExecutionContext) => string>> = {
  'a Unix address': unixAddress,
  'a TCP address': () => 'tcp://127.0.0.1:0',
  'a TLS address': () => 'tls://127.0.0.1:0',
};

function each(title: string, check: (t: ExecutionContext, address: string) => Promise<void>, only?: RegExp): void {
  for (const [name, make] of Object.entries(kinds))
    if (!only || only.test(name)) test(`${name}: ${title}`, t => check(t, make(t)));
}

each(
  'D3: both sides learn who the other is, then frames go both ways, and nothing of the handshake',
  async (t, address) => {
    const {listener, accepted} = await host(t, address);
    const here = await reach(t, listener.address, {expected: far.id});
    const there = await accepted.next();
    t.deepEqual([here.peer, there.peer], [far, near]);
    const [atHere, atThere] = [openEnd(here.transport), openEnd(there.transport)];
    here.transport.write([framed(Uint8Array.of(1), new Uint8Array(60_000))]);
    there.transport.write([framed(Uint8Array.of(2))]);
    t.deepEqual(
      (await atThere.count(2)).map(({length}) => length),
      [1, 60_000],
    );
    t.deepEqual([...((await atHere.count(1))[0] ?? [])], [2]);
    here.transport.close();
    t.is((await atThere.end()).kind, 'eof');
  },
);

each('G3: another secret is refused at both ends', async (t, address) => {
  const {listener, refused, accepted} = await host(t, address);
  const error = await t.throwsAsync(reach(t, listener.address, {secret: randomBytes(32)}), {
    instanceOf: HandshakeRejected,
    message: /the secrets of the two sides differ/,
  });
  t.is(error.reason, 'secret');
  t.true(error.message.includes(listener.address));
  const there = await refused.next();
  t.true(
    there instanceof HandshakeRejected && there.reason === 'secret' && /near .* does not know/.test(there.message),
  );
  t.is(accepted.all.length, 0);
});

each('D4: a refusal of one that has proved itself is told to it', async (t, address) => {
  const {listener, accepted} = await host(t, address, {
    admit: peer => new HandshakeRejected(`${peer.name} is dead`, {reason: 'dead'}),
  });
  const error = await t.throwsAsync(reach(t, listener.address), {
    instanceOf: HandshakeRejected,
    message: /near is dead/,
  });
  t.is(error.reason, 'dead');
  t.is(accepted.all.length, 0);
});

each('D4: another actor at the address is refused', async (t, address) => {
  const {listener} = await host(t, address);
  const error = await t.throwsAsync(reach(t, listener.address, {expected: near.id.replace(/./, 'x')}), {
    instanceOf: HandshakeRejected,
    message: /far .*instead of/,
  });
  t.is(error.reason, 'identity');
});

const garbage: Readonly<Record<string, Buffer>> = {
  HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  'a TLS hello': Buffer.from('16030100a5010000a10303', 'hex'),
  'a wrong magic': Buffer.from(framed(Uint8Array.of(Kind.Hello, 0, 0, ...codec.encode(['other', 1, []])))),
  'another kind first': Buffer.from(framed(Uint8Array.of(Kind.Start, 1, 0, ...codec.encode([])))),
  'an empty frame': Buffer.from(framed(new Uint8Array(0))),
  'a piece of a message': Buffer.from(framed(Uint8Array.of(Kind.Hello | 0x80, 0, 0))),
  'a length beyond the limit of a handshake': Buffer.of(0, 0x80, 0, 0),
  'the longest length there is': Buffer.of(0xff, 0xff, 0xff, 0xff),
  noise: Buffer.from('9f3a77c1e0b2d4'.repeat(100), 'hex'),
};

for (const [name, bytes] of Object.entries(garbage)) {
  each(
    `K35: ${name} is refused at once, without an answer, and the next is let in`,
    async (t, address) => {
      const {listener, refused, accepted} = await host(t, address);
      const {socket, heard} = knock(t, listener.address);
      socket.write(bytes);
      const error = await refused.next();
      t.true(error instanceof HandshakeRejected && error.reason === 'magic', String(error));
      t.is((await heard()).length, 0);
      await reach(t, listener.address);
      t.deepEqual((await accepted.next()).peer, near);
    },
    /Unix|TCP/,
  );
}

each(
  'K31: a handshake that is cut short is an end of the connection, and of nothing else',
  async (t, address) => {
    const {listener, refused} = await host(t, address);
    for (const bytes of [[], [7], [40, 0, 0, 0], [40, 0, 0, 0, Kind.Hello, 0, 0]]) {
      const {socket} = knock(t, listener.address);
      socket.end(Buffer.from(bytes));
      const error = await refused.next();
      if (bytes.length === 0) t.true(error instanceof TransportClosed && error.kind === 'eof');
      else t.true(error instanceof HandshakeRejected && error.cause instanceof ProtocolError);
    }
    await reach(t, listener.address);
  },
  /Unix|TCP/,
);

/** A transport whose bytes leave one by one. */
function inBytes(inner: Transport): Transport {
  return {
    open: sink => inner.open(sink),
    write: chunks => chunks.every(chunk => [...chunk].every(byte => inner.write([Uint8Array.of(byte)]))),
    close: () => inner.close(),
    destroy: ending => inner.destroy(ending),
    keepAlive: on => inner.keepAlive(on),
    drainSync: ms => inner.drainSync(ms),
  };
}

each('K32: a handshake that comes byte by byte is a handshake', async (t, address) => {
  const {listener, accepted} = await host(t, address);
  const transport = inBytes(await connectTo(parseAddress(listener.address), {maxFrameBytes, tls, timeout: 10_000}));
  t.teardown(() => transport.destroy());
  const here = await startHandshake(transport, {
    role: 'connector',
    self: near,
    secret,
    codec,
    where: 'here',
    timeout: 10_000,
  }).result;
  t.deepEqual([here.peer, (await accepted.next()).peer], [far, near]);
});

each(
  'K37: who never speaks, or a byte at a time, is sent away in time',
  async (t, address) => {
    const {listener, refused} = await host(t, address, {handshake: 500});
    const silent = await connectTo(parseAddress(listener.address), {maxFrameBytes, tls, timeout: 10_000});
    const atSilent = openEnd(silent);
    const first = await refused.next();
    t.true(first instanceof HandshakeRejected && first.reason === 'timeout' && /within 500 ms/.test(first.message));
    t.true(['eof', 'reset'].includes((await atSilent.end()).kind));
    t.is(atSilent.frames.length, 0);
    const slow = await connectTo(parseAddress(listener.address), {maxFrameBytes, tls, timeout: 10_000});
    const atSlow = openEnd(slow);
    const drip = setInterval(() => slow.write([Uint8Array.of(1)]), 20);
    slow.write([Uint8Array.of(0xff, 0x3f, 0, 0)]);
    const second = await refused.next();
    clearInterval(drip);
    t.true(second instanceof HandshakeRejected && second.reason === 'timeout');
    t.true(['eof', 'reset'].includes((await atSlow.end()).kind));
  },
  // Before TLS, the listener's own spec asks; behind it, all connections are alike.
  /Unix|TCP/,
);

test('K37: 64 may be on their way; one more takes the place of the oldest, which is told that it is busy here', async t => {
  const refused = new Story<Error>();
  const accepted = new Story<HandshakeResult>();
  const acceptor = new Acceptor({
    self: far,
    codec,
    secret,
    handshake: 30_000,
    accepted: one => accepted.add(one),
    refused: error => refused.add(error),
  });
  const from = {kind: 'unix', path: '/nowhere'} as const;
  const ends = Array.from({length: 70}, () => {
    const [outside, inside] = memoryPair({maxFrameBytes});
    acceptor.accept(inside, from);
    return openEnd(outside);
  });
  t.is(acceptor.pending, 64);
  for (const [i, end] of ends.entries()) {
    if (i >= 6) {
      t.is(end.endings.length, 0);
      continue;
    }
    t.is((await end.end()).kind, 'eof');
    t.is(end.frames[0]?.[0], Kind.Goaway);
    const error = await refused.next();
    t.true(error instanceof HandshakeRejected && error.reason === 'busy');
  }
  const [outside, inside] = memoryPair({maxFrameBytes});
  acceptor.accept(inside, from);
  t.is(acceptor.pending, 64);
  await startHandshake(outside, {role: 'connector', self: near, secret, codec, where: 'here', timeout: 10_000}).result;
  t.deepEqual((await accepted.next()).peer, near);
  t.is(acceptor.pending, 63);
  acceptor.close();
  t.is(acceptor.pending, 0);
  for (const end of ends) await end.end();
  const [late, closed] = memoryPair({maxFrameBytes});
  acceptor.accept(closed, from);
  t.is((await openEnd(late).end()).kind, 'eof');
});

test('who is told that it is busy there asks again', async t => {
  let asked = 0;
  const admit = (): HandshakeRejected | undefined =>
    ++asked < 3 ? new HandshakeRejected('too many', {reason: 'busy'}) : undefined;
  const {listener} = await host(t, unixAddress(t), {admit});
  await reach(t, listener.address);
  t.is(asked, 3);
  asked = -1_000;
  const error = await t.throwsAsync(reach(t, listener.address, {timeout: 100}), {instanceOf: HandshakeRejected});
  // The last time it may run out of time instead.
  t.true(error.reason === 'busy' || error.reason === 'timeout');
});

test('who is asked to wait can be told to stop', async t => {
  const aborter = new AbortController();
  const reason = new Error('enough');
  const {listener} = await host(t, unixAddress(t), {admit: () => new HandshakeRejected('too many', {reason: 'busy'})});
  const reaching = reach(t, listener.address, {signal: aborter.signal});
  await turn();
  aborter.abort(reason);
  t.is((await t.throwsAsync(reaching, {instanceOf: ContextCancelled})).cause, reason);
});

test('a signal ends a handshake that nobody answers', async t => {
  const [here, there] = memoryPair({maxFrameBytes});
  const end = openEnd(there);
  const aborter = new AbortController();
  const common = {role: 'connector', self: near, secret, codec, where: 'here', timeout: 30_000} as const;
  const {result} = startHandshake(here, {...common, signal: aborter.signal});
  aborter.abort(new Error('enough'));
  await t.throwsAsync(result, {instanceOf: ContextCancelled, message: /here/});
  await end.end();
});

test('K64: a listener without descriptors hangs up; who connects asks again, and is let in when there are some', async t => {
  const address = unixAddress(t);
  const path = address.slice('unix:'.length);
  const program = fileURLToPath(new URL('../fixtures/full-listener.js', import.meta.url));
  const args = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, program, path, secret.toString('hex')];
  const child = spawn('/bin/sh', args, {stdio: ['pipe', 'pipe', 'inherit']});
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  t.is((await lines.next()).value, 'full');
  const error = await t.throwsAsync(reach(t, address, {timeout: 1}), {instanceOf: Error});
  t.true(error instanceof TransportClosed || (error instanceof HandshakeRejected && error.reason === 'timeout'));
  const {heard} = knock(t, address);
  t.is((await heard()).length, 0);
  const reaching = reach(t, address);
  child.stdin.write('now\n');
  t.is((await reaching).peer.name, 'full');
  t.is((await lines.next()).value, 'near');
});

test('G1: without a secret only certificates will do', async t => {
  for (const address of [unixAddress(t), 'tcp://127.0.0.1:0']) {
    await t.throwsAsync(host(t, address, {secret: undefined}), {instanceOf: TypeError, message: /needs a secret/});
    await t.throwsAsync(reach(t, address, {secret: undefined}), {instanceOf: TypeError, message: /needs a secret/});
    await t.throwsAsync(host(t, address, {secret: new Uint8Array(8)}), {instanceOf: TypeError, message: /at least 16/});
  }
  const {listener, accepted} = await host(t, 'tls://127.0.0.1:0', {secret: undefined});
  t.deepEqual((await reach(t, listener.address, {secret: undefined})).peer, far);
  t.deepEqual((await accepted.next()).peer, near);
});

test('G5: whose certificate is not accepted is told that it is the certificate', async t => {
  const {listener} = await host(t, 'tls://127.0.0.1:0');
  const {cert, key} = certificates('stranger');
  const error = await t.throwsAsync(reach(t, listener.address, {tls: {cert, key, ca: tls.ca}, timeout: 300}));
  t.true(error instanceof HandshakeRejected || error instanceof TransportClosed, String(error));
});

test('something else that listens is not taken for an actor', async t => {
  const server = createServer(socket => socket.on('error', () => {}).write('220 mail.example ESMTP\r\n')).listen(
    0,
    '127.0.0.1',
  );
  await new Promise(resolve => server.once('listening', resolve));
  const {port} = server.address() as {port: number};
  const error = await t.throwsAsync(reach(t, `tcp://127.0.0.1:${port}`), {instanceOf: HandshakeRejected});
  t.is(error.reason, 'magic');
  server.close();
});

test('what comes with the end of the handshake waits until the transport is opened, in order, then the end', async t => {
  const [here, there] = memoryPair({maxFrameBytes});
  const common = {secret, codec, where: 'here', timeout: 10_000};
  const accepting = startHandshake(there, {...common, role: 'acceptor', self: far}).result;
  const [a, b] = await Promise.all([
    startHandshake(here, {...common, role: 'connector', self: near}).result,
    accepting,
  ]);
  for (let i = 0; i < 5; i++) b.transport.write([framed(Uint8Array.of(i))]);
  b.transport.close();
  for (let i = 0; i < 5; i++) await turn();
  const end = openEnd(a.transport);
  t.is(end.frames.length, 0);
  t.is((await end.end()).kind, 'eof');
  t.deepEqual(
    end.frames.map(([first]) => first),
    [0, 1, 2, 3, 4],
  );
});

test('what nobody reads is not kept without a bound', async t => {
  const [here, there] = memoryPair({maxFrameBytes});
  const common = {secret, codec, where: 'here', timeout: 10_000};
  const accepting = startHandshake(there, {...common, role: 'acceptor', self: far}).result;
  const [a, b] = await Promise.all([
    startHandshake(here, {...common, role: 'connector', self: near}).result,
    accepting,
  ]);
  const atB = openEnd(b.transport);
  for (let i = 0; i < 20; i++) b.transport.write([framed(new Uint8Array(60_000))]);
  await atB.end();
  const ending = await openEnd(a.transport).end();
  t.true(ending.kind === 'protocol' && ending.cause instanceof ProtocolError);
});

test.serial('G10, G14: strangers fill no log, and nothing of theirs reaches it raw', async t => {
  const lines: string[] = [];
  const note = (_: object, text: string): void => void lines.push(text);
  configureLog('warn', {logger: {debug: note, info: note, warn: note, error: note}});
  t.teardown(() => configureLog('warn'));
  const acceptor = new Acceptor({self: far, codec, secret, handshake: 30_000, accepted: () => {}});
  const magic = codec.encode([protocolMagic, '\x1b]52;c;AAAA\x07', []]);
  for (let i = 0; i < 50; i++) {
    const [outside, inside] = memoryPair({maxFrameBytes});
    acceptor.accept(inside, {kind: 'unix', path: '/tmp/\x1b[2J'});
    const end = openEnd(outside);
    outside.write([framed(Uint8Array.of(Kind.Hello, 0, 0, ...magic))]);
    await end.end();
  }
  t.is(lines.length, 10);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.true(lines.every(line => !/[\x00-\x1f\x7f]/.test(line) && line.includes('version')));
  const [outside, inside] = memoryPair({maxFrameBytes});
  acceptor.accept(inside, {kind: 'unix', path: '/s'});
  outside.destroy();
  await turn();
  t.is(lines.length, 10, 'one who comes and goes is worth no line');
});
