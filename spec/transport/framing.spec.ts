// Lengths in front of frames, and frames out of bytes however they were cut.
import assert from 'node:assert/strict';
import test from 'ava';
import {ProtocolError} from '../../lib/base/errors.js';
import {FrameSplitter, lengthBytes, writeLength} from '../../lib/transport/framing.js';
import {fc} from '../kit/fast-check.js';

function framed(...frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    frames.flatMap(frame => {
      const length = new Uint8Array(lengthBytes);
      writeLength(length, 0, frame.length);
      return [length, frame];
    }),
  );
}

test('a length is four bytes, the lowest first', t => {
  const bytes = new Uint8Array(6);
  writeLength(bytes, 1, 0x01_02_03_04);
  t.deepEqual([...bytes], [0, 4, 3, 2, 1, 0]);
  writeLength(bytes, 0, 0xff_ff_ff_ff);
  t.deepEqual([...bytes.subarray(0, 4)], [255, 255, 255, 255]);
});

test('K32: frames come out as they went in, however the bytes are cut', t => {
  let cuts = 0;
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({maxLength: 30}), {maxLength: 8}),
      fc.array(fc.nat(12), {maxLength: 60}),
      (frames, sizes) => {
        const bytes = framed(...frames);
        const splitter = new FrameSplitter(30);
        const seen: number[][] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          splitter.feed(bytes.subarray(at, at + size), frame => seen.push([...frame]));
          at += size;
          if (splitter.isWithinFrame) cuts++;
          if (at >= bytes.length) break;
        }
        assert.deepEqual(
          seen,
          frames.map(frame => [...frame]),
        );
        assert.equal(splitter.isWithinFrame, false);
      },
    ),
  );
  t.true(cuts > 0);
});

test('K32: a cut at every byte changes nothing, and tells that a frame is unfinished', t => {
  const bytes = framed(Uint8Array.of(1, 2, 3), Uint8Array.of(), new Uint8Array(300).fill(7));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const splitter = new FrameSplitter(300);
    const lengths: number[] = [];
    const note = (frame: Uint8Array): unknown => lengths.push(frame.length);
    splitter.feed(bytes.subarray(0, cut), note);
    t.is(splitter.isWithinFrame, ![0, 7, 11, bytes.length].includes(cut));
    splitter.feed(bytes.subarray(cut), note);
    t.deepEqual(lengths, [3, 0, 300]);
  }
});

test('K33: a length beyond the limit is refused at its last byte, before memory is taken', t => {
  for (const length of [101, 2 ** 31, 0xff_ff_ff_ff]) {
    const splitter = new FrameSplitter(100);
    const bytes = new Uint8Array(lengthBytes);
    writeLength(bytes, 0, length);
    splitter.feed(bytes.subarray(0, 3), () => t.fail());
    t.throws(() => splitter.feed(bytes.subarray(3), () => t.fail()), {
      instanceOf: ProtocolError,
      message: new RegExp(`${length} bytes`),
    });
  }
});

test('frames that are spread over chunks share memory, which grows with the largest', t => {
  const splitter = new FrameSplitter(1_000);
  const memories = [100, 60, 100, 300, 200].map((length, value) => {
    const bytes = framed(new Uint8Array(length).fill(value));
    const seen: Uint8Array[] = [];
    splitter.feed(bytes.subarray(0, 50), () => t.fail());
    splitter.feed(bytes.subarray(50), frame => seen.push(frame));
    t.deepEqual([...(seen[0] ?? [])], [...bytes.subarray(lengthBytes)]);
    return seen[0]?.buffer;
  });
  t.deepEqual(
    memories.map(memory => memories.indexOf(memory)),
    [0, 0, 0, 3, 3],
  );
});

test('a frame of exactly the limit passes', t => {
  const splitter = new FrameSplitter(100);
  t.plan(1);
  splitter.feed(framed(new Uint8Array(100)), frame => t.is(frame.length, 100));
});

test('frames before a broken one are handed over', t => {
  const seen: number[] = [];
  const bytes = Buffer.concat([framed(Uint8Array.of(5)), Uint8Array.of(255, 255, 255, 255)]);
  t.throws(() => new FrameSplitter(100).feed(bytes, frame => seen.push(frame.length)), {instanceOf: ProtocolError});
  t.deepEqual(seen, [1]);
});
