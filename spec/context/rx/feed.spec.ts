// How values leave an inlet: into subscribers from a microtask on, into iterators as they pull.
import test from 'ava';
import {Observable} from 'rxjs';
import {Lagged} from '../../../lib/base/errors.js';
import {Inlet} from '../../../lib/context/flow/inlet.js';
import {EndOfStream, feed, InletIterator} from '../../../lib/context/rx/feed.js';

function newInlet(...values: unknown[]): Inlet {
  const inlet = new Inlet({window: 100, windowBytes: 1_000, grant: () => {}});
  inlet.open();
  arrive(inlet, ...values);
  return inlet;
}

function arrive(inlet: Inlet, ...values: unknown[]): void {
  for (const value of values) inlet.accept(inlet.received + 1, value, 1);
  inlet.deliver();
}

const values = (inlet: Inlet): Observable<unknown> => new Observable(subscriber => feed(inlet, subscriber));
const iterate = (inlet: Inlet, lag?: number): InletIterator<unknown> => new InletIterator(inlet, () => {}, lag);

test('S3: a subscriber gets nothing within its subscription, and the backlog in a microtask', async t => {
  const seen: unknown[] = [];
  values(newInlet('a', 'b')).subscribe(value => seen.push(value));
  t.deepEqual(seen, []);
  await Promise.resolve();
  t.deepEqual(seen, ['a', 'b']);
});

test('S3: an unsubscription within a burst leaves the rest to the next', async t => {
  const inlet = newInlet('a', 'b', 'c');
  const first: unknown[] = [];
  const subscription = values(inlet).subscribe(value => {
    first.push(value);
    subscription.unsubscribe();
  });
  await Promise.resolve();
  t.deepEqual(first, ['a']);
  const second: unknown[] = [];
  values(inlet).subscribe(value => second.push(value));
  await Promise.resolve();
  t.deepEqual(second, ['b', 'c']);
});

test('1.3: values that arrive while a subscriber is being told come after', async t => {
  const inlet = newInlet('a');
  const seen: string[] = [];
  values(inlet).subscribe(value => {
    seen.push(`${value} in`);
    if (value === 'a') arrive(inlet, 'b');
    seen.push(`${value} out`);
  });
  await Promise.resolve();
  t.deepEqual(seen, ['a in', 'a out', 'b in', 'b out']);
});

test('the end comes behind the values: as EndOfStream, or as its error', async t => {
  const inlet = newInlet('a');
  inlet.finish({});
  const told: unknown[] = [];
  values(inlet).subscribe({next: value => told.push(value), error: error => told.push(error)});
  await Promise.resolve();
  t.is(told[0], 'a');
  t.true(told[1] instanceof EndOfStream);
  const failed = newInlet();
  const error = new Error('failed');
  failed.finish({error});
  values(failed).subscribe({error: told => t.is(told, error)});
  t.plan(3);
  await new Promise(resolve => setImmediate(resolve));
});

test('S4: where only the end is left it is told in a macrotask', async t => {
  const inlet = newInlet();
  inlet.finish({});
  let told = false;
  values(inlet).subscribe({
    error: () => {
      told = true;
    },
  });
  for (let i = 0; i < 100; i++) await Promise.resolve();
  t.false(told);
  await new Promise(resolve => setImmediate(resolve));
  t.true(told);
});

test('a million values cost no stack', async t => {
  const inlet = new Inlet({window: 2_000_000, windowBytes: 2 ** 30, grant: () => {}});
  inlet.open();
  let sum = 0;
  for (let i = 1; i <= 1_000_000; i++) inlet.accept(i, 1, 0);
  values(inlet).subscribe(value => {
    sum += value as number;
  });
  await Promise.resolve();
  t.is(sum, 1_000_000);
});

test('an iterator attaches when it is made', async t => {
  const inlet = newInlet();
  const iterator = iterate(inlet);
  arrive(inlet, 'a');
  t.deepEqual(await iterator.next(), {done: false, value: 'a'});
});

test('several next() at once are answered in order, also beyond the end', async t => {
  const inlet = newInlet();
  const iterator = iterate(inlet);
  const results = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
  arrive(inlet, 'a', 'b');
  inlet.finish({});
  t.deepEqual(
    (await Promise.all(results)).map(({value}) => value as unknown),
    ['a', 'b', undefined, undefined],
  );
  t.true((await iterator.next()).done);
});

