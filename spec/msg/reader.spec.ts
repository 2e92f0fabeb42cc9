// Each message that arrives is checked as it is read: nothing hostile gets past, or further than a ProtocolError.
// Beside codec.spec.ts; fuzz.spec.ts looks for what this table does not know.
import test from 'ava';
import {ProtocolError} from '../../lib/base/errors.js';
import {messagePack} from '../../lib/msg/codec.js';
import {limits} from '../../lib/msg/limits.js';

const {decode, encode} = messagePack;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const refused: readonly (readonly [title: string, bytes: () => Uint8Array, text: RegExp])[] = [
  ['nothing', () => hex(''), /cut short/],
  ['the byte that MessagePack never uses', () => hex('c1'), /unknown form 0xc1/],
  [
    'a 64-bit integer, which two decoders would read as two things',
    () => hex('cf 0000000000000001'),
    /unknown form 0xcf/,
  ],
  ['a signed one', () => hex('d3 ffffffffffffffff'), /unknown form 0xd3/],
  ['a 32-bit float', () => hex('ca 3fc00000'), /unknown form 0xca/],
  ['an unknown extension', () => hex('d4 0900'), /unknown type 9/],
  ['an extension that only a library knows', () => hex('d4 7300 90'), /unknown type 115/],
  ['a text longer than the message', () => hex('a5 616263'), /cut short/],
  ['a binary of 4 GiB', () => hex('c6 ffffffff 00'), /cut short/],
  ['an array of 4 billion', () => hex('dd ffffffff 00'), /cut short/],
  ['a map of 4 billion', () => hex('df ffffffff a0 00'), /cut short/],
  ['an extension of 4 GiB', () => hex('c9 ffffffff 03'), /cut short/],
  ['a key that is a number', () => hex('81 01 02'), /a key that is no text/],
  ['a key that is a map', () => hex('81 80 02'), /a key that is no text/],
  ['the key __proto__', () => Buffer.concat([hex('81 a9'), Buffer.from('__proto__'), hex('80')]), /the key __proto__/],
  [
    'the key __proto__ under a longer header',
    () => Buffer.concat([hex('81 d9 09'), Buffer.from('__proto__'), hex('80')]),
    /the key __proto__/,
  ],
  [
    'the key __proto__ deep inside',
    () => Buffer.concat([hex('92 00 81 a1 61 81 a9'), Buffer.from('__proto__'), hex('81 a1 78 01')]),
    /the key __proto__/,
  ],
  ['a text that is no UTF-8', () => hex('a2 c328'), /no UTF-8/],
  ['an overlong zero', () => hex('a2 c080'), /no UTF-8/],
  ['a surrogate in UTF-8', () => hex('a3 eda080'), /no UTF-8/],
  ['a key that is no UTF-8', () => hex('81 a1 ff 00'), /no UTF-8/],
  ['a long text that is no UTF-8', () => Buffer.concat([hex('d9 50'), Buffer.alloc(79, 'a'), hex('ff')]), /no UTF-8/],
  ['65 arrays in one another', () => Buffer.concat([Buffer.alloc(65, 0x91), hex('00')]), /deeper than 64/],
  [
    '65 maps in one another',
    () => Buffer.concat([Buffer.from('81a161'.repeat(65), 'hex'), hex('00')]),
    /deeper than 64/,
  ],
  ['30 KB of headers of long arrays', () => Buffer.from('dd00007530'.repeat(6000), 'hex'), /deeper than 64|cut short/],
  [
    'more than a million values',
    () => Buffer.concat([hex('dd 000f4241'), Buffer.alloc(1_000_001)]),
    /more than 1000000 values/,
  ],
  [
    'more than a million in many arrays',
    () =>
      Buffer.concat([
        hex('dc 0100'),
        ...Array.from({length: 256}, () => Buffer.concat([hex('dc 1000'), Buffer.alloc(4096)])),
      ]),
    /more than 1000000 values/,
  ],
  [
    '300 000 maps, which are heavy',
    () => Buffer.concat([hex('dd 000493e0'), Buffer.from('d40390'.repeat(300_000), 'hex')]),
    /more than 1000000 values/,
  ],
  ['a dictionary that is a list', () => hex('d4 1d 90'), /malformed extension of type 29/],
  ['a dictionary whose content ends early', () => hex('d5 1d 8000'), /malformed extension of type 29/],
  [
    'the key __proto__ in a dictionary',
    () => Buffer.concat([hex('c70c 1d 81 a9'), Buffer.from('__proto__'), hex('80')]),
    /the key __proto__/,
  ],
  ['a value of a registered type in a message of the runtime', () => hex('c704 1e 92 a161 00'), /registered type/],
  ['a registered type without a name', () => hex('c703 1e 92 00 00'), /malformed extension of type 30/],
  ['a registered type without a value', () => hex('c703 1e 91 a161'), /malformed extension of type 30/],
  ['a map of three', () => hex('d6 03 93010203'), /malformed extension of type 3/],
  ['a map that is no array', () => hex('d4 03 80'), /malformed extension of type 3/],
  ['a map whose content ends early', () => hex('d5 03 9000'), /malformed extension of type 3/],
  ['a map whose content runs on', () => hex('d4 03 92 0000'), /malformed extension of type 3|cut short/],
  ['a set that is a text', () => hex('d4 04 a0'), /malformed extension of type 4/],
  ['a pattern that is none', () => hex('c707 05 92a428282828a0'), /malformed extension of type 5/],
  ['flags that are none', () => hex('d6 05 92a0a17a'), /malformed extension of type 5/],
  ['a pattern of numbers', () => hex('c703 05 920102'), /malformed extension of type 5/],
  ['a URL that is none', () => hex('d5 07 7a7a'), /malformed extension of type 7/],
  ['a UTF-16 text that UTF-8 could have carried', () => hex('d5 08 6100'), /malformed extension of type 8/],
  ['half a UTF-16 unit', () => hex('d4 08 61'), /malformed extension of type 8/],
  ['a bigint of three bytes', () => hex('c703 02 010203'), /malformed extension of type 2/],
  ['a bigint without digits', () => hex('c700 02'), /malformed extension of type 2/],
  [
    'a giant bigint',
    () => Buffer.concat([hex('c9 00100000 02'), Buffer.alloc(0x100000, 1)]),
    /malformed extension of type 2/,
  ],
  ['half a float', () => hex('d4 18 00'), /malformed extension of type 24/],
  ['a date of two bytes', () => hex('d5 ff 0000'), /malformed extension of type 255/],
  ['a date finer than a millisecond', () => hex('d7 ff 00000004 00000000'), /malformed extension of type 255/],
  ['a date beyond all dates', () => hex('c70c ff 00000000 7fffffffffffffff'), /malformed extension of type 255/],
  ['an undefined of two bytes', () => hex('d5 01 0000'), /malformed extension of type 1/],
];

