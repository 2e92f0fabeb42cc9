// The lessons of HTTP/2: a peer that asks, begins, resets or names without end, and reads nothing, costs neither memory nor the process
// (Limits, G19). The far end is a bare socket: nothing of the library holds it back.
import type {Socket} from 'node:net';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import type {CallLimits} from '../../lib/actor/admission.js';
import {modulesOf} from '../../lib/actor/exposed.js';
import {operator, stream, task} from '../../lib/actor/markers.js';
import {type Mark, readMark} from '../../lib/actor/marks.js';
import {Peer} from '../../lib/actor/peer.js';
import {newActorId} from '../../lib/base/actor-id.js';
import type {TransportClosed} from '../../lib/base/errors.js';
import {encodeHello} from '../../lib/channel/handshake/hello.js';
import {encodeCancel} from '../../lib/msg/cancel.js';
import {messagePack} from '../../lib/msg/codec.js';
import {maxFrameBytes, maxHeaderBytes, writeHeader} from '../../lib/msg/frame.js';
import {type FunctionKind, Kind} from '../../lib/msg/types.js';
import {SocketTransport} from '../../lib/transport/socket.js';
import {test} from '../kit/limited.js';
import {anyFunctions, anyTask, newActor, until} from '../kit/pair.js';
import {framed, unixPair} from '../transport/ends.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** More than any honest peer asks, and enough to be seen in memory. */
const many = 300_000;
/** How much a flood may leave behind in a process, beside what the test itself holds. */
const leftBytes = 96 * 1024 * 1024;

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

const mebibyte = 1024 * 1024;
const nothing = new Uint8Array(0);
const here = (name: string): {module: string; name: string} => ({module: import.meta.url, name});
const block = new Uint8Array(64 * 1024);
/** All that a peer calls run before the first of them has a result. */
const later = task(async () => {
  await turn();
  return block;
}, here('later'));
let begun = 0;
const atOnce = task(() => {
  begun++;
  return new Uint8Array(mebibyte);
}, here('atOnce'));
const endless = stream(function* endless() {
  for (;;) yield 'x'.repeat(1_000);
}, here('endless'));

let opened = 0;
let taken = 0;
/** Takes all values, and gives none. */
const takes = operator((source: AsyncIterable<unknown>) => {
  opened++;
  return count(source);
}, here('takes'));
async function* count(source: AsyncIterable<unknown>): AsyncGenerator<never> {
  for await (const _ of source) taken++;
  yield* [];
}

/** A peer, and the bare socket at its other end, which has greeted. */
class Victim {
  readonly peer: Peer;
  readonly #socket: Socket;
  ended: TransportClosed | undefined;

  private constructor(near: Socket, far: Socket, limits: CallLimits | undefined) {
    this.peer = new Peer(newActor('victim', limits), new SocketTransport(near, {maxFrameBytes}), 'accepted', {
      ended: error => {
        this.ended = error;
      },
    });
    this.#socket = far;
    far.on('error', () => {});
    far.write(frame(Kind.Hello, 0, encodeHello(messagePack, newActorId('flood'))));
  }

  static async make(limits?: CallLimits): Promise<Victim> {
    const {near, far} = await unixPair();
    const victim = new Victim(near, far, limits);
    await victim.peer.actor.exposed.load(modulesOf([...anyFunctions, later, atOnce, endless, takes]));
    return victim;
  }

  /** Writes as long as the peer reads and lives, and reads nothing. */
  async flood(frameOf: (index: number) => Uint8Array): Promise<void> {
    const batch = 2_000;
    for (let from = 0; from < many && !this.ended; from += batch) {
      const frames = Array.from({length: batch}, (_, at) => frameOf(from + at));
      await this.say(...frames);
    }
  }

  say(...frames: readonly Uint8Array[]): Promise<void> {
    return this.#write(Buffer.concat(frames));
  }

  /** Resolves when it has been written, or when the connection is gone. */
  #write(bytes: Uint8Array): Promise<void> {
    return new Promise(resolve => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.write(bytes, () => resolve());
    });
  }

  /** Reads what has been said to it, and asks whether somebody is there. */
  async answers(): Promise<boolean> {
    this.#socket.resume();
    await this.#write(frame(Kind.Ping, 0));
    const before = this.#socket.bytesRead;
    while (this.#socket.bytesRead === before && !this.ended) await turn();
    return !this.ended;
  }

  dispose(): void {
    this.#socket.destroy();
    this.peer.channel.destroy();
  }
}

function frame(kind: number, context: number, payload: Uint8Array = nothing, more = false, seq = 0): Uint8Array {
  const bytes = new Uint8Array(maxHeaderBytes + payload.length);
  const at = writeHeader(bytes, 0, kind as Kind, more, context, seq);
  bytes.set(payload, at);
  return framed(bytes.subarray(0, at + payload.length));
}

/** Collects in two turns, because some of what has ended is held until its turn is over: 72 MB after the last of these floods. */
async function used(): Promise<number> {
  collect();
  await turn();
  collect();
  const {heapUsed, external} = process.memoryUsage();
  return heapUsed + external;
}

const mark = readMark(anyTask) as Mark;
const named = (number: number, place: string): Uint8Array =>
  messagePack.encode([[number, mark.within, place, ''], 'task', ['none'], null, null]);
/** A call of a function of this file, which is named in full. @param window how many values each side may be ahead, in any size */
function call(fn: unknown, kind: FunctionKind, window?: number): Uint8Array {
  const {within, place} = readMark(fn as typeof anyTask) as Mark;
  const endlessly = Number.MAX_SAFE_INTEGER;
  const flow = window === undefined ? null : [window, endlessly, mebibyte, 'error', endlessly];
  return messagePack.encode([[1, within, place, ''], kind, [], flow, null]);
}
/** A call of the function that was named under this number. */
const again = (number: number): Uint8Array => messagePack.encode([number, 'task', ['none'], null, null]);
const cancel = encodeCancel(messagePack, {
  reason: 'requested',
  cause: undefined,
  canceller: newActorId('flood'),
  budget: 1_000,
});

