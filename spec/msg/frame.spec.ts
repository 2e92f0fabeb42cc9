// Headers, numbers and the values of a Yield, as bytes and back.
import assert from 'node:assert/strict';
import test from 'ava';
import {ProtocolError} from '../../lib/base/errors.js';
import {
  maxHeaderBytes,
  readFrame,
  readVarint,
  splitValues,
  varintLength,
  writeHeader,
  writeVarint,
} from '../../lib/msg/frame.js';
import {Kind} from '../../lib/msg/types.js';
import {fc} from '../kit/fast-check.js';

const kinds = Object.values(Kind);
const anyNumber = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER),
);

test('every number up to 2^53 - 1 comes back, in as many bytes as foretold', t => {
  fc.assert(
    fc.property(anyNumber, fc.nat(5), (value, offset) => {
      const bytes = new Uint8Array(20).fill(0xff);
      const end = writeVarint(bytes, offset, value);
      assert.equal(end - offset, varintLength(value));
      const cursor = {at: offset};
      assert.equal(readVarint(bytes, cursor), value);
      assert.equal(cursor.at, end);
    }),
  );
  t.pass();
});

test('a number that is cut short, too long or too large is refused', t => {
  t.throws(() => readVarint(Uint8Array.of(), {at: 0}), {instanceOf: ProtocolError, message: /ended within/});
  t.throws(() => readVarint(Uint8Array.of(0x80), {at: 0}), {instanceOf: ProtocolError, message: /ended within/});
  t.throws(() => readVarint(new Uint8Array(9).fill(0x80), {at: 0}), {instanceOf: ProtocolError, message: /too large/});
  const beyond = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10);
  t.throws(() => readVarint(beyond, {at: 0}), {instanceOf: ProtocolError, message: /too large/});
});

test('a header comes back, whatever stands behind it', t => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.boolean(),
      anyNumber,
      anyNumber,
      fc.uint8Array({maxLength: 50}),
      (kind, more, context, seq, payload) => {
        const bytes = new Uint8Array(maxHeaderBytes + payload.length);
        const end = writeHeader(bytes, 0, kind, more, context, seq);
        assert.ok(end <= maxHeaderBytes);
        bytes.set(payload, end);
        const frame = readFrame(bytes.subarray(0, end + payload.length));
        assert.deepEqual({...frame, payload: [...frame.payload]}, {kind, more, context, seq, payload: [...payload]});
      },
    ),
  );
  t.pass();
});

test('an empty frame, a kind that is not ours and a header that is cut short are refused', t => {
  t.throws(() => readFrame(Uint8Array.of()), {instanceOf: ProtocolError, message: /empty/});
  for (const kind of [0, 17, 0x7f, 0x80, 0x91, 0xff])
    t.throws(() => readFrame(Uint8Array.of(kind, 0, 0)), {instanceOf: ProtocolError, message: /unknown kind/});
  t.throws(() => readFrame(Uint8Array.of(Kind.Yield)), {instanceOf: ProtocolError});
  t.throws(() => readFrame(Uint8Array.of(Kind.Yield, 1)), {instanceOf: ProtocolError});
  t.throws(() => readFrame(Uint8Array.of(Kind.Yield, 1, 0x80)), {instanceOf: ProtocolError});
});

test('random bytes give a frame or a ProtocolError, never anything else', t => {
  let frames = 0;
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 40}), bytes => {
      try {
        const frame = readFrame(bytes);
        frames++;
        splitValues(frame.payload, () => {});
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    {numRuns: 2_000},
  );
  t.true(frames > 0);
});

function joinValues(values: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(values.reduce((sum, {length}) => sum + length + 8, 0));
  let at = 0;
  for (const value of values) {
    at = writeVarint(bytes, at, value.length);
    bytes.set(value, at);
    at += value.length;
  }
  return bytes.subarray(0, at);
}

test('the values of one payload come back one by one, empty ones included', t => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({maxLength: 200}), {maxLength: 8}), values => {
      const seen: number[][] = [];
      splitValues(joinValues(values), value => seen.push([...value]));
      assert.deepEqual(
        seen,
        values.map(value => [...value]),
      );
    }),
  );
  t.pass();
});

test('a payload that is cut anywhere within a value is refused, behind the values before it', t => {
  const payload = joinValues([Uint8Array.of(1, 2), new Uint8Array(130)]);
  for (let cut = 1; cut < payload.length; cut++) {
    if (cut === 3) continue;
    const lengths: number[] = [];
    t.throws(() => splitValues(payload.subarray(0, cut), value => lengths.push(value.length)), {
      instanceOf: ProtocolError,
    });
    t.deepEqual(lengths, cut > 3 ? [2] : []);
  }
});
