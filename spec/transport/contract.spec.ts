// The promises of every transport, asked of each: frames whole and in order, then one end, and nothing behind it.
import {spawn} from 'node:child_process';
import type {Socket} from 'node:net';
import type {ExecutionContext} from 'ava';
import {ProtocolError} from '../../lib/base/errors.js';
import {SocketTransport} from '../../lib/transport/socket.js';
import {test} from '../kit/limited.js';
import {
  closeBrokers,
  farEnd,
  framed,
  type Listener,
  listen,
  maxFrameBytes,
  missing,
  type Pair,
  pairs,
  unixPair,
} from './ends.js';

test.after.always(closeBrokers);

const bytes = (length: number, value = 0): Uint8Array => new Uint8Array(length).fill(value);
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
const numbered = (count: number): Uint8Array[] =>
  Array.from({length: count}, (_, i) => Uint8Array.from(Buffer.from(`frame ${i}`)));
const texts = (frames: readonly Uint8Array[]): string[] => frames.map(frame => Buffer.from(frame).toString());

function contract(title: string, check: (t: ExecutionContext, pair: Pair) => Promise<void>): void {
  for (const [name, make] of Object.entries(pairs)) {
    const why = missing(name);
    if (why !== undefined) {
      test.skip(`${name}: ${title} (${why})`, () => {});
      continue;
    }
    test(`${name}: ${title}`, async t => {
      const pair = await make();
      try {
        await check(t, pair);
      } finally {
        pair.dispose();
      }
    });
  }
}

function endedOnce(t: ExecutionContext, ...listeners: Listener[]): void {
  for (const {endings, late} of listeners) {
    t.is(endings.length, 1);
    t.false(late, 'something came behind the end');
  }
}

contract('frames come in order, both ways', async (t, {a, b}) => {
  const [atA, atB] = [listen(a), listen(b)];
  for (const frame of numbered(500)) a.write([framed(frame)]);
  for (const frame of numbered(300)) b.write([framed(frame)]);
  t.deepEqual(texts(await atB.count(500)), texts(numbered(500)));
  t.deepEqual(texts(await atA.count(300)), texts(numbered(300)));
});

contract('many frames in one chunk, and one frame in many chunks, are the frames', async (t, {a, b}) => {
  const atB = listen(b);
  listen(a);
  a.write([framed(...numbered(50))]);
  const all = framed(...numbered(50));
  a.write([all.subarray(0, 1), all.subarray(1, 30), all.subarray(30)]);
  t.deepEqual(texts(await atB.count(100)), [...texts(numbered(50)), ...texts(numbered(50))]);
});

contract('K32: a cut at every byte changes nothing', async (t, {a, b}) => {
  const atB = listen(b);
  listen(a);
  const all = framed(...numbered(3), bytes(0), bytes(10));
  for (let cut = 0; cut <= all.length; cut++) {
    a.write([all.subarray(0, cut)]);
    await turn();
    a.write([all.subarray(cut)]);
  }
  for (const byte of all) {
    a.write([Uint8Array.of(byte)]);
    await turn();
  }
  const frames = await atB.count(5 * (all.length + 2));
  t.is(frames.length, 5 * (all.length + 2));
  t.true(frames.every((frame, i) => frame.length === [7, 7, 7, 0, 10][i % 5]));
});

contract('empty frames and the largest come whole', async (t, {a, b}) => {
  const atB = listen(b);
  listen(a);
  const large = Uint8Array.from({length: maxFrameBytes}, (_, i) => i % 251);
  a.write([framed(bytes(0), large, bytes(0), large)]);
  const frames = await atB.count(4);
  t.deepEqual(
    frames.map(({length}) => length),
    [0, maxFrameBytes, 0, maxFrameBytes],
  );
  t.is(Buffer.compare(frames[3] as Uint8Array, large), 0);
});

contract('each frame has its own bytes while it is lent, however many follow', async (t, {a, b}) => {
  const atB = listen(b);
  listen(a);
  for (let i = 0; i < 200; i++) a.write([framed(bytes(5_000, i))]);
  const frames = await atB.count(200);
  t.true(frames.every((frame, i) => frame.every(byte => byte === i % 256)));
});

