// Messages that come in pieces: what is read of them, and when. channel.spec.ts has what a channel makes of it.
import test from 'ava';
import {ProtocolError} from '../../lib/base/errors.js';
import {Reassembly} from '../../lib/channel/reassembly.js';
import {messagePack} from '../../lib/msg/codec.js';
import type {Frame} from '../../lib/msg/frame.js';
import {Kind} from '../../lib/msg/types.js';

const {encode} = messagePack;
const piece = (context: number, payload: Uint8Array, more = true): Frame => ({
  kind: Kind.Return,
  more,
  context,
  seq: 0,
  payload,
});
/** Fits no value. */
const malformed = Uint8Array.of(0xc1);
/** The beginning of an array of a million values. */
const million = Uint8Array.of(0xdd, 0x00, 0x0f, 0x42, 0x40);

test('F4: a piece is read when it comes, and the whole message at its last piece', t => {
  const reassembly = new Reassembly();
  const value = {name: 'x'.repeat(1_000), list: [1, 2, 3]};
  const bytes = encode(value);
  t.is(reassembly.add(piece(2, bytes.subarray(0, 500))), undefined);
  t.is(reassembly.size, 1);
  const message = reassembly.add(piece(2, bytes.subarray(500), false));
  t.deepEqual(message?.read, {value, bytes: bytes.length});
  t.is(reassembly.size, 0);
  t.throws(() => reassembly.add(piece(4, malformed)), {instanceOf: ProtocolError});
});

test('Limits: when two million values are unfinished, pieces of other messages wait until their message is whole', t => {
  const reassembly = new Reassembly();
  for (const context of [2, 4, 6]) reassembly.add(piece(context, million));
  reassembly.add(piece(8, encode('text').subarray(0, 2)));
  const late = reassembly.add(piece(8, encode('text').subarray(2), false));
  t.is(late?.read?.value, 'text');
  t.is(reassembly.add(piece(10, malformed)), undefined, 'it is not read yet');
  t.throws(() => reassembly.add(piece(10, malformed, false)), {instanceOf: ProtocolError});
});

test('Limits, G19: messages that are begun with pieces of no bytes are counted too', t => {
  const reassembly = new Reassembly();
  const begin = (): void => {
    for (let context = 2; context < 1_000_000; context += 2) reassembly.add(piece(context, new Uint8Array(0)));
  };
  t.throws(begin, {instanceOf: ProtocolError, message: /bytes of unfinished messages/});
  t.true(reassembly.size < 200_000);
});

test('Limits, G19: pieces of no bytes without end are counted too', t => {
  const reassembly = new Reassembly();
  for (const context of [2, 4, 6]) reassembly.add(piece(context, million));
  const goOn = (): void => {
    for (let i = 0; i < 1_000_000; i++) reassembly.add(piece(8, new Uint8Array(0)));
  };
  t.throws(goOn, {instanceOf: ProtocolError, message: /bytes of unfinished messages/});
});

test('Limits: a message that is whole counts no more', t => {
  const reassembly = new Reassembly();
  const all = Buffer.concat([million, Buffer.alloc(1_000_000)]);
  for (let i = 0; i < 4; i++) {
    reassembly.add(piece(2, all.subarray(0, 10)));
    reassembly.add(piece(2, all.subarray(10), false));
  }
  t.throws(() => reassembly.add(piece(4, malformed)), {instanceOf: ProtocolError}, 'it is read at once again');
});
