// The messages that wait to be sent: order within a context, turns between contexts, control ahead of values, large ones in pieces.
import assert from 'node:assert/strict';
import test from 'ava';
import {Outbox} from '../../lib/channel/outbox.js';
import {UnderWay} from '../../lib/channel/under-way.js';
import {type Frame, maxFrameBytes, pieceBytes, readFrame, splitValues} from '../../lib/msg/frame.js';
import {limits} from '../../lib/msg/limits.js';
import {Kind} from '../../lib/msg/types.js';
import {FrameSplitter} from '../../lib/transport/framing.js';
import {fc} from '../kit/fast-check.js';

const bytes = (length: number, value = 0): Uint8Array => new Uint8Array(length).fill(value);

/** The frames of one write. */
function framesOf(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = [];
  const splitter = new FrameSplitter(maxFrameBytes);
  for (const chunk of chunks) splitter.feed(chunk, frame => frames.push(readFrame(Uint8Array.from(frame))));
  assert.equal(splitter.isWithinFrame, false, 'a write ends within a frame');
  return frames;
}

function takeAll(outbox: Outbox): Frame[] {
  const frames: Frame[] = [];
  while (!outbox.isEmpty) frames.push(...framesOf(outbox.take()));
  return frames;
}

const names = Object.fromEntries(Object.entries(Kind).map(([name, kind]) => [kind, name]));
const said = (frames: readonly Frame[]): string[] =>
  frames.map(({kind, context, more}) => `${names[kind]} ${context}${more ? '…' : ''}`);

test('an empty outbox gives nothing', t => {
  const outbox = new Outbox();
  t.true(outbox.isEmpty);
  t.deepEqual(outbox.take(), []);
});

test('G19: of the credit that waits for a context the latest leaves, and what has other news is kept in its order', t => {
  const outbox = new Outbox();
  const [rounds, contexts] = [5_000, [1, 3, 5]];
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    for (const context of contexts)
      outbox.pushUrgent(Kind.Credit, context, Uint8Array.of(round % 100, Math.floor(round / 100)));
    if (round % 1_000 === 0) outbox.pushUrgent(Kind.Cancel, round + 7, bytes(1));
    most = Math.max(most, outbox.unread.bytes);
  }
  t.true(most < 200_000, `${most} bytes waited`);
  const frames = takeAll(outbox);
  const ofKind = (kind: Kind): Frame[] => frames.filter(frame => frame.kind === kind);
  t.deepEqual(
    ofKind(Kind.Cancel).map(({context}) => context),
    [7, 1_007, 2_007, 3_007, 4_007],
  );
  const credit = ofKind(Kind.Credit);
  for (const context of contexts) {
    const payload = credit.findLast(frame => frame.context === context)?.payload;
    t.deepEqual([...(payload ?? [])], [(rounds - 1) % 100, Math.floor((rounds - 1) / 100)]);
  }
  t.is(outbox.unread.bytes, 0);
});

test('G19: errors and acknowledgements that wait are counted until they have left, or are withdrawn', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Return, 1, 0, bytes(100));
  t.is(outbox.unread.refusalBytes, 0);
  outbox.push(Kind.Error, 3, 0, bytes(100));
  outbox.push(Kind.CancelAck, 5, 0, bytes(10));
  // In pieces: it counts whole until the last one has left.
  outbox.push(Kind.Error, 7, 0, bytes(4 * pieceBytes));
  const waiting = outbox.unread.refusalBytes;
  t.true(waiting > 4 * pieceBytes + 110);
  outbox.push(Kind.Start, 9, 0, bytes(10));
  outbox.push(Kind.Error, 9, 0, bytes(100));
  t.true(outbox.unread.refusalBytes > waiting);
  t.true(outbox.withdraw(9));
  t.is(outbox.unread.refusalBytes, waiting);
  takeAll(outbox);
  t.is(outbox.unread.refusalBytes, 0);
  outbox.push(Kind.Error, 3, 0, bytes(100));
  outbox.clear();
  t.is(outbox.unread.refusalBytes, 0);
});