interface Flood {
  readonly frame: (index: number) => Uint8Array;
  /** Why the channel ends; undefined where a flood costs nothing and is borne. */
  readonly ends?: RegExp;
  /** Lower limits than usual, so that they are reached with little memory. */
  readonly limits?: CallLimits;
}

const littleUnread: CallLimits = {calls: 10_000, cancelsPerSecond: 2_000, unreadBytes: 32 * mebibyte};
const unread = (what: string): RegExp =>
  new RegExp(`more than 33554432 bytes wait for a peer that does not read them: .*[0-9]{8} bytes of ${what}`);

const ping = frame(Kind.Ping, 0);
const floods: Readonly<Record<string, Flood>> = {
  'asks whether somebody is there (ping flood)': {frame: () => ping, ends: /answers wait for a peer/},
  'cancels calls that are not there (reset flood)': {
    frame: index => frame(Kind.Cancel, 2 * index + 1, cancel),
    ends: /answers wait for a peer/,
  },
  'says again that it serves (settings flood)': {
    frame: () => frame(Kind.Ready, 0, messagePack.encode([['key', 'name']])),
  },
  'gives credit to calls that are not there (window flood)': {
    frame: index => frame(Kind.Credit, 2 * index + 1, messagePack.encode([1, 1])),
  },
  'sends frames without a payload (empty frames)': {frame: index => frame(Kind.Yield, 2 * index + 1)},
  'begins messages and ends none (continuation flood)': {
    frame: index => frame(Kind.Start, 2 * index + 1, new Uint8Array(0), true),
    ends: /bytes of unfinished messages/,
  },
  'goes on with one message by pieces of no bytes (continuation flood)': {
    frame: () => frame(Kind.Start, 1, new Uint8Array(0), true),
    ends: /bytes of unfinished messages/,
  },
  'names functions that are not there': {
    frame: index => frame(Kind.Start, 2 * index + 1, named(index, `f${index}`.padEnd(1_000, '.'))),
    ends: /named functions of more than|answers wait/,
  },
  'calls a function that is not there, again and again': {
    frame: index => frame(Kind.Start, 2 * index + 1, index === 0 ? named(1, 'nothing'.padEnd(16_000, '.')) : again(1)),
    ends: /bytes of errors wait/,
  },
  'calls functions with large results': {
    frame: index => frame(Kind.Start, 2 * index + 1, call(later, 'task')),
    ends: unread('results of calls'),
    limits: littleUnread,
  },
  'opens a stream, and lets it send without end': {
    frame: index =>
      index === 0 ? frame(Kind.Start, 1, call(endless, 'stream', 1e9)) : frame(Kind.Yield, 2 * index + 1),
    ends: unread('values of streams'),
    limits: littleUnread,
  },
};

for (const [what, {frame: frameOf, ends, limits}] of Object.entries(floods))
  test.serial(`Limits, G19: a peer that reads nothing and ${what} is borne or ended, and memory stays`, async t => {
    const victim = await Victim.make(limits);
    t.teardown(() => victim.dispose());
    const before = await used();
    await victim.flood(frameOf);
    if (ends) {
      while (!victim.ended) await turn();
      t.is(victim.ended.kind, 'protocol');
      t.regex(String((victim.ended.cause as Error).message), ends);
    } else t.true(await victim.answers());
    const left = (await used()) - before;
    t.true(left < leftBytes, `${left} bytes are left`);
  });

test.serial('Limits, G19: further calls of a peer that is behind with reading wait, and run when it reads', async t => {
  const calls = 40;
  const victim = await Victim.make(littleUnread);
  t.teardown(() => victim.dispose());
  begun = 0;
  await victim.say(
    ...Array.from({length: calls}, (_, index) => frame(Kind.Start, 2 * index + 1, call(atOnce, 'task'))),
  );
  await until(() => begun + victim.peer.admission.waiting === calls);
  // A quarter of what may wait, and the one that reached it.
  t.true(begun >= 8 && begun <= 10, `${begun} have run`);
  t.true(await victim.answers());
  await until(() => begun === calls);
  t.is(victim.ended, undefined);
});

/** The number of a value in its stream, counted from 1, and the value `0`: one byte behind its length. */
const value = (context: number, seq: number): Uint8Array => frame(Kind.Yield, context, Uint8Array.of(1, 0), false, seq);

test.serial(
  'Limits, F4, G19: a peer that sends on its streams, and never reads the credit for them, costs no memory',
  async t => {
    const [streams, values] = [1_000, 100];
    const victim = await Victim.make();
    t.teardown(() => victim.dispose());
    const contexts = Array.from({length: streams}, (_, index) => 2 * index + 1);
    await victim.say(...contexts.map(context => frame(Kind.Start, context, call(takes, 'operator', 1))));
    // Before that there is no credit.
    await until(() => opened === streams);
    let before = 0;
    for (let seq = 1; seq <= values; seq++) {
      await victim.say(...contexts.map(context => value(context, seq)));
      // Each value is taken before the next one is sent, so that there is credit for it.
      await until(() => taken === seq * streams || victim.ended !== undefined);
      t.is(victim.ended, undefined);
      if (seq === 10) before = await used();
    }
    const left = (await used()) - before;
    t.true(left < streams * values * 16, `${left} bytes are left`);
    t.true(await victim.answers());
  },
);
