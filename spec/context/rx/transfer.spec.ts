// send(value, {transfer: true}): the memory of the value is given away instead of copied.
// Beside msg-stream.spec.ts.
import {isDeepStrictEqual} from 'node:util';
import test, {type ExecutionContext} from 'ava';
import {StreamClosed, Unserializable} from '../../../lib/base/errors.js';
import type {MsgStream} from '../../../lib/context/rx/msg-stream.js';
import {messagePack} from '../../../lib/msg/codec.js';
import {Encoded, partsOf} from '../../../lib/msg/encoded.js';
import {pieceBytes} from '../../../lib/msg/frame.js';
import {type Callee, newPair} from '../../kit/pair.js';

/** Runs `use` with a stream, and returns what its other end has received. */
async function received(
  t: ExecutionContext,
  use: (wire: MsgStream<unknown, unknown>) => Promise<void>,
): Promise<unknown[]> {
  const pair = await newPair();
  const context = await pair.with({}).openContext(async (ctx: Callee) => {
    ctx.started.next('ready');
    const values: unknown[] = [];
    for await (const value of ctx.openStream()) values.push(value);
    return values;
  });
  const wire = context.openStream();
  await use(wire);
  wire.complete();
  const values = (await context.result()) as unknown[];
  await pair.quiet();
  t.is(pair.open, 0);
  return values;
}

const filled = (length: number): Buffer => Buffer.from(new ArrayBuffer(length)).fill(7);
const sizes = [0, 1, 255, 256, 8 * 1024, pieceBytes - 10, pieceBytes, pieceBytes + 1000, 3 * pieceBytes, 1_000_000];

test('F6: memory that was given away arrives, and is gone at the sender', async t => {
  const sent: Buffer[] = [];
  const values = await received(t, async wire => {
    for (const size of sizes) {
      const value = filled(size);
      sent.push(value);
      await wire.send(value, {transfer: true});
    }
  });
  t.true(isDeepStrictEqual(values, sizes.map(filled)));
  t.true(sent.every(value => value.length === 0));
  t.throws(() => new Uint8Array((sent.at(-1) as Buffer).buffer), {instanceOf: TypeError}, 'its memory is detached');
});

test('F6: every kind of memory, alone and within a value, can be given away', async t => {
  const floats = new Float64Array(500).fill(1.5);
  const buffer = filled(1000).buffer;
  const within = {a: [new Uint8Array(400).fill(1)], map: new Map([['b', filled(300)]])};
  const [a] = within.a;
  const values = await received(t, async wire => {
    await wire.send(floats, {transfer: true});
    await wire.send(buffer, {transfer: true});
    await wire.send(within, {transfer: true});
  });
  const expected = {a: [new Uint8Array(400).fill(1)], map: new Map([['b', filled(300)]])};
  t.deepEqual(values, [new Float64Array(500).fill(1.5), filled(1000).buffer, expected]);
  t.deepEqual([floats.length, buffer.byteLength, a?.length, within.map.get('b')?.length], [0, 0, 0, 0]);
});

test('F6: a view of a part of its memory is copied, as a Buffer of the pool is: others may use that memory', async t => {
  const pooled = Buffer.from('a text of some length'.repeat(20));
  const part = new Uint8Array(1000).subarray(100, 600);
  const values = await received(t, async wire => {
    await wire.send(pooled, {transfer: true});
    await wire.send(part, {transfer: true});
    pooled.fill(0);
    part.fill(1);
  });
  t.deepEqual(values, [Buffer.from('a text of some length'.repeat(20)), new Uint8Array(500)]);
  t.deepEqual([pooled.length, part.length], [420, 500]);
});

/** 64 KiB. Our library of types has no WebAssembly. */
function newWasmMemory(): {readonly buffer: ArrayBuffer} {
  const {WebAssembly} = globalThis as unknown as {
    WebAssembly: {Memory: new (size: {initial: number}) => {readonly buffer: ArrayBuffer}};
  };
  return new WebAssembly.Memory({initial: 1});
}

test('F6: memory that cannot be given away is copied', async t => {
  const {buffer} = newWasmMemory();
  const values = await received(t, async wire => {
    await wire.send(new Uint8Array(buffer), {transfer: true});
    new Uint8Array(buffer).fill(1);
  });
  t.true(isDeepStrictEqual(values, [new Uint8Array(65_536)]));
});

test('F6: nothing is taken away by a send that is refused', async t => {
  const value = filled(1000);
  const values = await received(t, async wire => {
    await t.throwsAsync(wire.send([value, () => 1], {transfer: true}), {instanceOf: Unserializable});
    await t.throwsAsync(wire.send(value, {transfer: 'yes'} as never), {instanceOf: TypeError, message: /transfer/});
    await t.throwsAsync(wire.send(value, {transfr: true} as never), {
      instanceOf: TypeError,
      message: /no option transfr/,
    });
    wire.complete();
    await t.throwsAsync(wire.send(value, {transfer: true}), {instanceOf: StreamClosed});
  });
  t.deepEqual(values, []);
  t.deepEqual(value, filled(1000));
});

test('F6: a large value that is given away is not copied, and its bytes are the same as those of a copy', t => {
  for (const make of [() => filled(1000), () => new Uint8Array(filled(1000)), () => new Int32Array(500)]) {
    const copied = messagePack.encode(make());
    const given = messagePack.encodeGiven(make());
    t.true(given instanceof Encoded && given.payload?.buffer.byteLength === given.payload?.length);
    t.deepEqual(Buffer.concat(partsOf(given)), Buffer.from(copied));
  }
});
