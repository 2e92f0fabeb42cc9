/**
 * Two ends of a relayed stream and the broker between them, in virtual time: moves write, read, lose, repeat, cut and wait. After each
 * move the ends are held against counts of the model's own.
 * Below relay-end.spec.ts.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {ProtocolError, TransportClosed} from '../../../lib/base/errors.js';
import {RelayEnd} from '../../../lib/transport/relay/relay-end.js';

export const windowBytes = 40;
const packetBytes = 7;

type Who = 0 | 1;

export type Move =
  | readonly [what: 'write', who: Who, bytes: number]
  | readonly [what: 'read', who: Who, bytes: number]
  | readonly [what: 'end', who: Who]
  /** The broker passes on what is on its way to an end. */
  | readonly [what: 'deliver', who: Who, packets: number]
  /** The broker drops the oldest packets on their way to an end, as it does to a slow subscriber. */
  | readonly [what: 'lose', who: Who, packets: number]
  | readonly [what: 'repeat', who: Who, packet: number]
  /** An end loses its connection, with all that is on its way to it, and maybe with all that it has sent. */
  | readonly [what: 'cut', who: Who, losesSent: boolean]
  | readonly [what: 'back', who: Who]
  | readonly [what: 'wait', ms: number];

const who = fc.constantFrom<Who>(0, 1);
const some = fc.integer({min: 1, max: 60});
const few = fc.integer({min: 1, max: 6});

export const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    {weight: 4, arbitrary: fc.tuple(fc.constant('write' as const), who, some)},
    {weight: 4, arbitrary: fc.tuple(fc.constant('read' as const), who, some)},
    {weight: 1, arbitrary: fc.tuple(fc.constant('end' as const), who)},
    {weight: 6, arbitrary: fc.tuple(fc.constant('deliver' as const), who, few)},
    {weight: 2, arbitrary: fc.tuple(fc.constant('lose' as const), who, few)},
    {weight: 4, arbitrary: fc.tuple(fc.constant('repeat' as const), who, fc.nat(3))},
    {weight: 1, arbitrary: fc.tuple(fc.constant('cut' as const), who, fc.boolean())},
    {weight: 2, arbitrary: fc.tuple(fc.constant('back' as const), who)},
    {weight: 3, arbitrary: fc.tuple(fc.constant('wait' as const), fc.integer({min: 1, max: 900}))},
  ),
  {maxLength: 60},
);

/** The byte at a position of the stream that an end writes. */
export const byteAt = (from: Who, position: number): number => (position * 31 + from * 7 + (position >> 8)) & 255;

class Side {
  readonly end: RelayEnd;
  readonly who: Who;
  /** On the way to this side, the oldest first. */
  arriving: Uint8Array[] = [];
  /** Delivered before, and maybe once more. */
  readonly old: Uint8Array[] = [];
  isUp = true;
  written = 0;
  /** The bytes that are written and do not find room yet. */
  pending = 0;
  wantsToEnd = false;
  hasEnded = false;
  got = 0;
  unread = 0;
  ends = 0;
  sents = 0;
  failure: TransportClosed | ProtocolError | undefined;
  nextLook: number;
  #isReset = false;

  constructor(world: World, side: Who) {
    this.who = side;
    const silence = world.silence;
    this.end = new RelayEnd(
      {
        // A packet that was sent stays as it was, though the end stamps the kept one anew.
        send: packet => world.sent(side, Uint8Array.from(packet)),
        data: bytes => this.#data(bytes),
        ended: () => {
          this.#live();
          this.ends++;
        },
        room: () => this.push(),
        sent: () => {
          this.#live();
          this.sents++;
        },
        failed: error => {
          this.#live();
          this.failure = error;
        },
      },
      {windowBytes, packetBytes, silence, now: 0, isUp: true},
    );
    this.nextLook = this.end.nextLookIn;
  }

  #live(): void {
    assert.equal(this.failure, undefined, 'something was said behind the failure');
    assert.ok(!this.#isReset);
  }

  #data(bytes: Uint8Array): void {
    this.#live();
    assert.equal(this.ends, 0, 'bytes came behind the end');
    const from: Who = this.who === 0 ? 1 : 0;
    for (const byte of bytes) assert.equal(byte, byteAt(from, this.got++), `the byte at ${this.got}`);
    this.unread += bytes.length;
    assert.ok(this.unread <= windowBytes, `${this.unread} bytes wait for the reader`);
  }

  push(): void {
    if (this.pending === 0) return this.#finish();
    const bytes = Uint8Array.from({length: this.pending}, (_, i) => byteAt(this.who, this.written + i));
    const taken = this.end.write(bytes);
    this.written += taken;
    this.pending -= taken;
    assert.ok(this.failure ?? this.end.unreceivedBytes <= windowBytes + 1, 'more is kept than the window allows');
    this.#finish();
  }

  #finish(): void {
    if (!this.wantsToEnd || this.pending > 0 || this.hasEnded) return;
    this.hasEnded = true;
    this.end.end();
  }

  read(bytes: number): void {
    const taken = Math.min(bytes, this.unread);
    this.unread -= taken;
    if (taken > 0) this.end.took(taken);
  }

  /** Looks earlier when there is something to do now. */
  plan(now: number): void {
    this.nextLook = Math.min(this.nextLook, now + this.end.nextLookIn);
  }

  reset(): void {
    this.end.reset();
    this.#isReset = true;
  }
}

