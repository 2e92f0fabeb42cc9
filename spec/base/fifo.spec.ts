// lib/base/fifo is a queue: whatever is done to it, it holds what an array would hold.
import test from 'ava';
import {Fifo} from '../../lib/base/fifo.js';
import {fc} from '../kit/fast-check.js';

type Move = 'push' | 'shift' | 'remove' | 'takeAll' | 'push many' | 'shift many';

/** More than the holes that the queue leaves at its front. */
const many = 1_500;

test('it holds what an array holds, after any moves', t => {
  const move = fc.oneof(
    {weight: 6, arbitrary: fc.constantFrom<Move>('push', 'shift', 'remove')},
    {weight: 1, arbitrary: fc.constantFrom<Move>('takeAll', 'push many', 'shift many')},
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(move, fc.nat()), {maxLength: 60}), moves => {
      const [queue, array] = [new Fifo<number>(), [] as number[]];
      let next = 0;
      const push = (): void => {
        queue.push(next);
        array.push(next++);
      };
      const shift = (): boolean => queue.shift() === array.shift();
      const acts: Record<Move, (at: number) => boolean | undefined> = {
        push: () => void push(),
        shift,
        remove: at => {
          if (array.length === 0) return undefined;
          const position = at % array.length;
          return queue.remove(position) === array.splice(position, 1)[0];
        },
        takeAll: () => String(queue.takeAll()) === String(array.splice(0)),
        'push many': () => {
          for (let i = 0; i < many; i++) push();
          return undefined;
        },
        'shift many': () => Array.from({length: many}, shift).every(Boolean),
      };
      for (const [name, at] of moves) {
        if (acts[name](at) === false) return false;
        if (queue.size !== array.length || queue.at(at % 10) !== array[at % 10]) return false;
      }
      return String(queue.takeAll()) === String(array) && queue.size === 0;
    }),
    {numRuns: 300},
  );
  t.pass();
});

test('an entry may be undefined, and an empty queue gives undefined', t => {
  const queue = new Fifo<undefined | number>();
  t.is(queue.shift(), undefined);
  queue.push(undefined);
  queue.push(1);
  t.is(queue.size, 2);
  t.is(queue.shift(), undefined);
  t.is(queue.shift(), 1);
  t.is(queue.at(0), undefined);
});