test('G19: everything but calls is counted until it has left, and told by what it is', t => {
  const outbox = new Outbox();
  const {unread} = outbox;
  outbox.push(Kind.Start, 1, 0, bytes(1_000));
  t.is(unread.bytes, 0);
  t.is(String(unread), '');
  outbox.push(Kind.Return, 3, 0, bytes(4 * pieceBytes));
  for (let seq = 1; seq <= 100; seq++) outbox.pushValue(5, seq, bytes(2));
  outbox.pushUrgent(Kind.Credit, 7, bytes(4));
  // Behind the Start of its own context.
  outbox.pushUrgent(Kind.Credit, 1, bytes(4));
  outbox.push(Kind.Started, 9, 0, bytes(10));
  outbox.push(Kind.Error, 11, 0, bytes(10));
  const told = String(unread);
  t.regex(
    told,
    /^\d+ bytes of results of calls, \d+ bytes of errors and acknowledgements, \d+ bytes of values of streams, \d+ bytes of first values of contexts, \d+ bytes of other messages$/,
  );
  t.is(
    told.split(', ').reduce((sum, part) => sum + Number.parseInt(part, 10), 0),
    unread.bytes,
  );
  // Tiny values take the memory of objects, and not only of their bytes.
  t.true(unread.bytes > 4 * pieceBytes + 100 * 64);
  takeAll(outbox);
  t.is(unread.bytes, 0);
});

test('a message comes out as it went in', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Return, 300, 70_000, bytes(5, 7));
  t.false(outbox.isEmpty);
  const [frame] = takeAll(outbox);
  t.like(frame, {kind: Kind.Return, context: 300, seq: 70_000, more: false});
  t.deepEqual([...(frame as Frame).payload], [7, 7, 7, 7, 7]);
});

test('values of one stream that meet share a frame, under the number of the first', t => {
  const outbox = new Outbox();
  for (let seq = 5; seq < 8; seq++) outbox.pushValue(2, seq, bytes(seq, seq));
  const frames = takeAll(outbox);
  t.is(frames.length, 1);
  t.is(frames[0]?.seq, 5);
  const lengths: number[] = [];
  splitValues((frames[0] as Frame).payload, value => lengths.push(value.length));
  t.deepEqual(lengths, [5, 6, 7]);
});

test('values share no frame across another message of their context, nor beyond a piece', t => {
  const outbox = new Outbox();
  outbox.pushValue(2, 1, bytes(1));
  outbox.push(Kind.Stop, 2, 1, bytes(1));
  outbox.pushValue(2, 2, bytes(1));
  t.deepEqual(said(takeAll(outbox)), ['Yield 2', 'Stop 2', 'Yield 2']);
  outbox.pushValue(2, 3, bytes(pieceBytes / 2));
  outbox.pushValue(2, 4, bytes(pieceBytes / 2));
  t.deepEqual(said(takeAll(outbox)), ['Yield 2', 'Yield 2']);
});

test('Cancel and Credit pass values, of their own context and of others', t => {
  const outbox = new Outbox();
  outbox.pushValue(2, 1, bytes(10));
  outbox.pushValue(4, 1, bytes(10));
  outbox.pushUrgent(Kind.Credit, 4, bytes(1));
  outbox.pushUrgent(Kind.Cancel, 2, bytes(1));
  t.deepEqual(said(takeAll(outbox)), ['Credit 4', 'Cancel 2', 'Yield 2', 'Yield 4']);
});

test('Cancel does not pass the Start of its own context, nor wait behind its values', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Start, 2, 0, bytes(10));
  outbox.pushValue(2, 1, bytes(10));
  outbox.pushUrgent(Kind.Cancel, 2, bytes(1));
  t.deepEqual(said(takeAll(outbox)), ['Start 2', 'Cancel 2', 'Yield 2']);
});

test('Cancel does not pass the pieces of its own Start', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Start, 2, 0, bytes(3 * pieceBytes));
  const first = framesOf(outbox.take());
  outbox.pushUrgent(Kind.Cancel, 2, bytes(1));
  t.deepEqual(said([...first, ...takeAll(outbox)]), ['Start 2…', 'Start 2…', 'Start 2', 'Cancel 2']);
});

test('started, stop, return and acknowledgements keep their place among the values of their context', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Started, 2, 0, bytes(1));
  outbox.pushValue(2, 1, bytes(1));
  outbox.push(Kind.CancelAck, 2, 0, bytes(1));
  outbox.push(Kind.Stop, 2, 1, bytes(1));
  outbox.push(Kind.Error, 2, 1, bytes(1));
  t.deepEqual(said(takeAll(outbox)), ['Started 2', 'Yield 2', 'CancelAck 2', 'Stop 2', 'Error 2']);
});

