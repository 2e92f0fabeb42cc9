// A ring keeps the order of coming, whoever leaves, and however often.
import test from 'ava';
import {Ring} from '../../lib/base/ring.js';

test('things stand in the order of their coming; each leaves once, from anywhere', t => {
  const ring = new Ring<number>();
  const [first, second, third] = [1, 2, 3].map(value => ring.add(value));
  second?.leave();
  second?.leave();
  t.deepEqual([...ring], [1, 3]);
  t.is(ring.size, 2);
  first?.leave();
  third?.leave();
  t.deepEqual([...ring], []);
  ring.add(4);
  t.deepEqual([...ring], [4]);
});

test('who leaves while it is gone through is still met, as in a copy', t => {
  const ring = new Ring<() => void>();
  const seen: string[] = [];
  ring.add(() => {
    seen.push('a');
    last.leave();
  });
  const last = ring.add(() => seen.push('b'));
  for (const each of ring) each();
  t.deepEqual(seen, ['a', 'b']);
  t.is(ring.size, 1);
});

test('the latest are those that came last and have not left, the last first', t => {
  const ring = new Ring<number>();
  const places = [1, 2, 3, 4].map(value => ring.add(value));
  places[3]?.leave();
  t.deepEqual(ring.latest(2), [3, 2]);
  t.deepEqual(ring.latest(9), [3, 2, 1]);
  t.deepEqual(new Ring().latest(1), []);
});
