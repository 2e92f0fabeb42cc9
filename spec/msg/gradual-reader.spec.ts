// A value that comes in pieces is read as the reader reads it whole: the same value, or a refusal by both.
// Beside reader.spec.ts, whose table of refusals is read in pieces too.
import assert from 'node:assert/strict';
import {inspect} from 'node:util';
import test from 'ava';
import {ProtocolError} from '../../lib/base/errors.js';
import {registerType} from '../../lib/base/registered-types.js';
import {boxError} from '../../lib/msg/boxed-error.js';
import {ByteRoom} from '../../lib/msg/byte-room.js';
import {messagePack} from '../../lib/msg/codec.js';
import {Ext} from '../../lib/msg/extensions.js';
import {writeVarint} from '../../lib/msg/frame.js';
import {GradualMessage} from '../../lib/msg/gradual-message.js';
import {GradualReader} from '../../lib/msg/gradual-reader.js';
import {limits} from '../../lib/msg/limits.js';
import {type OnRegistered, RegisteredFaults, refuseRegistered, unpackRegistered} from '../../lib/msg/registered.js';
import {Kind} from '../../lib/msg/types.js';
import {fc} from '../kit/fast-check.js';
import {anyValue, faithful} from './values.js';

const {encode, decode} = messagePack;
const newReader = (onRegistered: OnRegistered = refuseRegistered): GradualReader =>
  new GradualReader(new ByteRoom(1_000), onRegistered);
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The pieces between the cuts. They are copies, and are overwritten when they were read: nobody may keep them. */
function readInPieces(bytes: Uint8Array, cuts: readonly number[], onRegistered?: OnRegistered): unknown {
  const reader = newReader(onRegistered);
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    const piece = Uint8Array.from(bytes.subarray(from, end));
    reader.feed(piece);
    from = end;
  }
  return reader.end();
}

const everyCut = (bytes: Uint8Array): number[] => Array.from({length: bytes.length}, (_, i) => i);

type Read = {readonly value: unknown} | {readonly refused: string};
function attempt(read: () => unknown): Read {
  try {
    return {value: read()};
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return {refused: error.message};
  }
}

for (const [title, value] of faithful)
  test(`${title}: byte by byte, and cut in two everywhere`, t => {
    const bytes = encode(value);
    const whole = decode(bytes);
    if (bytes.length < 1_000) t.deepEqual(readInPieces(bytes, everyCut(bytes)), whole);
    const cuts = bytes.length < 5_000 ? everyCut(bytes).slice(0, 100) : [1, 5, 70, bytes.length >> 1, bytes.length - 1];
    for (const cut of cuts) t.deepEqual(readInPieces(bytes, [cut]), whole);
  });

test('any value, cut anywhere, is the same as when it is read whole', t => {
  let large = 0;
  fc.assert(
    fc.property(anyValue, fc.array(fc.nat(100_000), {maxLength: 20}), (value, cuts) => {
      const bytes = encode(value);
      if (bytes.length > 200) large++;
      assert.deepStrictEqual(readInPieces(bytes, cuts), decode(bytes));
      assert.deepStrictEqual(readInPieces(bytes, everyCut(bytes)), decode(bytes));
    }),
    {numRuns: 100},
  );
  t.log(`${large} of more than 200 bytes`);
  t.true(large > 0);
});

test('damaged bytes are refused by both, or are the same value to both', t => {
  const seen = {accepted: 0, refused: 0};
  // A damaged error is read as an error that says so, and its frames are those of the reader that made it.
  const limit = Error.stackTraceLimit;
  t.teardown(() => {
    Error.stackTraceLimit = limit;
  });
  Error.stackTraceLimit = 0;
  fc.assert(
    fc.property(
      anyValue,
      fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), {minLength: 1, maxLength: 3}),
      fc.array(fc.nat(10_000), {maxLength: 8}),
      (value, damages, cuts) => {
        const bytes = Uint8Array.from(encode(value));
        for (const [at, byte] of damages) bytes[at % bytes.length] = byte;
        const whole = attempt(() => decode(bytes));
        const read = attempt(() => readInPieces(bytes, cuts));
        if ('refused' in whole) seen.refused++;
        else seen.accepted++;
        assert.equal('refused' in read, 'refused' in whole, inspect([whole, read]));
        if ('refused' in whole || 'refused' in read) return;
        // By their bytes, because one invalid date does not equal another.
        assert.deepEqual(encode(read.value), encode(whole.value));
      },
    ),
    {numRuns: 1_000},
  );
  t.log(seen);
  t.true(seen.accepted > 0 && seen.refused > 0);
});