test('F4: contexts take turns, a frame each', t => {
  const outbox = new Outbox();
  for (let i = 1; i <= 3; i++) for (const context of [2, 4, 6]) outbox.push(Kind.Return, context, i, bytes(1));
  t.deepEqual(
    takeAll(outbox).map(({context}) => context),
    [2, 4, 6, 2, 4, 6, 2, 4, 6],
  );
});

test('F4: a small message waits for one piece of a large one at most', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Return, 2, 0, bytes(10 * pieceBytes));
  framesOf(outbox.take());
  outbox.push(Kind.Return, 4, 0, bytes(10));
  t.deepEqual(said(takeAll(outbox)).slice(0, 3), ['Return 2…', 'Return 4', 'Return 2…']);
});

test('F4: control waits for nothing but what has been written', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Return, 2, 0, bytes(10 * pieceBytes));
  framesOf(outbox.take());
  outbox.pushUrgent(Kind.Cancel, 4, bytes(10));
  t.is(said(takeAll(outbox))[0], 'Cancel 4');
});

test('one write gathers about as much as a socket takes', t => {
  const outbox = new Outbox();
  for (let i = 0; i < 10; i++) outbox.push(Kind.Return, 2 * i + 2, 0, bytes(20_000));
  t.is(framesOf(outbox.take()).length, 4);
});

test('pieces put together are the payload', t => {
  const outbox = new Outbox();
  const payload = Uint8Array.from({length: 5 * pieceBytes + 1}, (_, i) => i % 251);
  outbox.push(Kind.Return, 2, 9, payload);
  const frames = takeAll(outbox);
  t.is(frames.length, 6);
  t.true(frames.every(({seq}) => seq === 9));
  t.is(Buffer.compare(Buffer.concat(frames.map(frame => frame.payload)), payload), 0);
});

const mebibyte = 1024 * 1024;

test('F4: of several very large messages two are on their way at a time, and small ones pass between their pieces', t => {
  const outbox = new Outbox();
  for (const context of [2, 4, 6, 8]) outbox.push(Kind.Return, context, 0, bytes(1.5 * mebibyte));
  outbox.push(Kind.Start, 10, 0, bytes(1.5 * mebibyte));
  framesOf(outbox.take());
  t.true(outbox.withdraw(10));
  outbox.push(Kind.Return, 12, 0, bytes(1));
  const unfinished = new Set([2]);
  const ended: number[] = [];
  const frames = takeAll(outbox);
  t.true(frames.slice(0, 3).some(({context}) => context === 12));
  for (const {context, more} of frames) {
    if (more) unfinished.add(context);
    else if (!unfinished.delete(context)) continue;
    else ended.push(context);
    t.true(unfinished.size <= 2);
  }
  t.deepEqual(ended, [2, 4, 6, 8]);
});

test('F4: what is on its way stays within what a receiver takes, and leaves room to middling messages', t => {
  const underWay = new UnderWay();
  const large = 48 * mebibyte;
  t.true(underWay.mayBegin(limits.messageBytes));
  underWay.begin(large);
  t.true(underWay.mayBegin(large));
  underWay.begin(large);
  t.false(underWay.mayBegin(2 * mebibyte));
  let middling = 0;
  for (; underWay.mayBegin(mebibyte); middling++) underWay.begin(mebibyte);
  // The receiver counts a last piece of some bytes as 1 KiB.
  const weight = (16 * pieceBytes + 1024) * middling + 2 * (large + 1024);
  t.true(weight <= limits.unfinishedBytes);
  t.true(middling > 20);
  underWay.end(large);
  t.false(underWay.mayBegin(large));
  for (; middling > 0; middling--) underWay.end(mebibyte);
  t.true(underWay.mayBegin(large));
  underWay.end(large);
  t.true(underWay.mayBegin(limits.messageBytes));
});

test('a Start that has not left can be withdrawn, with all behind it', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Start, 2, 0, bytes(1));
  outbox.push(Kind.Start, 4, 0, bytes(1));
  outbox.pushUrgent(Kind.Credit, 2, bytes(1));
  t.true(outbox.withdraw(2));
  t.false(outbox.withdraw(2));
  t.deepEqual(said(takeAll(outbox)), ['Start 4']);
});

test('a Start of which a piece has left, or all, cannot be withdrawn', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Start, 2, 0, bytes(3 * pieceBytes));
  framesOf(outbox.take());
  t.false(outbox.withdraw(2));
  takeAll(outbox);
  outbox.pushValue(2, 1, bytes(1));
  t.false(outbox.withdraw(2));
  t.deepEqual(said(takeAll(outbox)), ['Yield 2']);
});

