// Rules 3.3 and 3.13 of Reactive Streams: what a subscription costs, in stack and in memory. In a file of their own, one
// after the other, because they keep the loop from others, whose cancels have a time to be obeyed in.
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {Observable, range} from 'rxjs';
import {turns, until} from '../kit/pair.js';
import {numbers, rule} from './rule.js';

const alone = {serial: true};
rule(
  'RS 3.3: a hundred thousand values that are there at once cost no stack',
  async (t, {pair, calls}) => {
    const count = 100_000;
    let seen = 0;
    let deepest = 0;
    const look = (): void => {
      if (seen++ % 1_000 === 0) deepest = Math.max(deepest, stackDepth());
    };
    const wide = pair.with({window: count, windowBytes: 10 * count});
    await wide.stream(() => range(0, count)).consume(look);
    await calls.stream(() => range(0, count)).forEach(look);
    const iterator = calls.stream(() => numbers(10_000)).iterate();
    await Promise.all(numbers(10_000).map(() => iterator.next().then(look)));
    t.true((await iterator.next()).done);
    t.is(seen, 2 * count + 10_000);
    t.true(deepest < 60, `calls were nested ${deepest} deep`);
  },
  alone,
);

function stackDepth(): number {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 500;
  const {stack = ''} = new Error('here');
  Error.stackTraceLimit = limit;
  return stack.split('\n').length;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
rule(
  'RS 3.13: after a cancel neither end keeps the subscriber or the source',
  async (t, {pair, calls}) => {
    const remote = {opened: 0};
    const begin = (): {refs: WeakRef<object>[]; leave: () => void} => {
      const observer = {next: () => {}, error: () => {}, complete: () => {}};
      const big = {bytes: new Uint8Array(1_000)};
      const refs = [new WeakRef<object>(observer)];
      const source = (): Observable<unknown> => {
        const inner = new Observable<unknown>(subscriber => {
          subscriber.next(1);
          return () => void big.bytes;
        });
        refs.push(new WeakRef<object>(inner));
        remote.opened++;
        return inner;
      };
      let subscription: {unsubscribe: () => void} | undefined = calls.stream(source).subscribe(observer);
      const leave = (): void => {
        subscription?.unsubscribe();
        subscription = undefined;
      };
      return {refs, leave};
    };
    const {refs, leave} = begin();
    // In a function of its own, since this one would keep what it has seen; and whatever is looked at is kept until
    // the end of the turn, so a collection comes first in its own.
    const kept = (): boolean[] => refs.map(ref => ref.deref() !== undefined);
    await until(() => remote.opened === 1);
    await turns();
    collect();
    t.deepEqual(kept(), [true, true], 'they are held while it runs');
    leave();
    await pair.quiet();
    for (let round = 0; round < 40; round++) {
      await turns(1);
      collect();
    }
    t.deepEqual(kept(), [false, false]);
    t.is(await calls.run(() => 'serves on'), 'serves on');
  },
  alone,
);
