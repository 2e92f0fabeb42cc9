// lib/base/lazy: values that are made when they are first needed, and again after a failure.
import test from 'ava';
import {Lazy} from '../../lib/base/lazy.js';

test('a value is made once, at the first call', async t => {
  let made = 0;
  const lazy = new Lazy(async () => ++made);
  t.is(await lazy.known(), undefined);
  t.is(made, 0);
  t.deepEqual(await Promise.all([lazy.get(), lazy.get()]), [1, 1]);
  t.is(await lazy.known(), 1);
});

test('a value that could not be made is made again', async t => {
  let left = 1;
  const lazy = new Lazy(async () => {
    if (left-- > 0) throw new RangeError('not now');
    return 'made';
  });
  const first = lazy.get();
  t.is(await lazy.known(), undefined);
  await t.throwsAsync(first, {instanceOf: RangeError});
  t.is(await lazy.get(), 'made');
});
