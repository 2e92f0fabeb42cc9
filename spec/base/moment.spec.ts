// lib/base/moment and wakeups: something that happens once, and a change that comes often.
import test from 'ava';
import {Moment} from '../../lib/base/moment.js';
import {Wakeups} from '../../lib/base/wakeups.js';

test('those who listen are told in their order, those who come late at once, and the first value counts', t => {
  const moment = new Moment<string>();
  const told: string[] = [];
  moment.on(value => told.push(`1 ${value}`));
  moment.on(value => told.push(`2 ${value}`));
  t.is(moment.waiting, 2);
  t.deepEqual([moment.hasHappened, moment.value], [false, undefined]);
  moment.happen('a');
  moment.happen('b');
  moment.on(value => told.push(`3 ${value}`));
  t.deepEqual(told, ['1 a', '2 a', '3 a']);
  t.deepEqual([moment.hasHappened, moment.value, moment.waiting], [true, 'a', 0]);
});

test('who stops listening, and who is forgotten, is not told', t => {
  const moment = new Moment();
  const stop = moment.on(() => t.fail());
  stop();
  stop();
  moment.on(() => t.fail());
  moment.forget();
  t.is(moment.waiting, 0);
  moment.happen();
  stop();
  t.true(moment.hasHappened);
});

test('a listener may listen again, and make it happen again, without end', t => {
  const moment = new Moment<number>();
  const told: number[] = [];
  moment.on(() => {
    moment.happen(2);
    moment.on(value => told.push(value));
  });
  moment.happen(1);
  t.deepEqual(told, [1]);
});

test('a wake resolves those who wait at that moment, and nobody who comes after it', async t => {
  const wakeups = new Wakeups();
  wakeups.wake();
  const [first, second] = [wakeups.next(), wakeups.next()];
  t.is(wakeups.size, 2);
  wakeups.wake();
  t.is(wakeups.size, 0);
  await Promise.all([first, second]);
  let isAwake = false;
  const third = wakeups.next().then(() => {
    isAwake = true;
  });
  await Promise.resolve();
  t.false(isAwake);
  wakeups.wake();
  await third;
});