/** Extensions of which each is the content of the one before. */
function nestedExtensions(levels: number, type: number): Uint8Array {
  const head = 6;
  const bytes = Buffer.alloc(levels * head + 1, 0xc0);
  for (let at = 0; at + head < bytes.length; at += head) {
    bytes[at] = 0xc9;
    bytes.writeUInt32BE(bytes.length - at - head, at + 1);
    bytes[at + 5] = type;
  }
  return bytes;
}

const refused: readonly (readonly [title: string, bytes: () => Uint8Array, text: RegExp])[] = [
  ['the byte that MessagePack never uses', () => hex('c1'), /unknown form 0xc1/],
  ['a 64-bit integer', () => hex('cf 0000000000000001'), /unknown form 0xcf/],
  ['a text longer than the message', () => hex('a5 616263'), /cut short/],
  ['a binary of 4 GiB', () => hex('c6 ffffffff 00'), /cut short/],
  ['an array of 4 billion', () => hex('dd ffffffff 00'), /values in one message/],
  ['an extension of 4 GiB', () => hex('c9 ffffffff 10 00'), /cut short/],
  ['a key that is a number', () => hex('81 01 02'), /a key that is no text/],
  ['the key __proto__', () => Buffer.concat([hex('81 a9'), Buffer.from('__proto__'), hex('80')]), /the key __proto__/],
  [
    'the key __proto__ under a longer header',
    () => Buffer.concat([hex('81 db 00000009'), Buffer.from('__proto__'), hex('80')]),
    /the key __proto__/,
  ],
  ['a long text that is no UTF-8', () => Buffer.concat([hex('d9 50'), Buffer.alloc(79, 'a'), hex('ff')]), /no UTF-8/],
  ['a text of continuation bytes', () => Buffer.concat([hex('d9 50'), Buffer.alloc(80, 0x80)]), /no UTF-8/],
  ['65 arrays in one another', () => Buffer.concat([Buffer.alloc(65, 0x91), hex('00')]), /deeper than 64/],
  [
    'more than a million values',
    () => Buffer.concat([hex('dd 000f4241'), Buffer.alloc(1_000_001)]),
    /more than 1000000/,
  ],
  ['bytes behind the value', () => hex('00 00'), /1 bytes follow a value/],
  ['60 000 errors directly in one another', () => nestedExtensions(60_000, Ext.Error), /malformed extension/],
  ['60 000 maps directly in one another', () => nestedExtensions(60_000, Ext.Map), /malformed extension/],
  ['a set that ends before its extension does', () => hex('c7 03 04 91 01 01'), /malformed|follow a value/],
];
for (const [title, bytes, text] of refused)
  test(`Limits: ${title} is refused in pieces too`, t => {
    const whole = bytes();
    t.throws(() => decode(whole), {instanceOf: ProtocolError});
    t.throws(() => readInPieces(whole, []), {instanceOf: ProtocolError, message: text});
    if (whole.length < 1_000)
      t.throws(() => readInPieces(whole, everyCut(whole)), {instanceOf: ProtocolError, message: text});
  });

test('a long text keeps every character that a cut goes through', t => {
  const text = 'aé日😀'.repeat(5_000);
  const bytes = encode(text);
  for (let size = 1; size <= 9; size++) {
    const cuts = Array.from({length: Math.floor(bytes.length / size)}, (_, i) => i * size);
    t.is(readInPieces(bytes, cuts), text);
  }
});

test('F6: a binary of several pieces shares no memory with them, nor with anything else', t => {
  const value = new Uint8Array(300_000).map((_, i) => i % 251);
  const bytes = Uint8Array.from(encode({value}));
  const reader = newReader();
  for (let at = 0; at < bytes.length; at += 65_536) {
    const piece = bytes.subarray(at, at + 65_536);
    reader.feed(piece);
  }
  const read = reader.end() as {value: Uint8Array};
  bytes.fill(0);
  t.is(Buffer.compare(read.value, value), 0);
  t.is(Object.getPrototypeOf(read.value), Uint8Array.prototype);
  t.is(read.value.buffer.byteLength, value.length);
});

test('Limits: a claim of 64 MiB takes memory only as far as bytes come', t => {
  const reader = newReader();
  const before = process.memoryUsage().arrayBuffers;
  reader.feed(Buffer.concat([hex('c6 04000000'), Buffer.alloc(1_000)]));
  t.true(process.memoryUsage().arrayBuffers - before < 1_000_000);
  t.throws(() => reader.end(), {instanceOf: ProtocolError});
});

