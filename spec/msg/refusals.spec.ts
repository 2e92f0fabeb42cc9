// A value that cannot cross unchanged is refused at the sender, with the path that leads to it.
// Beside codec.spec.ts.
import {runInNewContext} from 'node:vm';
import test from 'ava';
import {Unserializable} from '../../lib/base/errors.js';
import {messagePack} from '../../lib/msg/codec.js';
import {limits} from '../../lib/msg/limits.js';

const codec = messagePack;

class Point {
  x = 1;
}
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};
const circle = (): unknown => {
  const a: {b: unknown[]} = {b: []};
  a.b.push(0, {a});
  return a;
};
const mapCircle = (): unknown => {
  const map = new Map<string, unknown>();
  map.set('self', [map]);
  return map;
};
const revoked = (): unknown => {
  const {proxy, revoke} = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const detached = (): Uint8Array => {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, {transfer: [bytes.buffer]});
  return bytes;
};
type ResizableClass = new (length: number, options: {maxByteLength: number}) => ArrayBuffer;
const oops = (): never => {
  throw new Error('oops');
};

const refused: readonly (readonly [title: string, make: () => unknown, text: string])[] = [
  ['a function', () => () => 1, 'args cannot be sent to another actor: a function'],
  ['a function within', () => [{f: function f() {}}], 'args[0].f cannot be sent to another actor: the function f'],
  ['a class', () => Point, 'args cannot be sent to another actor: the function Point'],
  ['a symbol', () => ({a: Symbol('s')}), 'args.a cannot be sent to another actor: the symbol Symbol(s)'],
  [
    'a symbol as a key',
    () => [{[Symbol('s')]: 1}],
    'args[0] cannot be sent to another actor: an object with a symbol as a key',
  ],
  ['a class instance', () => ({p: [new Point()]}), 'args.p[0] cannot be sent to another actor: an instance of Point'],
  [
    'a subclass of a builtin',
    () => new (class Dates extends Map {})(),
    'args cannot be sent to another actor: an instance of Dates',
  ],
  [
    'an array of a class',
    () => new (class List extends Array {})(),
    'args cannot be sent to another actor: an instance of List',
  ],
  ['a promise', () => Promise.resolve(), 'args cannot be sent to another actor: an instance of Promise'],
  ['a WeakMap', () => new WeakMap(), 'args cannot be sent to another actor: an instance of WeakMap'],
  ['a generator', () => (function* () {})(), 'args cannot be sent to another actor: an object of a class'],
  ['a String object', () => Object('text'), 'args cannot be sent to another actor: an instance of String'],
  ['toJSON', () => ({a: {toJSON: () => 1}}), 'args.a.toJSON cannot be sent to another actor: the function toJSON'],
  ['a circle', circle, 'args.b[1].a cannot be sent to another actor: a circular reference'],
  ['a circle through a map', mapCircle, 'args.self[0] cannot be sent to another actor: a circular reference'],
  [
    'a hole',
    () => Object.assign(new Array(3), {0: 1, 2: 3}),
    'args[1] cannot be sent to another actor: a hole in an array',
  ],
  ['a long sparse array', () => new Array(4e9), 'args[0] cannot be sent to another actor: a hole in an array'],
  ['a match', () => /a/.exec('a'), 'args cannot be sent to another actor: an array with properties of its own'],
  [
    'a long array with a property',
    () =>
      Object.assign(
        Array.from({length: 1000}, () => 1),
        {x: 1},
      ),
    'args cannot be sent to another actor: an array with properties of its own',
  ],
  [
    'an array with a symbol',
    () => Object.assign([1], {[Symbol('s')]: 1}),
    'args cannot be sent to another actor: an array with properties of its own',
  ],
  [
    'a map with a property',
    () => Object.assign(new Map(), {x: 1}),
    'args cannot be sent to another actor: a Map with properties of its own',
  ],
  [
    'a date with a property',
    () => Object.assign(new Date(), {x: 1}),
    'args cannot be sent to another actor: a Date with properties of its own',
  ],
  [
    'a RegExp with a property',
    () => Object.assign(/a/, {x: 1}),
    'args cannot be sent to another actor: a RegExp with properties of its own',
  ],
  [
    'a typed array with a property',
    () => [Object.assign(new Int16Array(2), {unit: 'm'})],
    'args[0] cannot be sent to another actor: an Int16Array with properties of its own',
  ],
  [
    'a long typed array with a property',
    () => Object.assign(new Float64Array(100), {unit: 'm'}),
    'args cannot be sent to another actor: a Float64Array with properties of its own',
  ],
  [
    'a Buffer with a property',
    () => Object.assign(Buffer.alloc(2), {encoding: 'utf8'}),
    'args cannot be sent to another actor: a Buffer with properties of its own',
  ],
  [
    'a long Buffer with a property',
    () => Object.assign(Buffer.alloc(70_000), {encoding: 'utf8'}),
    'args cannot be sent to another actor: a Buffer with properties of its own',
  ],
  [
    'a long Uint8Array with a symbol',
    () => Object.assign(new Uint8Array(1000), {[Symbol('s')]: 1}),
    'args cannot be sent to another actor: a Uint8Array with properties of its own',
  ],
  [
    'a DataView with a property',
    () => Object.assign(new DataView(new ArrayBuffer(1)), {x: 1}),
    'args cannot be sent to another actor: a DataView with properties of its own',
  ],
  [
    'an ArrayBuffer with a property',
    () => Object.assign(new ArrayBuffer(2), {note: 1}),
    'args cannot be sent to another actor: an ArrayBuffer with properties of its own',
  ],
  [
    'an ArrayBuffer that can be resized',
    () => new (ArrayBuffer as ResizableClass)(8, {maxByteLength: 16}),
    'args cannot be sent to another actor: an ArrayBuffer that can be resized',
  ],
  [
    'a property that is not enumerable',
    () => [Object.defineProperty({shown: 1}, 'hidden', {value: 1})],
    'args[0].hidden cannot be sent to another actor: a property that is not enumerable',
  ],
  [
    'a hidden property of an object without a prototype',
    () => Object.defineProperty(Object.create(null), 'hidden', {value: 1}),
    'args.hidden cannot be sent to another actor: a property that is not enumerable',
  ],
  [
    'the texts of a template',
    () => ((texts: TemplateStringsArray) => texts)`a`,
    'args cannot be sent to another actor: an array with properties of its own',
  ],
  [
    'a Map that claims to be a plain object',
    () => Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype),
    'args cannot be sent to another actor: a builtin object whose prototype was changed',
  ],
  [
    'a Date that claims to have no prototype',
    () => Object.setPrototypeOf(new Date(), null),
    'args cannot be sent to another actor: a builtin object whose prototype was changed',
  ],
  [
    'a Uint16Array that claims to be a Uint8Array',
    () => Object.setPrototypeOf(new Uint16Array(2), Uint8Array.prototype),
    'args cannot be sent to another actor: an instance of Uint8Array',
  ],
  [
    'a RegExp whose lastIndex is anything',
    () => Object.assign(/a/, {lastIndex: {}}),
    'args cannot be sent to another actor: a RegExp whose lastIndex is not a number',
  ],
  [
    'a subclass of a builtin of another realm',
    () => runInNewContext('new (class Dates extends Date {})()'),
    'args cannot be sent to another actor: an instance of Dates',
  ],
  [
    'a Map of another realm with a property',
    () => runInNewContext('Object.assign(new Map(), {x: 1})'),
    'args cannot be sent to another actor: a Map with properties of its own',
  ],
  [
    'a value of a map',
    () => new Map([['k', {f: () => 1}]]),
    'args.k.f cannot be sent to another actor: the function f',
  ],
  [
    'a value of a set',
    () => [new Set([1, Symbol('s')])],
    'args[0][1] cannot be sent to another actor: the symbol Symbol(s)',
  ],
  [
    'a proxy that was revoked',
    revoked,
    'args cannot be sent to another actor: a proxy that was revoked, or whose trap throws',
  ],
  [
    'a proxy whose trap throws',
    () => new Proxy({}, {ownKeys: oops}),
    'args cannot be sent to another actor: a proxy that was revoked, or whose trap throws',
  ],
  ['a proxy of a map', () => new Proxy(new Map(), {}), 'args cannot be sent to another actor: a proxy'],
  [
    'what only claims to be a Date',
    () => Object.create(Date.prototype),
    'args cannot be sent to another actor: an instance of Date',
  ],
  [
    'the key __proto__',
    () => JSON.parse('{"a":{"__proto__":1}}'),
    'args.a.__proto__ cannot be sent to another actor: the key __proto__',
  ],
  [
    'a key with a lone surrogate',
    () => ({'\ud800': 1}),
    'args["\\ud800"] cannot be sent to another actor: a key that is no well-formed text',
  ],
  [
    'a giant bigint',
    () => 1n << BigInt(limits.bigintBytes * 8),
    `args cannot be sent to another actor: a bigint of more than ${limits.bigintBytes} bytes`,
  ],
  [
    'shared memory',
    () => new Uint8Array(new SharedArrayBuffer(8)),
    'args cannot be sent to another actor: a view of shared memory',
  ],
  [
    'a SharedArrayBuffer',
    () => new SharedArrayBuffer(8),
    'args cannot be sent to another actor: an instance of SharedArrayBuffer',
  ],
  [
    'a view of memory that was given away',
    detached,
    'args cannot be sent to another actor: a Uint8Array whose memory was given away',
  ],
  [
    'an ArrayBuffer that was given away',
    () => detached().buffer,
    'args cannot be sent to another actor: an ArrayBuffer whose memory was given away',
  ],
  ['65 levels', () => nested(65), `args${'[0]'.repeat(64)} cannot be sent to another actor: nested deeper than 64`],
  [
    'too many values',
    () => new Array(1_000_001).fill(0),
    'args[999999] cannot be sent to another actor: more than 1000000 values in one message',
  ],
  [
    'the same large array often',
    () => new Array(11).fill(new Array(100_000).fill(0)),
    'args[9][99989] cannot be sent to another actor: more than 1000000 values in one message',
  ],
  [
    'too large a text',
    () => ['x'.repeat(limits.messageBytes + 1)],
    `args[0] cannot be sent to another actor: more than ${limits.messageBytes} bytes in one message`,
  ],
  [
    'a text that is too large in UTF-8',
    () => 'é'.repeat(limits.messageBytes / 2),
    `args cannot be sent to another actor: more than ${limits.messageBytes} bytes in one message`,
  ],
  [
    'too large a binary',
    () => Buffer.alloc(limits.messageBytes),
    `args cannot be sent to another actor: more than ${limits.messageBytes} bytes in one message`,
  ],
];

