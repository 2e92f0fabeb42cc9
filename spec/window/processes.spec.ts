// The figures that the system tells of processes, and how many processes are read at a time.
import test from 'ava';
import {eachOf, usageOf} from '../../lib/window/processes.js';
import {turns} from '../kit/pair.js';

test('many processes are read a few at a time, in their order', async t => {
  let [open, most] = [0, 0];
  const numbers = Array.from({length: 200}, (_, at) => at);
  const doubled = await eachOf(numbers, async number => {
    most = Math.max(most, ++open);
    await turns(number % 3);
    open--;
    return 2 * number;
  });
  t.deepEqual(
    doubled,
    numbers.map(number => 2 * number),
  );
  t.is(most, 16);
});

test('this process has used time and memory, and one that is not there has no row', async t => {
  const usage = await usageOf([process.pid, process.pid, 2 ** 30, 0]);
  t.deepEqual([...usage.keys()], [process.pid]);
  t.true((usage.get(process.pid)?.rss ?? 0) > 1e7);
});
