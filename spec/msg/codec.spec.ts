// The contract of the codec, and its bytes against those of msgpack-lite.
// Above values.ts; what is refused stands in refusals.spec.ts, what is hostile in reader.spec.ts.
import {execFile} from 'node:child_process';
import {createRequire} from 'node:module';
import {isDeepStrictEqual, promisify} from 'node:util';
import {runInNewContext} from 'node:vm';
import test from 'ava';
import {ProtocolError} from '../../lib/base/errors.js';
import {messagePack} from '../../lib/msg/codec.js';
import {encodePlain} from '../../lib/msg/msgpack-lite.js';
import {toPlain} from '../../lib/msg/writer.js';
import {fc} from '../kit/fast-check.js';
import {anyValue, faithful, plainValue} from './values.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const codec = messagePack;
/** The bytes that msgpack-lite writes for the same value. */
const reference = (value: unknown): Uint8Array => encodePlain(toPlain(value));

for (const [title, value] of faithful)
  test(`it carries ${title} unchanged`, t => {
    t.true(isDeepStrictEqual(codec.decode(codec.encode(value)), value));
  });

for (const [title, value] of faithful)
  test(`it writes the bytes of msgpack-lite for ${title}`, t => {
    t.deepEqual(Buffer.from(codec.encode(value)), Buffer.from(reference(value)));
  });

test('it writes the bytes of msgpack-lite for anything, and it arrives deeply equal', t => {
  t.notThrows(() =>
    fc.assert(
      fc.property(anyValue, value => {
        const bytes = codec.encode(value);
        return Buffer.compare(bytes, reference(value)) === 0 && isDeepStrictEqual(codec.decode(bytes), value);
      }),
      {numRuns: process.env.RXTRACTOR_CI ? 20_000 : 2000},
    ),
  );
});

test('what is MessagePack already, the decoders of two libraries read as we do', t => {
  const msgpackr = require('msgpackr') as {unpack(bytes: Uint8Array): unknown};
  const msgpackLite = require('msgpack-lite') as {decode(bytes: Uint8Array): unknown};
  t.notThrows(() =>
    fc.assert(
      fc.property(plainValue, value => {
        const bytes = codec.encode(value);
        // By JSON: one of them loses a byte order mark, and -0 is a matter of its own.
        const text = JSON.stringify(codec.decode(bytes)).replaceAll('\ufeff', '');
        return [msgpackr.unpack(bytes), msgpackLite.decode(bytes)].every(
          read => /\\u[dD][89a-fA-F]/.test(text) || JSON.stringify(read).replaceAll('\ufeff', '') === text,
        );
      }),
      {numRuns: 500},
    ),
  );
});

const headers: readonly (readonly [value: unknown, hex: string])[] = [
  [0, '00'],
  [127, '7f'],
  [128, 'cc80'],
  [2 ** 31, 'ce80000000'],
  [2 ** 32, 'cb41f0000000000000'],
  [-1, 'ff'],
  [-33, 'd0df'],
  [-0, 'cb8000000000000000'],
  ['', 'a0'],
  [{}, '80'],
  [{a: 1}, '81a161' + '01'],
  [undefined, 'd40100'],
  [1n, 'd7020000000000000001'],
  [new Date(0), 'd6ff00000000'],
  [new Date(1), 'd7ff003d090000000000'],
  [new Map([['a', 1]]), 'd603' + '92a16101'],
  [new Set(), 'd40490'],
  [new Uint8Array([1]), 'c40101'],
  [Buffer.from([1]), 'd41c01'],
  [Buffer.alloc(256), `c801001c${'00'.repeat(256)}`],
  [Object.create(null), 'd41d80'],
  [new Uint8Array(255), `c4ff${'00'.repeat(255)}`],
];
for (const [value, hex] of headers)
  test(`the bytes are pinned: ${hex.slice(0, 24)}`, t => {
    t.is(Buffer.from(codec.encode(value)).toString('hex'), hex);
    t.is(Buffer.from(reference(value)).toString('hex'), hex);
  });

test('F6: binary arrives with memory of its own, which is just as long', t => {
  for (const value of [Buffer.from('abc'), new Uint8Array([97, 98, 99]), Buffer.from('xabcx').subarray(1, 4)])
    for (const sent of [value, {in: value}]) {
      const bytes = codec.encode(sent);
      const back = codec.decode(bytes);
      const binary = back instanceof Uint8Array ? back : (back as {in: Uint8Array}).in;
      t.is(Object.getPrototypeOf(binary), Object.getPrototypeOf(value));
      bytes.fill(0);
      t.deepEqual([...binary], [97, 98, 99]);
      t.is(binary.buffer.byteLength, 3);
    }
});

test('F6: changing a value after it was encoded changes nothing', t => {
  const binary = new Uint8Array(5000).fill(1);
  const views = [binary, Buffer.from(binary.buffer), new Float32Array(binary.buffer), binary.buffer];
  const bytes = views.flatMap(view => [codec.encode(view), codec.encode({view}), codec.encode(new Map([[1, view]]))]);
  const before = bytes.map(each => Buffer.from(each).toString('hex'));
  binary.fill(2);
  t.deepEqual(
    bytes.map(each => Buffer.from(each).toString('hex')),
    before,
  );
});

test('what was encoded earlier is never overwritten', t => {
  const kept: Uint8Array[] = [];
  const copies: string[] = [];
  for (let i = 0; i < 3000; i++) {
    const bytes = codec.encode(i % 7 === 0 ? undefined : i % 100 === 0 ? 'x'.repeat(70_000) : {i, text: `text ${i}`});
    kept.push(bytes);
    copies.push(Buffer.from(bytes).toString('latin1'));
  }
  t.true(kept.every((bytes, i) => Buffer.from(bytes).toString('latin1') === copies[i]));
  kept[0]?.fill(0xff);
  t.is(codec.decode(codec.encode(undefined)), undefined);
});