for (const [title, make, text] of refused)
  test(`Limits, K77: ${title} is refused with its place`, t => {
    const error = t.throws(() => codec.encode(make(), 'args'), {instanceOf: Unserializable});
    t.is(error?.message, text);
  });

// The content of a Map is made plain for msgpack-lite.
for (const [title, make, text] of refused.filter(([, , text]) => !/more than|deeper/.test(text)))
  test(`K77: ${title} is refused with its place in a Map`, t => {
    const error = t.throws(() => codec.encode(new Map([['in', make()]]), 'args'), {instanceOf: Unserializable});
    t.is(error?.message, text.replace('args', 'args.in'));
  });

test('K77: a getter that throws is refused with its error as the cause', t => {
  const error = t.throws(
    () =>
      codec.encode({
        a: {
          get b() {
            return oops();
          },
        },
      }),
    {instanceOf: Unserializable},
  );
  t.deepEqual(error?.path, ['a', 'b']);
  t.like(error?.cause, {message: 'oops'});
});

test('K77: a refusal calls no getter twice, and names the getters when it cannot tell which one threw', t => {
  let reads = 0;
  const value = {
    get first() {
      return reads++;
    },
    get second() {
      return oops();
    },
  };
  const error = t.throws(() => codec.encode([value], 'value'), {instanceOf: Unserializable});
  t.is(reads, 1);
  t.is(error?.message, 'value[0] cannot be sent to another actor: one of its getters throws: first, second');
  t.like(error?.cause, {message: 'oops'});
  t.deepEqual(codec.decode(codec.encode({b: 1})), {b: 1});
});