test('S3: return() resolves a next() that waits as done, and a value that comes later is for the next', async t => {
  const inlet = newInlet();
  const first = iterate(inlet);
  const waiting = first.next();
  await first.return();
  t.true((await waiting).done);
  arrive(inlet, 'a');
  t.is((await iterate(inlet).next()).value, 'a');
});

test('S3: a value handed to a next() that waits goes back when the iterator returns before it was seen', async t => {
  const inlet = newInlet();
  const first = iterate(inlet);
  const waiting = first.next();
  await Promise.resolve();
  arrive(inlet, 'a', 'b');
  void first.return();
  t.is((await waiting).value, 'a');
  const second = iterate(inlet);
  t.is((await second.next()).value, 'a');
  t.is((await second.next()).value, 'b');
});

test('S3: a value that was seen does not go back', async t => {
  const inlet = newInlet();
  const first = iterate(inlet);
  const waiting = first.next();
  arrive(inlet, 'a', 'b');
  await waiting;
  await first.return();
  t.is((await iterate(inlet).next()).value, 'b');
});

test('S3: two iterators made in one turn both see the backlog', async t => {
  const inlet = newInlet('a');
  const first = iterate(inlet);
  const pulled = first.next();
  const second = iterate(inlet);
  t.is((await pulled).value, 'a');
  t.is((await second.next()).value, 'a');
});

test('an error is told once, then the iterator is done', async t => {
  const inlet = newInlet('a');
  const error = new Error('failed');
  inlet.finish({error});
  const iterator = iterate(inlet);
  t.is((await iterator.next()).value, 'a');
  t.is(await t.throwsAsync(iterator.next()), error);
  t.true((await iterator.next()).done);
});

test('an iterator lets go once, however it ends', async t => {
  let left = 0;
  const inlet = newInlet();
  const iterator = new InletIterator(inlet, () => left++);
  await iterator.return();
  await iterator.return();
  await iterator[Symbol.asyncDispose]();
  t.is(left, 1);
  t.is(inlet.consumers, 0);
});

test('B1: an iterator that lags gets Lagged once, with the exact count, then the oldest that is kept', async t => {
  const inlet = newInlet();
  const slow = iterate(inlet, 2);
  const fast = iterate(inlet, 2);
  const seen: unknown[] = [];
  for (const value of 'abcde') {
    arrive(inlet, value);
    seen.push((await fast.next()).value);
  }
  t.deepEqual(seen, [...'abcde'], 'one that keeps up never lags');
  const error = await t.throwsAsync(slow.next(), {instanceOf: Lagged, code: 'ERR_LAGGED'});
  t.is(error?.missed, 3);
  t.is((await slow.next()).value, 'd');
  t.is((await slow.next()).value, 'e');
  arrive(inlet, 'f', 'g', 'h');
  t.is((await t.throwsAsync(slow.next(), {instanceOf: Lagged}))?.missed, 1, 'later misses are counted anew');
  t.is((await slow.next()).value, 'g');
});

test('B1: what was missed in several goes is told as one', async t => {
  const inlet = newInlet();
  const slow = iterate(inlet, 1);
  for (const value of 'abc') arrive(inlet, value);
  t.is((await t.throwsAsync(slow.next(), {instanceOf: Lagged}))?.missed, 2);
  t.is((await slow.next()).value, 'c');
});

test('B1: of several next() at once the first gets Lagged, the others go on', async t => {
  const inlet = newInlet();
  const slow = iterate(inlet, 2);
  arrive(inlet, 'a', 'b', 'c');
  inlet.finish({});
  const results = await Promise.allSettled([slow.next(), slow.next(), slow.next(), slow.next()]);
  t.true(results[0]?.status === 'rejected' && results[0].reason instanceof Lagged);
  t.deepEqual(
    results.slice(1).map(result => result.status === 'fulfilled' && result.value),
    [
      {done: false, value: 'b'},
      {done: false, value: 'c'},
      {done: true, value: undefined},
    ],
  );
});

test('B1: an iterator that waits is handed what comes, and never lags', async t => {
  const inlet = newInlet();
  const iterator = iterate(inlet, 1);
  const results = [iterator.next(), iterator.next()];
  arrive(inlet, 'a');
  arrive(inlet, 'b');
  t.deepEqual(
    (await Promise.all(results)).map(({value}) => value as unknown),
    ['a', 'b'],
  );
});
