// Classes of users in the codec: their instances arrive, and whatever their pack() and unpack() do ends in a typed error.
// Beside codec.spec.ts; how a context fails for them is in spec/actor/registered-types.spec.ts.
import test from 'ava';
import {MessageTypeError, ProtocolError, Unserializable} from '../../lib/base/errors.js';
import {registerType} from '../../lib/base/registered-types.js';
import {boxError, unboxError} from '../../lib/msg/boxed-error.js';
import {messagePack} from '../../lib/msg/codec.js';
import {encodePlain} from '../../lib/msg/msgpack-lite.js';
import {RegisteredFaults, softenRegistered, unpackRegistered} from '../../lib/msg/registered.js';
import {toPlain} from '../../lib/msg/writer.js';

const codec = messagePack;
const self = {name: 'here', id: 'h', pid: 1, host: 'h'};

class Point {
  readonly x: number;
  readonly y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}
class Point3 extends Point {}
class Line {
  readonly ends: readonly Point[];
  readonly note: Buffer;
  constructor(ends: readonly Point[], note: Buffer) {
    this.ends = ends;
    this.note = note;
  }
}
class List extends Array<number> {}

registerType(Point, {name: 'geometry/Point', pack: ({x, y}) => [x, y] as const, unpack: ([x, y]) => new Point(x, y)});
registerType(Line, {
  pack: ({ends, note}) => ({ends, note}),
  unpack: ({ends, note}) => new Line(ends, note),
});
registerType(List, {pack: list => [...list], unpack: items => List.from(items) as List});

/** A class of its own for each test, because a class is registered once. */
function newType(how: {pack?: (value: object) => unknown; unpack?: (wire: never) => unknown}): new () => object {
  const Class = class {};
  const name = `type ${types++}`;
  registerType(Class, {
    name,
    pack: how.pack ?? (() => null),
    unpack: (how.unpack ?? (() => new Class())) as () => object,
  });
  return Class;
}
let types = 0;

test('F10: an instance of a registered class arrives as one, within whatever and holding whatever', t => {
  const line = new Line([new Point(1, 2), new Point(3, 4)], Buffer.alloc(1000, 7));
  const value = {
    line,
    list: List.from([1, 2]),
    map: new Map([[new Point(0, 0), new Set([line])]]),
    bare: new Point(5, 6),
  };
  t.deepEqual(codec.decode(codec.encode(value), unpackRegistered), value);
  t.deepEqual(Buffer.from(codec.encode(value)), Buffer.from(encodePlain(toPlain(value))));
});

test('F10: a subclass needs a registration of its own', t => {
  t.throws(() => codec.encode({at: new Point3(1, 2)}, 'value'), {
    instanceOf: Unserializable,
    message: 'value.at cannot be sent to another actor: an instance of Point3',
  });
});

test('F10: pack() is called once for each instance that is sent', t => {
  let packed = 0;
  const Counted = newType({pack: () => ({n: ++packed, undefined})});
  codec.encode([{counted: new Counted(), undefined}]);
  t.is(packed, 1);
});

const forever = (): object => {
  const Endless = newType({pack: () => new Endless()});
  return new Endless();
};
const deep = (): object => {
  const Deep = newType({pack: () => codec.encode([new Deep()])});
  return new Deep();
};
const packing =
  (pack: (value: object) => unknown): (() => object) =>
  () =>
    new (newType({pack}))();

const badPacks: readonly (readonly [title: string, make: () => object, message: RegExp])[] = [
  ['throws', packing(() => oops()), /^args\[0\] cannot be sent to another actor: pack\(\) of the type .* threw: oops$/],
  ['throws null', packing(() => oops(null)), /threw: null$/],
  ['gives a function', packing(() => () => 1), /^args\[0\]\.pack\(\) cannot be sent to another actor: a function$/],
  [
    'gives a function within',
    packing(() => ({at: [Symbol('s')]})),
    /^args\[0\]\.pack\(\)\.at\[0\] cannot .*Symbol\(s\)$/,
  ],
  ['is asynchronous', packing(async () => 1), /^args\[0\]\.pack\(\) cannot .*an instance of Promise$/],
  ['gives the instance itself', packing(value => value), /^args\[0\]\.pack\(\) cannot .*a circular reference$/],
  ['gives a new instance for ever', forever, /nested deeper than 64$/],
  ['calls itself for ever', deep, /pack\(\) of the type .* threw: /],
];
for (const [title, make, message] of badPacks)
  test(`F10: a pack() that ${title} is refused, and says where it is`, t => {
    t.throws(() => codec.encode([make()], 'args'), {instanceOf: Unserializable, message});
    t.is(codec.decode(codec.encode(7)), 7);
  });

