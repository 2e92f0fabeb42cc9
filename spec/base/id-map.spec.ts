// The map of ids beside a plain Map, through the same random history.
import test from 'ava';
import {IdMap} from '../../lib/base/id-map.js';
import {fc} from '../kit/fast-check.js';

const id = fc.oneof(
  fc.nat(40),
  fc.nat(40).map(n => n * 64),
  fc.nat(3).map(n => 2 ** 32 + n),
);
const history = fc.array(fc.tuple(fc.constantFrom('set', 'delete'), id), {maxLength: 200});

test('it holds what a Map would hold, by id', t => {
  fc.assert(
    fc.property(history, steps => {
      const ours = new IdMap<number>();
      const plain = new Map<number, number>();
      for (const [at, [what, key]] of steps.entries()) {
        if (what === 'set') {
          ours.set(key, at);
          plain.set(key, at);
        } else if (ours.delete(key) !== plain.delete(key)) return false;
        if (ours.size !== plain.size || ours.get(key) !== plain.get(key) || ours.has(key) !== plain.has(key))
          return false;
      }
      const expected = [...plain].sort(([a], [b]) => a - b).map(([, value]) => value);
      return JSON.stringify(ours.values()) === JSON.stringify(expected);
    }),
  );
  t.pass();
});

test('a cleared one is empty and can be filled again', t => {
  const map = new IdMap<string>();
  for (let i = 0; i < 100; i++) map.set(i, `${i}`);
  map.clear();
  t.is(map.size, 0);
  t.is(map.get(7), undefined);
  map.set(7, 'seven');
  t.deepEqual(map.values(), ['seven']);
});
