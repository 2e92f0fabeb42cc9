/**
 * Many streams on one channel: what may be on its way is bounded for all of them together.
 */
import test from 'ava';
import {newPair, turns, until} from '../../kit/pair.js';

const streams = 1_200;

test('F7: however many streams stand still, what waits at a receiver stays within the budget of their channel', async t => {
  const pair = await newPair();
  let bytes = 0;
  const value = 'x'.repeat(1_000);
  const iterators = Array.from({length: streams}, () => {
    const iterator = pair
      .with({})
      .stream(function* () {
        for (;;) {
          bytes += value.length;
          yield value;
        }
      })
      .iterate();
    return iterator;
  });
  const {windows} = pair.near.channel;
  t.true(windows.used <= (64 + 1) * 1024 * 1024 && windows.used > 63 * 1024 * 1024, `${windows.used}`);
  await until(() => bytes > 0);
  let before = -1;
  while (bytes !== before) {
    before = bytes;
    await turns(50);
  }
  // One value more for each that was pulled when the room had gone.
  t.true(bytes > 60 * 1024 * 1024 && bytes < windows.used + streams * 2 * value.length, `${bytes} of ${windows.used}`);

  // The last one found little room; it moves on all the same, and grows when others have left.
  const last = iterators.pop() as AsyncIterableIterator<string>;
  for (let i = 0; i < 200; i++) t.is((await last.next()).value, value);
  await Promise.all(iterators.map(iterator => iterator.return?.()));
  await until(() => windows.used < 1024 * 1024);
  for (let i = 0; i < 3_000; i++) await last.next();
  t.true(windows.used > 64 * 1024, 'its window has grown');
  await last.return?.();
  await pair.quiet();
});