contract('what came before open is delivered then, though not within the call', async (t, {a, b}) => {
  listen(a);
  a.write([framed(...numbered(3))]);
  await turn();
  await turn();
  const atB = listen(b);
  t.is(atB.frames.length, 0);
  t.deepEqual(texts(await atB.count(3)), texts(numbered(3)));
});

contract(
  'F5: a writer is held back while nobody reads, told once there is room, and nothing is lost',
  async (t, {a, b}) => {
    const atA = listen(a);
    let written = 0;
    while (a.write([framed(bytes(50_000, written))])) {
      written++;
      await turn();
      t.true(written < 1_000, 'nobody reads, and there is room for ever');
    }
    written++;
    // Messages that cannot wait may still be written.
    a.write([framed(bytes(1, 77))]);
    t.is(atA.drains, 0);
    const atB = listen(b);
    await atA.until(() => atA.drains > 0);
    t.is(atA.drains, 1);
    t.true(a.write([framed(bytes(2))]));
    const frames = await atB.count(written + 2);
    t.deepEqual(
      frames.map(({length}) => length),
      [...Array.from({length: written}, () => 50_000), 1, 2],
    );
  },
);

contract('close sends what was written, then ends: closed here, eof over there', async (t, {a, b}) => {
  const [atA, atB] = [listen(a), listen(b)];
  for (let i = 0; i < 40; i++) a.write([framed(bytes(50_000, i))]);
  a.close();
  a.close();
  t.is((await atB.end()).kind, 'eof');
  t.is(atB.frames.length, 40);
  t.is((await atA.end()).kind, 'closed');
  endedOnce(t, atA, atB);
});

contract('closed at both ends at once, each end ends once', async (t, {a, b}) => {
  const [atA, atB] = [listen(a), listen(b)];
  a.write([framed(...numbered(2))]);
  b.write([framed(...numbered(2))]);
  a.close();
  b.close();
  await Promise.all([atA.end(), atB.end()]);
  t.is(atA.endings[0]?.kind, 'closed');
  t.is(atB.endings[0]?.kind, 'closed');
  endedOnce(t, atA, atB);
});

contract('destroy ends at once, and the other end learns of it', async (t, {a, b}) => {
  const [atA, atB] = [listen(a), listen(b)];
  a.destroy();
  t.is(atA.endings[0]?.kind, 'closed');
  a.destroy();
  a.close();
  t.true(['eof', 'reset'].includes((await atB.end()).kind));
  endedOnce(t, atA, atB);
});

contract('destroy reports the ending that it was given', async (t, {a, b}) => {
  const atA = listen(a);
  const cause = new Error('why');
  a.destroy({kind: 'heartbeat', cause});
  t.deepEqual(atA.endings, [{kind: 'heartbeat', cause}]);
  await listen(b).end();
});

contract('after the end, and after close, write does nothing', async (t, {a, b}) => {
  const [atA, atB] = [listen(a), listen(b)];
  a.close();
  t.true(a.write([framed(bytes(1))]));
  await atB.end();
  await atA.end();
  t.true(a.write([framed(bytes(1))]));
  t.true(b.write([framed(bytes(1))]));
  await turn();
  t.deepEqual([atA.frames.length, atB.frames.length], [0, 0]);
  endedOnce(t, atA, atB);
});

contract('an end that came before open is told in it, though not within the call', async (t, {a, b}) => {
  a.destroy();
  await turn();
  const atA = listen(a);
  t.is(atA.endings.length, 0);
  t.is((await atA.end()).kind, 'closed');
  await listen(b).end();
  endedOnce(t, atA);
});

contract('T4: data first, then the end, also when that came before open', async (t, {a, b}) => {
  listen(a);
  a.write([framed(...numbered(20))]);
  a.close();
  await turn();
  await turn();
  const atB = listen(b);
  t.is((await atB.end()).kind, 'eof');
  t.is(atB.frames.length, 20);
});

contract('K31: a last frame that is cut short is an end by protocol', async (t, {a, b}) => {
  const [atA, atB] = [listen(a), listen(b)];
  a.write([framed(...numbered(2)), framed(bytes(10)).subarray(0, 9)]);
  a.close();
  t.is((await atB.end()).kind, 'protocol');
  t.true(atB.endings[0]?.cause instanceof ProtocolError);
  t.is(atB.frames.length, 2);
  await atA.end();
  endedOnce(t, atA, atB);
});