test('what was cleared does not come', t => {
  const outbox = new Outbox();
  outbox.push(Kind.Return, 2, 0, bytes(1));
  outbox.pushUrgent(Kind.Cancel, 4, bytes(1));
  outbox.clear();
  t.true(outbox.isEmpty);
  t.deepEqual(outbox.take(), []);
});

test('F6: a chunk that was given to a transport is not written again', t => {
  const outbox = new Outbox();
  const given: {chunk: Uint8Array; copy: Uint8Array}[] = [];
  for (let i = 0; i < 500; i++) {
    outbox.pushValue(2, i, bytes(300, i));
    for (const chunk of outbox.take()) given.push({chunk, copy: Uint8Array.from(chunk)});
  }
  t.true(given.every(({chunk, copy}) => Buffer.compare(chunk, copy) === 0));
});

type Push =
  | {readonly how: 'message'; readonly kind: Kind; readonly context: number; readonly length: number}
  | {readonly how: 'urgent'; readonly kind: Kind; readonly context: number; readonly length: number}
  | {readonly how: 'value'; readonly context: number; readonly length: number}
  | {readonly how: 'take'};

const context = fc.integer({min: 1, max: 4});
const length = fc.oneof(fc.nat(100), fc.integer({min: 8_000, max: 9_000}), fc.integer({min: 60_000, max: 140_000}));
const push: fc.Arbitrary<Push> = fc.oneof(
  fc.record({how: fc.constant('message' as const), kind: fc.constantFrom(Kind.Started, Kind.Stop), context, length}),
  fc.record({
    how: fc.constant('urgent' as const),
    kind: fc.constantFrom(Kind.Cancel, Kind.Credit),
    context,
    length: fc.nat(20),
  }),
  fc.record({how: fc.constant('value' as const), context, length}),
  fc.record({how: fc.constant('take' as const)}),
);

test('whatever is pushed comes out once, whole, in the order of its context, in frames of bounded size', t => {
  let pieces = 0;
  fc.assert(
    fc.property(fc.array(push, {minLength: 5, maxLength: 40}), pushes => {
      const outbox = new Outbox();
      const given = new Map<number, string[]>();
      const urgent: string[] = [];
      const frames: Frame[] = [];
      const note = (to: number, text: string): void => void given.set(to, [...(given.get(to) ?? []), text]);
      pushes.forEach((push, i) => {
        if (push.how === 'take') {
          frames.push(...framesOf(outbox.take()));
          return;
        }
        const payload = bytes(push.length, i);
        const text = `${push.length} of ${i}`;
        if (push.how === 'value') {
          outbox.pushValue(push.context, i, payload);
          note(push.context, text);
        } else if (push.how === 'message') {
          outbox.push(push.kind, push.context, i, payload);
          note(push.context, text);
        } else {
          outbox.pushUrgent(push.kind, push.context, payload);
          urgent.push(text);
        }
      });
      frames.push(...takeAll(outbox));
      const came = new Map<number, string[]>();
      const urgentCame: string[] = [];
      const partial = new Map<number, Uint8Array[]>();
      const textOf = (payload: Uint8Array): string => `${payload.length} of ${payload[0] ?? 'nothing'}`;
      for (const {kind, context: of, more, payload} of frames) {
        assert.ok(payload.length <= pieceBytes + 512);
        if (kind === Kind.Cancel || kind === Kind.Credit) {
          urgentCame.push(textOf(payload));
          continue;
        }
        const parts = [...(partial.get(of) ?? []), payload];
        if (more) {
          pieces++;
          partial.set(of, parts);
          continue;
        }
        partial.delete(of);
        const whole = Buffer.concat(parts);
        const texts: string[] = came.get(of) ?? [];
        came.set(of, texts);
        if (kind === Kind.Yield) splitValues(whole, value => void texts.push(textOf(value)));
        else texts.push(textOf(whole));
      }
      const blank = (texts: readonly string[]): string[] => texts.map(text => text.replace(/^0 of .*/, '0 of nothing'));
      assert.deepEqual(blank(urgentCame), blank(urgent));
      assert.equal(partial.size, 0);
      assert.deepEqual([...came.keys()].sort(), [...given.keys()].sort());
      for (const [of, texts] of came) assert.deepEqual(blank(texts), blank(given.get(of) as string[]));
    }),
  );
  t.true(pieces > 0);
});