export class World {
  readonly sides: readonly [Side, Side];
  readonly silence: number;
  now = 0;
  /** How often each situation was met, for a look at what the runs cover. */
  readonly met: Map<string, number>;

  constructor(silence: number, met = new Map<string, number>()) {
    this.silence = silence;
    this.met = met;
    this.sides = [new Side(this, 0), new Side(this, 1)];
    for (const {end} of this.sides) end.begin();
  }

  sent(from: Who, packet: Uint8Array): void {
    assert.ok(this.sides[from].isUp, 'a packet was sent without a connection');
    const to = this.sides[from === 0 ? 1 : 0];
    if (to.isUp) to.arriving.push(packet);
    else this.#meet('lost because the other end was away');
  }

  play(run: readonly Move[]): void {
    for (const move of run) {
      this.#move(move);
      for (const side of this.sides) side.plan(this.now);
    }
  }

  #move(move: Move): void {
    if (move[0] === 'wait') return this.wait(move[1]);
    const side = this.sides[move[1]];
    if (move[0] === 'write' && !side.wantsToEnd) {
      side.pending += move[2];
      side.push();
      if (side.pending > 0) this.#meet('held back');
    } else if (move[0] === 'read') side.read(move[2]);
    else if (move[0] === 'end') {
      side.wantsToEnd = true;
      side.push();
    } else if (move[0] === 'deliver') this.deliver(side, move[2]);
    else if (move[0] === 'lose') {
      if (side.arriving.splice(0, move[2]).length > 0) this.#meet('lost');
    } else if (move[0] === 'repeat') {
      const packet = side.old.at(-1 - move[2]);
      if (packet && side.isUp) {
        this.#meet('repeated');
        side.end.arrived(packet, this.now);
      }
    } else if (move[0] === 'cut' && side.isUp) this.#cut(side, move[2]);
    else if (move[0] === 'back' && !side.isUp) {
      this.#meet('back');
      side.isUp = true;
      side.end.back();
    }
  }

  #cut(side: Side, losesSent: boolean): void {
    this.#meet('cut');
    side.isUp = false;
    side.arriving = [];
    if (losesSent) this.sides[side.who === 0 ? 1 : 0].arriving = [];
    side.end.cut();
  }

  deliver(side: Side, packets = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < packets; i++) {
      const packet = side.arriving.shift();
      if (!packet) return;
      side.old.push(packet);
      side.end.arrived(packet, this.now);
    }
  }

  wait(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = Math.min(...this.sides.map(({nextLook}) => nextLook));
      if (due > until) break;
      this.now = Math.max(this.now, due);
      for (const side of this.sides)
        if (side.nextLook <= this.now) {
          side.end.look(this.now, 0);
          side.nextLook = this.now + side.end.nextLookIn;
        }
    }
    this.now = until;
  }

  /** The connections come back, the readers read, and time passes. Returns whether everything has come. */
  heal(): boolean {
    for (const side of this.sides) {
      side.wantsToEnd = true;
      this.#move(['back', side.who]);
      side.push();
    }
    for (let round = 0; round < 100 && !this.#isOver; round++) {
      for (let turn = 0; turn < 20; turn++)
        for (const side of this.sides) {
          this.deliver(side);
          side.read(windowBytes);
        }
      for (const side of this.sides) side.plan(this.now);
      this.wait(100);
    }
    return this.sides.every(side => side.ends === 1 && side.sents === 1);
  }

  get #isOver(): boolean {
    return this.sides.every(({end, failure}) => end.isDone || failure);
  }

  /** Whatever has happened, each end has been told of one end, and nothing was lost without an error. */
  check(): void {
    const [a, b] = this.sides;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      assert.ok(to.ends <= 1 && from.sents <= 1);
      if (to.ends === 1) assert.equal(to.got, from.written, 'the end came, and not all bytes before it');
      if (from.sents === 1) assert.equal(to.got, from.written, 'all was said to have arrived');
      assert.ok(to.ends === 1 || to.failure, 'a reader was told of no end');
      assert.ok(from.sents === 1 || from.failure, 'a writer was told of no end');
    }
  }

  #meet(what: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }
}