contract('K31: so is a length that is cut short', async (t, {a, b}) => {
  const [atA, atB] = [listen(a), listen(b)];
  a.write([Uint8Array.of(1, 0)]);
  a.close();
  t.is((await atB.end()).kind, 'protocol');
  await atA.end();
});

for (const announced of [maxFrameBytes + 1, 0xff_ff_ff_ff]) {
  contract(`K33: a frame of ${announced} bytes ends the transport at its announcement`, async (t, {a, b}) => {
    const [atA, atB] = [listen(a), listen(b)];
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, announced, true);
    a.write([framed(bytes(3)), length]);
    const ending = await atB.end();
    t.is(ending.kind, 'protocol');
    t.true(ending.cause instanceof ProtocolError);
    t.is(atB.frames.length, 1);
    t.true(['eof', 'reset'].includes((await atA.end()).kind));
    endedOnce(t, atA, atB);
  });
}

contract('a receiver that destroys within a frame gets no other', async (t, {a, b}) => {
  listen(a);
  let frames = 0;
  const endings: string[] = [];
  b.open({
    frame: () => {
      frames++;
      b.destroy();
    },
    drained: () => {},
    ended: ({kind}) => endings.push(kind),
  });
  a.write([framed(...numbered(5))]);
  while (endings.length === 0) await turn();
  await listenEnd(a);
  t.is(frames, 1);
  t.deepEqual(endings, ['closed']);
});

/** Until an end that is open already has heard of the other's. */
async function listenEnd(transport: {write(chunks: readonly Uint8Array[]): boolean}): Promise<void> {
  for (let i = 0; i < 10; i++) {
    transport.write([framed(bytes(1))]);
    await turn();
  }
}

contract('drainSync with nothing to send does nothing, before the end and after', async (t, {a, b}) => {
  const [, atB] = [listen(a), listen(b)];
  a.drainSync(10);
  a.destroy();
  a.drainSync(10);
  await atB.end();
  t.is(atB.frames.length, 0);
});

test('T12: what a process has written reaches the other end though it exits at once', async t => {
  const child = spawn(process.execPath, [farEnd, 'leave'], {stdio: ['ignore', 'inherit', 'inherit', 'pipe']});
  const transport = new SocketTransport(child.stdio[3] as Socket, {maxFrameBytes});
  const here = listen(transport);
  t.is((await here.end()).kind, 'eof');
  t.is(here.frames.length, 100);
  t.true(here.frames.every((frame, i) => frame.length === 100_000 && frame[0] === i && frame[99_999] === i));
  transport.destroy();
});

test('T4: a peer that is killed is an end, after what it has sent', async t => {
  const child = spawn(process.execPath, [farEnd, 'join'], {stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe']});
  const a = new SocketTransport(child.stdio[3] as Socket, {maxFrameBytes});
  const b = new SocketTransport(child.stdio[4] as unknown as Socket, {maxFrameBytes});
  const [atA, atB] = [listen(a), listen(b)];
  a.write([framed(...numbered(3))]);
  await atB.count(3);
  child.kill('SIGKILL');
  t.true(['eof', 'reset'].includes((await atA.end()).kind));
  t.true(['eof', 'reset'].includes((await atB.end()).kind));
  endedOnce(t, atA, atB);
});

test('T4: a write into a peer that has gone loses nothing of what the peer had sent', async t => {
  const {near, far} = await unixPair();
  const a = new SocketTransport(near, {maxFrameBytes});
  const here = listen(a);
  far.write(framed(...numbered(10)));
  far.destroy();
  a.write([framed(bytes(1))]);
  t.true(['eof', 'reset'].includes((await here.end()).kind));
  t.deepEqual(texts(here.frames), texts(numbered(10)));
  a.destroy();
});

test('T4: a peer that goes with our data unread is an end, after what it has sent', async t => {
  const {near, far} = await unixPair();
  const a = new SocketTransport(near, {maxFrameBytes});
  a.write([framed(bytes(100))]);
  far.write(framed(...numbered(10)));
  far.destroy();
  const here = listen(a);
  t.true(['eof', 'reset'].includes((await here.end()).kind));
  t.deepEqual(texts(here.frames), texts(numbered(10)));
  endedOnce(t, here);
  a.destroy();
});
