// The marks of an actor: values that pass at about the same time are one mark, and few of them are kept.
import test from 'ava';
import type {Passing} from '../../lib/context/protocol/taps.js';
import {isAtAnEnd} from '../../lib/context/protocol/uid.js';
import {Batch, type Mark} from '../../lib/discovery/tree-marks.js';
import {messagePack} from '../../lib/msg/codec.js';

const passing = (values: Partial<Passing>): Passing => ({
  actor: 'a',
  context: 'c',
  fn: 'f',
  side: 'callee',
  way: 'out',
  us: 0,
  seq: 1,
  count: 1,
  bytes: 10,
  encoded: messagePack.encode({n: values.seq}),
  ...values,
});

/** The marks that are handed on together. */
async function batched(all: readonly Partial<Passing>[], hasPreviews = false): Promise<readonly Mark[]> {
  // A batch alone does not keep its process running.
  const stay = setInterval(() => {}, 1_000);
  const marks = await new Promise<readonly Mark[]>(resolve => {
    const batch = new Batch(resolve, hasPreviews);
    for (const each of all) batch.add(passing(each));
  });
  clearInterval(stay);
  return marks;
}

test('values that follow one another within 5 ms are one mark, with the type of the first', async t => {
  const marks = await batched([{seq: 1}, {seq: 2, us: 4_000}, {seq: 3, us: 4_999}, {seq: 4, us: 5_000}]);
  t.deepEqual(
    marks.map(({seq, count, bytes, us, type}) => ({seq, count, bytes, us, type})),
    [
      {seq: 1, count: 3, bytes: 30, us: 0, type: 'object'},
      {seq: 4, count: 1, bytes: 10, us: 5_000, type: 'object'},
    ],
  );
  t.false('encoded' in (marks[0] as object), 'the value itself stays in its process');
  t.false('preview' in (marks[0] as object));
});

test('what does not follow, and what passes at another end, is a mark of its own', async t => {
  const ends = [{seq: 1}, {seq: 3}, {seq: 1, way: 'in'}, {seq: 1, side: 'caller'}, {seq: 1, context: 'd'}] as const;
  t.is((await batched(ends)).length, ends.length);
});

test('a preview is made only where the root has said so', async t => {
  const [mark] = await batched([{seq: 7}, {seq: 8}], true);
  t.is(mark?.preview, '{ n: 7 }');
});

test('a flood keeps 4 096 marks', async t => {
  const flood = Array.from({length: 10_000}, (_, at) => ({seq: 2 * at, us: at}));
  t.is((await batched(flood)).length, 4_096);
});

test('the name of a context says which actors are at its ends', t => {
  const uid = '3f9c01aa-77b0e2d1-5';
  t.true(isAtAnEnd(uid, '3f9c01aa0000'));
  t.true(isAtAnEnd(uid, '77b0e2d10000'));
  t.false(isAtAnEnd(uid, '000000050000'));
});