test('a typed array, an error and a map of errors come in pieces', t => {
  const self = {name: 'a', id: '1', pid: 1, host: 'h'};
  const value = {
    numbers: Float64Array.from({length: 20_000}, (_, i) => i / 3),
    error: boxError(new RangeError('mine'), self),
    map: new Map<unknown, unknown>([[1, new Set(['a', new Error('within')])]]),
  };
  const bytes = encode(value);
  const cuts = Array.from({length: 40}, (_, i) => i * 4_099);
  t.deepEqual(readInPieces(bytes, cuts), decode(bytes));
});

test('a Yield in pieces has one value, whose size it tells', t => {
  const value = encode('text '.repeat(1_000));
  const payload = new Uint8Array(value.length + 3);
  const at = writeVarint(payload, 0, value.length);
  payload.set(value, at);
  const whole = payload.subarray(0, at + value.length);
  const read = (bytes: Uint8Array): unknown => {
    const message = new GradualMessage(Kind.Yield, new ByteRoom(0));
    for (let from = 0; from < bytes.length; from += 100) message.feed(bytes.subarray(from, from + 100));
    return message.end();
  };
  t.deepEqual(read(whole), {value: 'text '.repeat(1_000), bytes: value.length});
  t.throws(() => read(whole.subarray(0, whole.length - 1)), {instanceOf: ProtocolError, message: /cut short/});
  t.throws(() => read(Buffer.concat([whole, whole])), {instanceOf: ProtocolError, message: /follow a value/});
  const liar = Uint8Array.from(whole);
  writeVarint(liar, 0, value.length + 1);
  t.throws(() => read(liar), {instanceOf: ProtocolError, message: /arrived in pieces of together/});
});

test('Limits: the weight of what was read is told as it grows', t => {
  const reader = newReader();
  const bytes = encode(Array.from({length: 1_000}, () => ({})));
  reader.feed(bytes.subarray(0, 500));
  t.true(reader.nodes > 0 && reader.nodes <= limits.nodes);
});

class Box {
  readonly content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
}
class Broken {}
registerType(Box, {pack: ({content}) => content, unpack: content => new Box(content)});
registerType(Broken, {
  pack: () => 1,
  unpack: () => {
    throw new Error('oops');
  },
});

test('F10: an instance of a registered class is made in pieces too, and a fault is kept while the rest is read', t => {
  const value = [new Box({in: [new Box(Buffer.from('bytes')), Object.create(null)]}), 'behind'];
  const bytes = encode(value);
  for (const cut of everyCut(bytes)) t.deepEqual(readInPieces(bytes, [cut], unpackRegistered), value);
  t.throws(() => readInPieces(bytes, []), {instanceOf: ProtocolError, message: /registered type/});
  const faults = new RegisteredFaults();
  const broken = encode([new Broken(), new Box(1)]);
  t.deepEqual(readInPieces(broken, everyCut(broken), faults.unpack), [undefined, new Box(1)]);
  t.regex(faults.first?.message ?? '', /oops/);
});

test('F10, E3: within an error that comes in pieces a text stands for what cannot be made', t => {
  const bytes = encode([Object.assign(new Error('x'), {at: new Broken()}), new Box(2)]);
  const faults = new RegisteredFaults();
  const [error, box] = readInPieces(bytes, everyCut(bytes), faults.unpack) as [{at: string}, Box];
  t.regex(error.at, /^\[unpack\(\) of the type Broken threw: oops\]$/);
  t.deepEqual(box, new Box(2));
  t.is(faults.first, undefined);
});

test('F10: what a whole message of its kind does with a registered type, one in pieces does', t => {
  const bytes = encode([new Broken()]);
  const read = (kind: Kind, payload: Uint8Array) => {
    const message = new GradualMessage(kind, new ByteRoom(1_000));
    message.feed(payload.subarray(0, 3));
    message.feed(payload.subarray(3));
    return message.end();
  };
  for (const kind of [Kind.Start, Kind.Started, Kind.Return]) t.regex(read(kind, bytes).fault?.message ?? '', /oops/);
  t.regex(read(Kind.Yield, Buffer.concat([Buffer.of(bytes.length), bytes])).fault?.message ?? '', /oops/);
  for (const kind of [Kind.Error, Kind.Stop]) t.regex((read(kind, bytes).value as [string])[0], /^\[unpack/);
  t.throws(() => read(Kind.Spawn, bytes), {instanceOf: ProtocolError});
});
