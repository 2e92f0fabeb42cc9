// Damaged frames against an actor: random bytes, real frames that were damaged, every cut of every real frame.
// A program: frames.spec.ts runs it with little memory, so that running out of it is a finding. Arguments: count, seed.
import {modulesOf} from '../../lib/actor/exposed.js';
import {Peer} from '../../lib/actor/peer.js';
import {newActorId} from '../../lib/base/actor-id.js';
import type {TransportClosed} from '../../lib/base/errors.js';
import {sleep} from '../../lib/base/sleep.js';
import {encodeHello} from '../../lib/channel/handshake/hello.js';
import {messagePack} from '../../lib/msg/codec.js';
import {maxFrameBytes, maxHeaderBytes, writeHeader} from '../../lib/msg/frame.js';
import {Kind} from '../../lib/msg/types.js';
import {lengthBytes, writeLength} from '../../lib/transport/framing.js';
import {memoryPair} from '../../lib/transport/memory.js';
import type {Transport} from '../../lib/transport/transport.js';
import {anyFunctions, newActor, newPair, turns} from '../kit/pair.js';

// Most of the time would go into stacks that nobody reads.
Error.stackTraceLimit = 0;
const [count = 10_000, seed = 1] = process.argv.slice(2).map(Number);
let state = seed;
/** A small generator of random numbers with a seed. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const below = (limit: number): number => Math.floor(random() * limit);

const hello = frameOf(Kind.Hello, 0, 0, encodeHello(messagePack, newActorId('fuzz')));
const actor = newActor('victim');
await actor.exposed.load(modulesOf(anyFunctions));
const conversation = await record();
const corpus = [hello, ...conversation];
const greeting = framed(hello);
/** The conversation as it goes over the wire: most of what is said is real, and need not be made again and again. */
const dialog = conversation.map(framed);
const seen = {frames: 0, channels: 0, byProtocol: 0, cuts: 0};

/** An actor's side of a channel, and the bare other end, which has greeted. */
class Connection {
  readonly far: Transport;
  end: TransportClosed | undefined;
  /** Which frame of the real conversation comes next. */
  #next = 0;

  constructor() {
    const [near, far] = memoryPair({maxFrameBytes});
    const peer = new Peer(actor, near, 'connected', {
      ended: error => {
        this.end = error;
      },
    });
    this.far = far;
    // The answers of the actor are read, and forgotten.
    far.open({frame: () => {}, drained: () => {}, ended: () => {}});
    far.write([greeting]);
    seen.channels++;
    this.destroy = () => {
      if (this.end?.kind === 'protocol') seen.byProtocol++;
      peer.channel.destroy();
    };
  }

  readonly destroy: () => void;

  /** The next frame of the real conversation. */
  following(): Uint8Array {
    return dialog[this.#next++ % dialog.length] as Uint8Array;
  }

  /** @param frame with its length before it */
  say(frame: Uint8Array): void {
    this.far.write([frame]);
    seen.frames++;
  }
}

/** The frames of a conversation in which everything happens. */
async function record(): Promise<Uint8Array[]> {
  const pair = await newPair();
  const frames: Uint8Array[] = [];
  pair.tap((from, at, frame) => {
    if (from === 'near' && at === 'written')
      frames.push(frameOf(frame.kind, frame.context, frame.seq, frame.payload, frame.more));
  });
  const calls = pair.with({window: 4});
  await calls.run(() => 1, {list: [1, 'two', new Map([[3, new Set([4])]])], when: new Date(0)});
  await calls.run((bytes: Uint8Array) => bytes.length, new Uint8Array(66_000));
  await calls.run(() => Promise.reject(new RangeError('no', {cause: 'why'}))).catch(() => {});
  const context = await calls.openContext(async ctx => {
    ctx.started.next('here');
    const wire = ctx.openStream();
    for await (const value of wire) await wire.send(value);
  });
  const wire = context.openStream();
  const reader = wire[Symbol.asyncIterator]();
  for (let i = 0; i < 10; i++) {
    await wire.send({i, text: 'x'.repeat(i * 10)});
    await reader.next();
  }
  wire.complete();
  await context.result();
  const hanging = await calls.openContext(async ctx => {
    ctx.started.next(0);
    // A listener at the signal would never be called where the context was cancelled before its function began.
    await sleep(Number.POSITIVE_INFINITY);
  });
  await hanging.cancel({why: 'not wanted'});
  await hanging.result().catch(() => {});
  await turns();
  pair.cut();
  return frames;
}

function frameOf(kind: number, context: number, seq: number, payload: Uint8Array, more = false): Uint8Array {
  const bytes = new Uint8Array(maxHeaderBytes + payload.length);
  const at = writeHeader(bytes, 0, kind as Kind, more, context, seq);
  bytes.set(payload, at);
  return bytes.slice(0, at + payload.length);
}

function framed(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(lengthBytes + frame.length);
  writeLength(bytes, 0, frame.length);
  bytes.set(frame, lengthBytes);
  return bytes;
}

const pick = (): Uint8Array => corpus[below(corpus.length)] as Uint8Array;

function nextFrame(connection: Connection): Uint8Array {
  const choice = below(24);
  // Most of what is real goes as it is, so that a channel lives long enough for something to be under way.
  if (choice > 3) return connection.following();
  return framed(choice === 0 ? Uint8Array.from({length: 1 + below(40)}, () => below(256)) : damaged());
}

function damaged(): Uint8Array {
  const frame = pick().slice(0, 2_000);
  switch (below(5)) {
    case 0:
      frame[below(frame.length)] = below(256);
      return frame;
    // Another kind, or another context: what is right in itself comes where it is wrong.
    case 1:
      frame[0] = 1 + below(17) + (below(4) === 0 ? 0x80 : 0);
      return frame;
    case 2:
      frame[1] = below(16);
      return frame;
    case 3:
      return frame.subarray(0, 1 + below(frame.length));
    default:
      return Buffer.concat([frame.subarray(0, below(frame.length)), pick().subarray(0, 500)]);
  }
}

/** Each frame without its last bytes, by any number of them; of long ones the cuts at their two ends. */
async function cutAll(): Promise<void> {
  for (const frame of corpus)
    for (let length = 1; length < frame.length; length++) {
      if (length > 300 && length < frame.length - 300) continue;
      const connection = new Connection();
      connection.say(framed(frame.subarray(0, length)));
      seen.cuts++;
      connection.destroy();
      if (seen.cuts % 200 === 0) await turns(2);
    }
}

async function fuzz(): Promise<void> {
  let connection = new Connection();
  for (let i = 0; i < count; i++) {
    connection.say(nextFrame(connection));
    if (i % 8 === 0) await turns(1);
    if (!connection.end && i % 500 !== 0) continue;
    connection.destroy();
    connection = new Connection();
  }
  connection.destroy();
}

process.on('uncaughtException', error => {
  console.error(`after ${seen.frames} frames of seed ${seed}:`, error);
  process.exit(1);
});
await cutAll();
await fuzz();
await turns();
if (Object.keys(Object.prototype).length > 0) throw new Error('Object.prototype was polluted');
console.log(
  JSON.stringify({
    seed,
    ...seen,
    channelsLeft: actor.channels.size,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
process.exit(0);
