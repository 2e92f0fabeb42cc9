// A Cancel can always be sent, in one frame, whatever its reason is.
import test from 'ava';
import {encodeCancel} from '../../lib/msg/cancel.js';
import {messagePack} from '../../lib/msg/codec.js';
import {pieceBytes} from '../../lib/msg/frame.js';

const canceller = {name: 'a', id: 'i', pid: 1, host: 'h'};

const goes = test.macro({
  exec(t, cause: unknown, told: unknown) {
    const codec = messagePack;
    const bytes = encodeCancel(codec, {reason: 'requested', cause, canceller, budget: 5});
    t.true(bytes.length <= pieceBytes);
    t.deepEqual(codec.decode(bytes), ['requested', told, ['a', 'i', 1, 'h'], 5]);
  },
  title: what => `X4: a reason that ${what}`,
});

test('can cross goes as it is', goes, {why: [1]}, {why: [1]});
test('is absent stays so', goes, undefined, undefined);
test('cannot cross goes as a text', goes, () => 1, '() => 1');
test('holds what cannot cross goes as a text', goes, {deep: Symbol('s')}, '[object Object]');
test('is too large for a frame goes as the beginning of a text', goes, 'x'.repeat(100_000), 'x'.repeat(4_096));
test('is half a character goes as it is', goes, 'a\ud800', 'a\ud800');
test(
  'cannot even be said goes as words about it',
  goes,
  {
    toString() {
      throw new Error('no');
    },
    deep: () => 1,
  },
  'a reason that cannot be sent',
);
