// What HTTP/2 has taught: a peer that asks, begins, resets or names without end, and reads nothing, costs neither memory nor the process
// (Limits, G19). The far end is a bare socket: nothing of the library holds it back.
import type {Socket} from 'node:net';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import test from 'ava';
import {modulesOf} from '../../lib/actor/exposed.js';
import {type Mark, readMark} from '../../lib/actor/marks.js';
import {Peer} from '../../lib/actor/peer.js';
import {newActorId} from '../../lib/base/actor-id.js';
import type {TransportClosed} from '../../lib/base/errors.js';
import {encodeHello} from '../../lib/channel/handshake/hello.js';
import {encodeCancel} from '../../lib/msg/cancel.js';
import {messagePack} from '../../lib/msg/codec.js';
import {maxFrameBytes, maxHeaderBytes, writeHeader} from '../../lib/msg/frame.js';
import {Kind} from '../../lib/msg/types.js';
import {SocketTransport} from '../../lib/transport/socket.js';
import {anyFunctions, anyTask, newActor} from '../kit/pair.js';
import {framed, unixPair} from '../transport/ends.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** More than any honest peer asks, and enough to be seen in memory. */
const many = 300_000;
/** How much a flood may leave behind in a process, beside what the test itself holds. */
const leftBytes = 96 * 1024 * 1024;

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A peer, and the bare socket at its other end, which has greeted. */
class Victim {
  readonly peer: Peer;
  readonly #socket: Socket;
  ended: TransportClosed | undefined;

  private constructor(near: Socket, far: Socket) {
    this.peer = new Peer(newActor('victim'), new SocketTransport(near, {maxFrameBytes}), 'accepted', {
      ended: error => {
        this.ended = error;
      },
    });
    this.#socket = far;
    far.on('error', () => {});
    far.write(frame(Kind.Hello, 0, encodeHello(messagePack, newActorId('flood'))));
  }

  static async make(): Promise<Victim> {
    const {near, far} = await unixPair();
    const victim = new Victim(near, far);
    await victim.peer.actor.exposed.load(modulesOf(anyFunctions));
    return victim;
  }

  /** Writes as long as the peer reads and lives, and reads nothing. */
  async flood(frameOf: (index: number) => Uint8Array): Promise<void> {
    const batch = 2_000;
    for (let from = 0; from < many && !this.ended; from += batch) {
      const frames = Array.from({length: batch}, (_, at) => frameOf(from + at));
      await this.#write(Buffer.concat(frames));
    }
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

function frame(kind: number, context: number, payload: Uint8Array = new Uint8Array(0), more = false): Uint8Array {
  const bytes = new Uint8Array(maxHeaderBytes + payload.length);
  const at = writeHeader(bytes, 0, kind as Kind, more, context, 0);
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
}

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
};

for (const [what, {frame: frameOf, ends}] of Object.entries(floods))
  test.serial(`Limits, G19: a peer that reads nothing and ${what} is borne or ended, and memory stays`, async t => {
    const victim = await Victim.make();
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
