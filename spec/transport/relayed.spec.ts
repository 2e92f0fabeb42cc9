// Streams through a broker: one of this process that can be cut, and a real server of NATS that is killed.
import {once} from 'node:events';
import type {ExecutionContext} from 'ava';
import {TransportClosed} from '../../lib/base/errors.js';
import {RelayedStream, windowBytes} from '../../lib/transport/relayed.js';
import {eventually} from '../kit/eventually.js';
import {test} from '../kit/limited.js';
import {NatsServer, natsBroker, withoutNatsServer} from '../kit/nats-server.js';
import {FakeBroker} from './relay/fake-broker.js';

const silence = 60_000;
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
};

function pairOver(
  t: ExecutionContext,
  near: FakeBroker,
  far = near,
  patience = silence,
): [RelayedStream, RelayedStream] {
  const a = new RelayedStream(near, {here: 'a', there: 'b', silence: patience});
  const b = new RelayedStream(far, {here: 'b', there: 'a', silence: patience});
  t.teardown(() => {
    a.destroy();
    b.destroy();
  });
  return [a, b];
}

/** Everything that a stream gives, to its end. */
async function readAll(stream: RelayedStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Its length fits into no window and no packet, so that a piece that is missing or doubled shows. */
const pattern = Uint8Array.from({length: 1_021}, (_, i) => i * 31);
const noise = (bytes: number): Buffer => Buffer.alloc(bytes, pattern);

test('F5: while nobody reads, a window is on its way and no more, however much is written', async t => {
  const broker = new FakeBroker();
  const [a, b] = pairOver(t, broker);
  const all = noise(4 * windowBytes);
  a.write(all);
  await turns(100);
  t.true(broker.published < windowBytes * 1.02, `${broker.published} bytes`);
  t.is(a.writableLength, all.length);
  a.end();
  t.is(Buffer.compare(await readAll(b), all), 0);
});

test('a reader takes what it wants, and the writer is told of the room', async t => {
  const [a, b] = pairOver(t, new FakeBroker());
  let written = 0;
  const write = (): void => {
    while (written < 3 * windowBytes && a.write(noise(10_000))) written += 10_000;
  };
  a.on('drain', write);
  write();
  let read = 0;
  while (read < windowBytes) {
    const chunk: Buffer | null = b.read();
    if (chunk) read += chunk.length;
    else await turns(1);
  }
  t.true(written < 3 * windowBytes);
  b.resume();
  while (written < 3 * windowBytes) await turns(1);
  t.pass();
});

test('what was cut is sent again, and nothing is sent while there is no connection', async t => {
  const broker = new FakeBroker();
  const [a, b] = pairOver(t, broker);
  const all = noise(3 * windowBytes);
  const read = readAll(b);
  a.end(all);
  for (let cut = 0; cut < 8; cut++) {
    await turns(3);
    broker.cut();
    const before = broker.published;
    await turns(3);
    t.is(broker.published, before);
    broker.back();
  }
  t.is(Buffer.compare(await read, all), 0);
});

test('end() and destroy() at once lose nothing of what the other end has room for', async t => {
  const broker = new FakeBroker();
  const [a, b] = pairOver(t, broker);
  // Until it has heard of the other end, it can send nothing.
  await turns(5);
  a.end(noise(100_000));
  await turns(1);
  broker.cut();
  a.destroy();
  broker.back();
  t.is((await readAll(b)).length, 100_000);
});

test('an end that is destroyed by an error breaks off the other one, behind what was not read', async t => {
  const [a, b] = pairOver(t, new FakeBroker());
  a.write(noise(1_000));
  await turns(5);
  a.on('error', () => {});
  a.destroy(new Error('why'));
  await turns(5);
  t.false(b.destroyed);
  const ended = t.throwsAsync(once(b, 'close'), {instanceOf: TransportClosed, message: /the other end has broken off/});
  let read = 0;
  b.on('data', chunk => {
    read += chunk.length;
  });
  t.is((await ended)?.kind, 'reset');
  t.is(read, 1_000);
});

test('a broker that has ended for good ends the stream, with what may be lost', async t => {
  const broker = new FakeBroker();
  const [a] = pairOver(t, broker);
  await turns(5);
  a.write(noise(1_000));
  broker.cut();
  a.write(noise(234));
  const cause = new Error('no more');
  const ended = once(a, 'close');
  a.resume();
  broker.close(cause);
  const error = (await t.throwsAsync(ended)) as TransportClosed;
  t.is(error.message, 'the connection to the broker has ended: 1234 bytes that were sent may not have arrived');
  t.is(error.cause, cause);
});

test('an end that nobody answers ends when it has heard nothing for too long', async t => {
  const broker = new FakeBroker();
  const a = new RelayedStream(broker, {here: 'a', there: 'nobody', silence: 300});
  a.resume();
  const error = (await t.throwsAsync(once(a, 'close'))) as TransportClosed;
  t.is(error.kind, 'heartbeat');
});

test('streams that have ended leave nothing at the broker', async t => {
  const broker = new FakeBroker();
  const [a, b] = pairOver(t, broker);
  const read = [readAll(a), readAll(b)];
  a.end('there');
  b.end('back');
  t.deepEqual((await Promise.all(read)).map(String), ['back', 'there']);
  await t.notThrowsAsync(eventually(() => broker.users === 0, 'a broker without users', {pollMs: 100}));
});

const withServer = withoutNatsServer === undefined ? test.serial : test.serial.skip;
const needs = withoutNatsServer === undefined ? '' : ` (${withoutNatsServer})`;

withServer(`a stream goes on when its server is killed and started again, and loses nothing${needs}`, async t => {
  const server = await NatsServer.start();
  try {
    const [near, far] = await Promise.all([server.connect(), server.connect()]);
    const options = {silence};
    const a = new RelayedStream(natsBroker(near), {...options, here: 'a', there: 'b'});
    const b = new RelayedStream(natsBroker(far), {...options, here: 'b', there: 'a'});
    const part = noise(256 * 1024);
    const parts = 80;
    const kills = 10;
    let read = 0;
    let killed = 0;
    let restarted: Promise<void> | undefined;
    b.on('data', (chunk: Buffer) => {
      const at = read % part.length;
      const expected = Buffer.concat([part.subarray(at), part]).subarray(0, chunk.length);
      if (Buffer.compare(chunk, expected) !== 0) b.destroy(new Error(`other bytes came at ${read}`));
      read += chunk.length;
      if (read < ((killed + 0.5) * parts * part.length) / kills || killed === kills) return;
      killed++;
      // In mid-stream: the server has bytes that it has not passed on.
      restarted = (restarted ?? Promise.resolve()).then(() => server.kill()).then(() => server.start());
    });
    const ended = once(b, 'end');
    for (let i = 0; i < parts; i++) if (!a.write(part)) await once(a, 'drain');
    a.end();
    await ended;
    await restarted;
    t.deepEqual({read, killed}, {read: parts * part.length, killed: kills});
    b.destroy();
    a.destroy();
  } finally {
    await server.close();
  }
});

withServer(`a reader that has stopped does not hold up other streams of the connection${needs}`, async t => {
  const server = await NatsServer.start();
  try {
    const [near, far] = (await Promise.all([server.connect(), server.connect()])).map(natsBroker);
    const streams = ['one', 'two'].map(name => ({
      from: new RelayedStream(near as FakeBroker, {here: `${name}.a`, there: `${name}.b`, silence}),
      to: new RelayedStream(far as FakeBroker, {here: `${name}.b`, there: `${name}.a`, silence}),
    }));
    const [stopped, other] = streams as [(typeof streams)[0], (typeof streams)[0]];
    stopped.from.write(noise(4 * windowBytes));
    other.from.end(noise(4 * windowBytes));
    t.is((await readAll(other.to)).length, 4 * windowBytes);
    t.is(stopped.to.readableLength, 0);
    stopped.from.end();
    t.is((await readAll(stopped.to)).length, 4 * windowBytes);
    for (const {from, to} of streams) for (const stream of [from, to]) stream.destroy();
  } finally {
    await server.close();
  }
});