test('K77: an item whose getter throws is named', t => {
  const array = Object.defineProperty([1, 2], 1, {get: oops, enumerable: true});
  t.deepEqual(t.throws(() => codec.encode(array), {instanceOf: Unserializable})?.path, [1]);
});

test('K77: memory that a getter takes away while the value is read is refused', t => {
  const bytes = Buffer.from(new ArrayBuffer(1000));
  const thief = {
    get bytes() {
      structuredClone(bytes.buffer, {transfer: [bytes.buffer]});
      return 1;
    },
  };
  const value = new Map<unknown, unknown>([
    ['bytes', bytes],
    ['thief', thief],
  ]);
  const error = t.throws(() => codec.encode(value, 'value'), {instanceOf: Unserializable});
  t.is(error?.message, 'value cannot be sent to another actor: reading it failed');
  t.like(error?.cause, {message: 'memory was given away, or resized, while the value was read'});
  t.deepEqual(codec.decode(codec.encode({b: 1})), {b: 1});
});

test('without a label the path begins at the value', t => {
  const error = t.throws(() => codec.encode([() => 1]), {instanceOf: Unserializable});
  t.deepEqual(error?.path, [0]);
  t.is(t.throws(() => codec.encode(() => 1))?.message, 'the value cannot be sent to another actor: a function');
});

test('the next value can be sent after a refusal', t => {
  t.throws(() => codec.encode([[[() => 1]]]));
  t.deepEqual(codec.decode(codec.encode([[[1]]])), [[[1]]]);
});
