import test from 'ava';
import {Attached} from '../../lib/base/attached.js';

test('each object carries its own', t => {
  const [one, other] = [{}, {}];
  const count = new Attached<number>();
  count.attach(one, 1);
  t.is(count.of(one), 1);
  t.is(count.of(other), undefined);
  count.detach(one);
  t.is(count.of(one), undefined);
});

test('what is made when it is first needed is made once', t => {
  const carrier = {};
  const list = new Attached<string[]>();
  list.orMake(carrier, () => []).push('kept');
  t.deepEqual(
    list.orMake(carrier, () => []),
    ['kept'],
  );
});
