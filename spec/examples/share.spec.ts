// One source for many consumers: each value once, whoever asks, and nobody ends it for the others.
import {setImmediate as nextTurn} from 'node:timers/promises';
import test from 'ava';
import {share} from '../../examples/scan/share.js';

function* upTo(count: number): Generator<number, void, undefined> {
  for (let value = 1; value <= count; value += 1) yield value;
}

async function taken<T>(source: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) if (values.push(value) >= most) break;
  return values;
}

test('consumers that pull at once get each value once, in order', async t => {
  const shared = share(upTo(1000));
  const all = await Promise.all(Array.from({length: 5}, () => taken(shared)));
  t.deepEqual(
    all.flat().sort((a, b) => a - b),
    [...upTo(1000)],
  );
  for (const values of all)
    t.deepEqual(
      values,
      [...values].sort((a, b) => a - b),
    );
});

test('pulls that do not wait for each other are answered in turn', async t => {
  const pulls = share(upTo(3))[Symbol.asyncIterator]();
  const values = await Promise.all(Array.from({length: 5}, () => pulls.next()));
  t.deepEqual(
    values.map(({value}) => value),
    [1, 2, 3, undefined, undefined],
  );
  t.deepEqual(
    values.map(({done}) => done),
    [false, false, false, true, true],
  );
});

test('a consumer that leaves does not end it for the others', async t => {
  const shared = share(upTo(5));
  t.deepEqual(await taken(shared, 2), [1, 2]);
  t.deepEqual(await taken(shared), [3, 4, 5]);
});

test('nothing is pulled that nobody asks for', async t => {
  let made = 0;
  const source = (function* () {
    for (;;) yield ++made;
  })();
  await taken(share(source), 3);
  t.is(made, 3);
});

test('every value waits for `ready`', async t => {
  const open: Array<() => void> = [];
  const pulls = share(upTo(2), () => new Promise(resolve => open.push(resolve)))[Symbol.asyncIterator]();
  let got = 0;
  const next = pulls.next().then(({value}) => (got = Number(value)));
  await nextTurn();
  t.is(got, 0);
  for (const go of open) go();
  t.is(await next, 1);
});

test('with a head start, one consumer has its number before any other gets one', async t => {
  const shared = share(upTo(100));
  const ahead = shared.headStart(30);
  const [others, first] = await Promise.all([taken(shared), taken(ahead)]);
  t.deepEqual(first.slice(0, 30), [...upTo(30)]);
  t.deepEqual(
    [...first, ...others].sort((a, b) => a - b),
    [...upTo(100)],
  );
});

test('a head start longer than the source ends for all with it', async t => {
  const shared = share(upTo(3));
  const ahead = shared.headStart(10);
  t.deepEqual(await Promise.all([taken(shared), taken(ahead)]), [[], [1, 2, 3]]);
});
