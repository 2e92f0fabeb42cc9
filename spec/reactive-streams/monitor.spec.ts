// The monitor at the wire finds what it is there for: every fault is planted once, and a rightful exchange has none.
import test from 'ava';
import {messagePack} from '../../lib/msg/codec.js';
import {varintLength, writeVarint} from '../../lib/msg/frame.js';
import {Kind} from '../../lib/msg/types.js';
import {turns} from '../kit/pair.js';
import {Monitor} from './monitor.js';

const codec = messagePack;
type Side = 'near' | 'far';
/** One message: it is written, and then it arrives, unless only one of the two is to be seen. */
type Said = readonly [from: Side, kind: Kind, seq: number, payload: Uint8Array, at?: 'written' | 'arrived'];

const values = (...lengths: number[]): Uint8Array =>
  Buffer.concat(
    lengths.map(length => {
      const value = new Uint8Array(varintLength(length) + length);
      writeVarint(value, 0, length);
      return value;
    }),
  );
const start = (window: number, windowBytes: number): Said => [
  'near',
  Kind.Start,
  0,
  codec.encode([1, 'stream', [], [window, windowBytes, 0, 'error', windowBytes], null]),
];
const credit = (messages: number, bytes: number, at?: 'written' | 'arrived'): Said => [
  'near',
  Kind.Credit,
  0,
  codec.encode([messages, bytes]),
  ...(at ? ([at] as const) : ([] as const)),
];
const yields = (seq: number, ...lengths: number[]): Said => ['far', Kind.Yield, seq, values(...lengths)];
const cancel: Said = ['near', Kind.Cancel, 0, new Uint8Array()];
const returned: Said = ['far', Kind.Return, 0, new Uint8Array()];

const notes = test.macro({
  async exec(t, said: readonly Said[], ...expected: string[]) {
    const monitor = new Monitor();
    for (const [from, kind, seq, payload, only] of said) {
      for (const at of ['written', 'arrived'] as const)
        if (!only || only === at) monitor.see(from, at, {kind, context: 2, seq, payload, more: false});
      await turns(2);
    }
    t.deepEqual(monitor.violations, expected);
  },
  title: what => `the monitor notes ${what}`,
});

test('nothing of a rightful exchange', notes, [start(2, 10), yields(1, 3, 9), credit(4, 30), yields(3, 100), returned]);
test(
  'a value beyond the messages granted',
  notes,
  [start(2, 10), yields(1, 1, 1, 1)],
  '1.1: value 3 was written, and 2 were granted',
  '1.1: 3 values came, and 2 were granted',
);
test(
  'a value beyond the bytes granted',
  notes,
  [start(9, 10), yields(1, 10), yields(2, 1)],
  '1.1: value 2 was written, and 9 were granted',
);
test(
  'a value that was written before its grant had come',
  notes,
  [start(1, 10), credit(2, 20, 'written'), yields(1, 1, 1)],
  '1.1: value 2 was written, and 1 were granted',
);
test('a value out of turn', notes, [start(9, 10), yields(2, 1)], '1.3: value 2 was written behind 0');
test('a value behind the end', notes, [start(9, 10), returned, yields(1, 1)], '1.7: a value was written after the end');
test('a second end', notes, [start(9, 10), returned, returned], '1.7: a second terminal was written');
test(
  'credit behind the end',
  notes,
  [start(9, 10), returned, credit(10, 20)],
  '2.3: credit was written after the end had come',
);
test(
  'a cancel behind the end',
  notes,
  [start(9, 10), returned, cancel],
  '2.3: a cancel was written after the end had come',
);
test(
  'a grant that is taken back',
  notes,
  [start(9, 10), credit(8, 10), credit(8, 9)],
  '2.7: a grant was taken back',
  '2.7: a grant was taken back',
);
test('a second cancel', notes, [start(9, 10), cancel, cancel], '3.5: a second cancel was written');
test('credit behind a cancel', notes, [start(9, 10), cancel, credit(10, 20)], '3.6: credit was written after a cancel');

test('the monitor puts a message together that comes in pieces', t => {
  const monitor = new Monitor();
  const see = (kind: Kind, payload: Uint8Array, more: boolean): void =>
    monitor.see(kind === Kind.Start ? 'near' : 'far', 'written', {kind, context: 2, seq: 1, payload, more});
  const [, kind, , payload] = start(9, 10);
  see(kind, payload, false);
  const whole = values(100);
  see(Kind.Yield, whole.subarray(0, 50), true);
  see(Kind.Yield, whole.subarray(50), false);
  t.is(monitor.lane.sentBytes, 100);
});