const badUnpacks: readonly (readonly [title: string, unpack: (wire: never) => unknown, message: RegExp])[] = [
  ['throws', () => oops(), /^unpack\(\) of the type .* threw: oops$/],
  ['throws null', () => oops(null), /threw: null$/],
  ['throws a ProtocolError', () => oops(new ProtocolError('mine')), /threw: mine$/],
  ['gives undefined', () => undefined, /gave undefined instead of an instance of Class$/],
  ['gives a text', () => 'text', /gave a string instead/],
  ['gives an instance of another class', () => new Point(1, 2), /gave an instance of Point instead/],
  ['is asynchronous', async () => 1, /gave an instance of Promise instead/],
  [
    'calls itself for ever',
    function again(): unknown {
      return [again()];
    },
    /threw: Maximum call stack/,
  ],
];
for (const [title, unpack, message] of badUnpacks)
  test(`F10: an unpack() that ${title} is a MessageTypeError`, t => {
    const bytes = codec.encode({in: [new (newType({unpack}))()]});
    t.throws(() => codec.decode(bytes, unpackRegistered), {instanceOf: MessageTypeError, message});
  });

test('F10: a type that is not registered is a MessageTypeError that names it, and nothing of it can steer a terminal', t => {
  const bytes = Buffer.from(codec.encode(new Point(1, 2)));
  bytes.write('geometry/\u001b[31m', bytes.indexOf('geometry/'), 'latin1');
  const error = t.throws(() => codec.decode(bytes, unpackRegistered), {instanceOf: MessageTypeError});
  t.regex(error?.message ?? '', /^a value of the type geometry\/.* arrived, which is not registered here/);
  t.false(error?.message.includes('\u001b'));
  t.deepEqual(error?.issues, []);
});

test('F10: a list is read to its end: its faults are kept, and the rest of it arrives', t => {
  const Unknown = newType({unpack: () => oops()});
  const faults = new RegisteredFaults();
  const bytes = codec.encode([1, [new Unknown(), new Point(1, 2), new Unknown()], 2]);
  t.deepEqual(codec.decode(bytes, faults.unpack), [1, [undefined, new Point(1, 2), undefined], 2]);
  t.regex(faults.first?.message ?? '', /oops/);
});

test('F10: messages of the runtime may not hold registered types, so that a stranger cannot make code of users run', t => {
  let runs = 0;
  const Watched = newType({unpack: () => runs++});
  const value = Object.assign(new Error('x'), {watched: new Watched()});
  for (const bytes of [codec.encode([new Watched()]), codec.encode([value])])
    t.throws(() => codec.decode(bytes), {instanceOf: ProtocolError, message: /registered type/});
  t.is(runs, 0);
});

test('F10, E1: a property of an error arrives as an instance', t => {
  const thrown = Object.assign(new TypeError('bad'), {at: new Point(1, 2), list: [new Line([], Buffer.from('x'))]});
  const boxed = codec.decode(codec.encode(boxError(thrown, self)), softenRegistered) as never;
  t.like(unboxError(boxed).cause, {message: 'bad', at: thrown.at, list: thrown.list});
  const [within] = codec.decode(codec.encode([thrown]), unpackRegistered) as [typeof thrown];
  t.deepEqual(within.at, thrown.at);
});

test('F10, E3: an error never fails for a value within it: a text stands for what cannot be packed or made', t => {
  const BadPack = newType({pack: () => oops()});
  const Functions = newType({pack: () => ({f: () => 1})});
  const BadUnpack = newType({unpack: () => oops()});
  const thrown = Object.assign(new Error('bad'), {a: new BadPack(), b: [new Functions()], c: {d: new BadUnpack()}});
  const boxed = codec.decode(codec.encode(boxError(thrown, self)), softenRegistered) as never;
  const cause = unboxError(boxed).cause as unknown as {a: string; b: string[]; c: {d: string}};
  t.is(cause.a, '[an instance of Class]');
  t.deepEqual(cause.b, ['[an instance of Class]']);
  t.regex(cause.c.d, /^\[unpack\(\) of the type .* threw: oops\]$/);
  const read = codec.decode(codec.encode([thrown]), unpackRegistered) as [typeof cause];
  t.regex(read[0].c.d, /^\[unpack/);
});

test('F10, E3: an instance that is thrown arrives, or a text stands for it', t => {
  const BadUnpack = newType({unpack: () => oops()});
  const over = (thrown: unknown): unknown =>
    unboxError(codec.decode(codec.encode(boxError(thrown, self)), softenRegistered) as never).cause;
  t.deepEqual(over(new Point(1, 2)), new Point(1, 2));
  t.regex(over(new BadUnpack()) as string, /^\[unpack/);
});

function oops(error: unknown = new Error('oops')): never {
  throw error;
}
