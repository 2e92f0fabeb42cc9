// Values for the specs of the codec: what arrives as it was, and random ones.
// Below the specs of this folder; data only.
import {fc} from '../kit/fast-check.js';

const nested = (depth: number): unknown => {
  let value: unknown = 'core';
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : {in: value};
  return value;
};

const shared = {twice: true};
const scripts = ['a', 'é', '日', '😀', '\0', '\ufeff', 'e\u0301'];
const lengths = [0, 1, 15, 16, 23, 24, 31, 32, 63, 64, 65, 127, 128, 255, 256, 257, 65_535, 65_536];
const integers = [
  0,
  1,
  31,
  32,
  63,
  64,
  127,
  128,
  255,
  256,
  32_767,
  32_768,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 64,
  1e300,
];
const bigints = [
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  2n ** 63n,
  -(2n ** 63n),
  -(2n ** 63n) - 1n,
  2n ** 64n,
  10n ** 300n,
  -(10n ** 300n),
];
const times = [0, 1, -1, 999, 1000, 2 ** 32 * 1000 - 1000, 2 ** 32 * 1000, 2 ** 34 * 1000, 8.64e15, -8.64e15];

const manyKeys = Object.fromEntries(Array.from({length: 70_000}, (_, i) => [`key${i}`, i]));

/** Title and value: each arrives deeply equal. */
export const faithful: readonly (readonly [title: string, value: unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['undefined in an object and an array', {a: undefined, b: [undefined, null]}],
  ['booleans', [true, false]],
  ['integers of every width', [...integers, ...integers.map(value => -value)]],
  ['floats', [0.1, -1.5, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 5e-324]],
  ['NaN', Number.NaN],
  ['-0', -0],
  ['-0 within', {a: [-0, 0]}],
  ['infinities', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['bigints', bigints],
  ...scripts.map((script): [string, unknown] => [
    `texts of ${JSON.stringify(script)} in every length`,
    lengths.map(length => script.repeat(length)),
  ]),
  ['texts with lone surrogates', ['\ud800', 'a\udfffb', '\ud83d'.repeat(100), {a: '\udc00'}]],
  ['the replacement character', ['\ufffd', '\ufffd'.repeat(100)]],
  ['an empty object and an empty array', [{}, []]],
  [
    'keys of every script and length',
    Object.fromEntries(scripts.flatMap(s => [1, 20, 40, 300].map(n => [s.repeat(n), n]))),
  ],
  [
    'keys that look like more',
    {constructor: {name: 'toString'}, hasOwnProperty: 1, toString: 2, prototype: 3, length: 4},
  ],
  ['keys that libraries look at', {_isUint64BE: true, _isInt64BE: true, buffer: 1, type: 2}],
  ['keys that are numbers, in their order', {2: 'b', 1: 'a', '01': 'c', '-1': 'd'}],
  ['an object of 70 000 keys', manyKeys],
  ['arrays around each header', [15, 16, 65_535, 65_536].map(length => Array.from({length}, (_, i) => i % 300))],
  ['objects around each header', [15, 16].map(length => Object.fromEntries(Array.from({length}, (_, i) => [i, i])))],
  ['64 levels', nested(64)],
  ['an object that is there twice', [shared, shared, {shared}]],
  ['binary around each header', [0, 1, 254, 255, 256, 2047, 2049, 65_535, 65_536].map(n => new Uint8Array(n).fill(n))],
  ['a Buffer around each header', [0, 1, 2, 4, 8, 16, 255, 256, 65_535, 65_536].map(n => Buffer.alloc(n, n))],
  ['a Buffer and a Uint8Array of the same memory', [Buffer.from([1, 2]), new Uint8Array(Buffer.from([1, 2]))]],
  [
    'objects without a prototype',
    {
      dictionary: Object.assign(Object.create(null), {a: 1, constructor: 2, in: Object.create(null), at: undefined}),
      of16: Object.assign(Object.create(null), Object.fromEntries(Array.from({length: 16}, (_, i) => [`k${i}`, i]))),
    },
  ],
  ['an object of 70 000 keys without a prototype', Object.assign(Object.create(null), manyKeys)],
  ['dates', times.map(time => new Date(time))],
  [
    'maps',
    new Map<unknown, unknown>([
      ['a', 1],
      [1, 'b'],
      [{c: 1}, new Map()],
      [null, undefined],
      ['__proto__', 1],
    ]),
  ],
  ['sets', new Set<unknown>([1, 'a', null, {b: 2}, new Set([-0])])],
  ['regular expressions', [/a/, /[/]\n"/giu, /(?<name>x)/dsy]],
  ['URLs', [new URL('https://user:pw@example.com:8080/a b?q=ü#h'), new URL('data:,x')]],
  [
    'typed arrays',
    [
      new Int8Array([-1, 127]),
      new Uint8ClampedArray([0, 255]),
      new Int16Array([-1, 2]),
      new Uint16Array([1, 65_535]),
      new Int32Array([-1, 2]),
      new Uint32Array([2 ** 32 - 1]),
      new Float32Array([1.5, Number.NaN, -0, Number.POSITIVE_INFINITY]),
      new Float64Array([Math.PI, Number.MIN_VALUE]),
      new BigInt64Array([-1n, 2n ** 62n]),
      new BigUint64Array([2n ** 64n - 1n]),
      new Float64Array(0),
      new Float64Array([1, 2, 3]).subarray(1, 2),
    ],
  ],
  ['an ArrayBuffer and a DataView', [new Uint8Array([1, 2, 3]).buffer, new DataView(new Uint8Array([4, 5, 6]).buffer)]],
  ['extensions of every header', [1, 2, 4, 8, 16, 17, 254, 255, 256, 65_536].map(n => new Int8Array(n).fill(7).buffer)],
];

const key = fc.string({unit: 'grapheme', maxLength: 40}).filter(text => text !== '__proto__');

/** Any value that arrives deeply equal, without extensions or with them. */
export const plainValue = fc.letrec<{value: unknown}>(tie => ({
  value: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    fc.constantFrom<unknown>(null, true, false, -0, Number.NaN),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.string({unit: 'binary', maxLength: 300}),
    fc.string({unit: 'grapheme', maxLength: 80}),
    fc.array(tie('value'), {maxLength: 20}),
    fc.dictionary(key, tie('value'), {maxKeys: 20, noNullPrototype: true}),
  ),
})).value;

export const anyValue = fc.letrec<{value: unknown}>(tie => ({
  value: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    plainValue,
    fc.constant(undefined),
    fc.bigInt(),
    fc.date({noInvalidDate: true}),
    fc.uint8Array(),
    fc.float32Array(),
    fc.string({unit: fc.integer({min: 0, max: 0xffff}).map(unit => String.fromCharCode(unit))}),
    fc.array(tie('value'), {maxLength: 8}),
    fc.array(fc.tuple(tie('value'), tie('value')), {maxLength: 6}).map(entries => new Map(entries)),
    fc.array(tie('value'), {maxLength: 6}).map(items => new Set(items)),
    fc.dictionary(key, tie('value'), {maxKeys: 8, noNullPrototype: true}),
  ),
})).value;