for (const [title, bytes, text] of refused)
  test(`Limits, G9: ${title} is a ProtocolError`, t => {
    t.throws(() => decode(bytes()), {instanceOf: ProtocolError, message: text});
    t.is(({} as {x?: unknown}).x, undefined);
  });

test('Limits: a message above 64 MiB is refused before it is read', t => {
  t.throws(() => decode(Buffer.alloc(limits.messageBytes + 1)), {instanceOf: ProtocolError});
});

test('G8: the keys constructor and prototype are keys like any other', t => {
  const read = decode(encode(JSON.parse('{"constructor":{"prototype":{"x":1}},"prototype":{"x":1}}')));
  t.deepEqual(read, JSON.parse('{"constructor":{"prototype":{"x":1}},"prototype":{"x":1}}'));
  t.is(({} as {x?: unknown}).x, undefined);
});

test('a key that hashes like one met before is not taken for it', t => {
  // More keys than the table of known keys has places, with the same first, middle and last byte.
  for (let i = 0; i < 3000; i++) {
    const object = {[`a${i}z`]: i, [`a${i + 1}z`]: 1};
    t.deepEqual(decode(encode(object)), object);
  }
});

test('64 levels, and extensions within them, are read', t => {
  let value: unknown = 0;
  for (let i = 0; i < 64; i++) value = i % 2 === 0 ? new Map([[1, value]]) : [value];
  t.notThrows(() => decode(encode(value)));
});

test('what the sender lets through by its count of values, the receiver does too', t => {
  const most: readonly unknown[] = [
    new Array(999_999).fill(0),
    Array.from({length: 199_999}, () => new Map()),
    Array.from({length: 199_999}, () => new Uint8Array()),
    Array.from({length: 499_999}, () => new Date(0)),
    new Array(499_999)
      .fill({})
      .map(() => [1])
      .slice(0, 400_000),
    Object.fromEntries(Array.from({length: 499_999}, (_, i) => [i, 0])),
  ];
  for (const value of most) t.notThrows(() => decode(encode(value)));
});