test('a frozen value arrives unfrozen, a getter as its value', t => {
  t.false(Object.isFrozen(codec.decode(codec.encode(Object.freeze([1])))));
  t.deepEqual(
    codec.decode(
      codec.encode({
        get a() {
          return new Date(1);
        },
      }),
    ),
    {a: new Date(1)},
  );
});

test('each getter, and each property of a proxy, is read once', t => {
  let reads = 0;
  const read = (): number => ++reads;
  const object = new Proxy({a: 0}, {get: read});
  t.deepEqual(codec.decode(codec.encode({object})), {object: {a: 1}});
  t.deepEqual(codec.decode(codec.encode(new Proxy([1, 2], {}))), [1, 2]);
  const getters = {
    get a() {
      return read();
    },
    array: Object.defineProperty([0], 0, {get: read, enumerable: true}),
    dictionary: Object.defineProperty(Object.create(null), 'b', {get: read, enumerable: true}),
    // Makes the object around it one that is copied, so that all of it would be read again.
    last: undefined,
  };
  t.true(
    isDeepStrictEqual(
      codec.decode(codec.encode(new Map([['map', getters]]))),
      new Map([['map', {a: 2, array: [3], dictionary: Object.assign(Object.create(null), {b: 4}), last: undefined}]]),
    ),
  );
  t.is(reads, 4);
});

test('values of another realm arrive as values of this one', t => {
  const made = runInNewContext(`({
    record: {a: [1, {b: 2}]},
    map: new Map([[1, new Set([2])]]),
    date: new Date(0),
    pattern: /a/g,
    bytes: new Uint8Array([1, 2]),
    floats: new Float64Array([1.5]),
    view: new DataView(new ArrayBuffer(2)),
    buffer: new ArrayBuffer(3),
  })`);
  const own = {
    record: {a: [1, {b: 2}]},
    map: new Map([[1, new Set([2])]]),
    date: new Date(0),
    pattern: /a/g,
    bytes: new Uint8Array([1, 2]),
    floats: new Float64Array([1.5]),
    view: new DataView(new ArrayBuffer(2)),
    buffer: new ArrayBuffer(3),
  };
  t.true(isDeepStrictEqual(codec.decode(codec.encode(made)), own));
  t.true(isDeepStrictEqual(codec.decode(codec.encode(made.bytes)), own.bytes));
});

test('a getter may itself encode', t => {
  const value = {
    a: [1, -0],
    get b() {
      return codec.encode({c: [2]}).length;
    },
    d: undefined,
  };
  t.deepEqual(codec.decode(codec.encode(value)), {a: [1, -0], b: 5, d: undefined});
});

// Node 20 takes no two invalid dates for equal.
test('an invalid Date arrives as one', t => {
  t.is((codec.decode(codec.encode([new Date(Number.NaN)])) as [Date])[0].getTime(), Number.NaN);
});

test('a getter may encode a large value while its own message is being written', t => {
  const large = 'x'.repeat(2_000_000);
  const value = {
    a: 'before',
    get b() {
      return codec.encode([large]).length;
    },
    c: 'behind',
  };
  t.deepEqual(codec.decode(codec.encode(value)), {a: 'before', b: 2_000_006, c: 'behind'});
  t.deepEqual(codec.decode(codec.encode({d: 1})), {d: 1});
});

test('lastIndex of a regular expression arrives', t => {
  const pattern = /a/g;
  for (const lastIndex of [3, -0, Number.NaN]) {
    pattern.lastIndex = lastIndex;
    t.is((codec.decode(codec.encode(pattern)) as RegExp).lastIndex, lastIndex);
  }
});

test('bytes may be a view into a larger buffer', t => {
  const bytes = codec.encode({a: ['text', 1.5, new Uint8Array([9])]});
  const larger = new Uint8Array(bytes.length + 64).fill(0xc1);
  larger.set(bytes, 33);
  t.deepEqual(codec.decode(larger.subarray(33, 33 + bytes.length)), {a: ['text', 1.5, new Uint8Array([9])]});
});

test('trailing bytes and missing bytes are ProtocolErrors', t => {
  const bytes = codec.encode({a: [1, 'text']});
  t.throws(() => codec.decode(Buffer.concat([bytes, Buffer.of(0)])), {instanceOf: ProtocolError});
  for (let end = 0; end < bytes.length; end++)
    t.throws(() => codec.decode(bytes.subarray(0, end)), {instanceOf: ProtocolError});
});

test('msgpack-lite is loaded when a value is sent that needs it', async t => {
  const url = new URL('../../lib/msg/codec.js', import.meta.url);
  const program = `
    import Module from 'node:module';
    const resolve = Module._resolveFilename;
    const loaded = [];
    Module._resolveFilename = function (name, ...rest) {
      loaded.push(name.split('/')[0]);
      return resolve.call(this, name, ...rest);
    };
    const {messagePack} = await import('${url}');
    messagePack.encode([1, 'text', {a: null}, new Date(), 1n, Buffer.from('b')]);
    console.log(loaded.includes('msgpack-lite'));
    messagePack.encode(new Map());
    console.log(loaded.includes('msgpack-lite'));`;
  const {stdout} = await run(process.execPath, ['--input-type=module', '-e', program]);
  t.is(stdout, 'false\ntrue\n');
});
