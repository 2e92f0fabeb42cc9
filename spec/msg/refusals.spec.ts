// What cannot cross unchanged is refused at the sender, with the path that leads to it.
// Beside codec.spec.ts.
import test from 'ava';
import {Unserializable} from '../../lib/base/errors.js';
import {loadCodec} from '../../lib/msg/codec.js';
import {limits} from '../../lib/msg/limits.js';

const codecs = [loadCodec('msgpack-lite'), loadCodec('msgpackr')];

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
const detached = (): unknown => {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, {transfer: [bytes.buffer]});
  return bytes;
};
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
    'args cannot be sent to another actor: an instance of Map',
  ],
  [
    'a date with a property',
    () => Object.assign(new Date(), {x: 1}),
    'args cannot be sent to another actor: an instance of Date',
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
  ['memory that was given away', detached, 'args cannot be sent to another actor: an instance of Uint8Array'],
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

for (const codec of codecs)
  for (const [title, make, text] of refused)
    test(`Limits, K77: ${codec.name} refuses ${title} and says where it is`, t => {
      const error = t.throws(() => codec.encode(make(), 'args'), {instanceOf: Unserializable});
      t.is(error?.message, text);
    });

test('K77: a getter that throws is refused with its error as the cause', t => {
  for (const codec of codecs) {
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
  }
});

test('K77: a getter that throws at its second reading is refused too', t => {
  for (const codec of codecs) {
    let reads = 0;
    const error = t.throws(
      () =>
        codec.encode(
          {
            get a() {
              return reads++ === 0 ? 1 : oops();
            },
          },
          'value',
        ),
      {instanceOf: Unserializable},
    );
    t.deepEqual(error?.path, ['value']);
    t.like(error?.cause, {message: 'oops'});
    t.deepEqual(codec.decode(codec.encode({b: 1})), {b: 1});
  }
});

test('without a label the path begins at the value', t => {
  const error = t.throws(() => codecs[0]?.encode([() => 1]), {instanceOf: Unserializable});
  t.deepEqual(error?.path, [0]);
  t.is(t.throws(() => codecs[0]?.encode(() => 1))?.message, 'the value cannot be sent to another actor: a function');
});

test('the next value can be sent after a refusal', t => {
  for (const codec of codecs) {
    t.throws(() => codec.encode([[[() => 1]]]));
    t.deepEqual(codec.decode(codec.encode([[[1]]])), [[[1]]]);
  }
});
