// Carriers alone: what is captured, how a function runs in it, and that no carrier of a user can hurt a call.
import {AsyncLocalStorage} from 'node:async_hooks';
import test, {type ExecutionContext} from 'ava';
import {type Carrier, carriedNow, carry, carryStore, droppedCarriers, runCarried} from '../../lib/base/carry.js';
import {configureLog} from '../../lib/base/log.js';

function warnings(t: ExecutionContext): string[] {
  const lines: string[] = [];
  const note = (_: object, text: string): void => void lines.push(text);
  configureLog('warn', {logger: {debug: note, info: note, warn: note, error: note}});
  t.teardown(() => configureLog('warn'));
  return lines;
}

function carrying<W>(t: ExecutionContext, carrier: Carrier<W>): void {
  const carried = carry(carrier);
  t.teardown(() => carried[Symbol.dispose]());
}

test.serial('nothing is captured while nobody carries', t => {
  t.is(carriedNow(), undefined);
  const store = new AsyncLocalStorage<string>();
  const carried = carryStore('spec/store', store);
  t.is(carriedNow(), undefined, 'the store is empty');
  t.deepEqual(
    store.run('a', () => carriedNow()),
    [['spec/store', 'a']],
  );
  carried[Symbol.dispose]();
  t.is(
    store.run('a', () => carriedNow()),
    undefined,
  );
});

test.serial('a store crosses by the part that is picked, and is made of it there', t => {
  const store = new AsyncLocalStorage<{id: number; made: string}>();
  const carried = carryStore('spec/store', store, {
    pick: ({id}) => id,
    revive: wire => ({id: Number(wire), made: 'there'}),
  });
  t.teardown(() => carried[Symbol.dispose]());
  const pairs = store.run({id: 7, made: 'here'}, () => carriedNow()) ?? [];
  t.deepEqual(pairs, [['spec/store', 7]]);
  t.deepEqual(
    runCarried(pairs, () => store.getStore()),
    {id: 7, made: 'there'},
  );
});

test.serial('the first pair is the outermost', t => {
  const order: string[] = [];
  for (const name of ['spec/a', 'spec/b'])
    carrying<string>(t, {
      name,
      capture: () => undefined,
      run: (value, fn) => {
        order.push(value);
        return fn();
      },
    });
  const pairs = [
    ['spec/a', 'outer'],
    ['spec/b', 'inner'],
  ] as const;
  t.is(
    runCarried(pairs, () => order.push('function')),
    3,
  );
  t.deepEqual(order, ['outer', 'inner', 'function']);
});

test.serial('a carrier that throws is logged once, and the function runs once nevertheless', t => {
  const lines = warnings(t);
  const broken: {[how: string]: Carrier<number>['run']} = {
    before: () => {
      throw new Error('before');
    },
    after: (_value, fn) => {
      fn();
      throw new Error('after');
    },
    never: () => undefined as never,
    twice: (_value, fn) => {
      fn();
      return fn();
    },
  };
  for (const [name, run] of Object.entries(broken)) {
    carrying<number>(t, {
      name,
      capture: () => {
        throw new Error('capture');
      },
      run,
    });
    let runs = 0;
    for (let i = 0; i < 2; i++)
      t.is(
        runCarried([[name, 1]], () => ++runs),
        i + 1,
        name,
      );
  }
  t.is(carriedNow(), undefined);
  t.deepEqual(
    lines.map(line => line.replace(/, and .*/, '')),
    [
      'the carrier before threw in run()',
      'the carrier after threw in run()',
      'the carrier never threw in run()',
      'the carrier twice threw in capture()',
    ],
  );
});

test.serial('an error of the function is its own, and no fault of a carrier', t => {
  const lines = warnings(t);
  carrying<number>(t, {name: 'spec/plain', capture: () => 1, run: (_value, fn) => fn()});
  const error = t.throws(() =>
    runCarried([['spec/plain', 1]], () => {
      throw new RangeError('of the function');
    }),
  );
  t.true(error instanceof RangeError);
  t.deepEqual(lines, []);
});

test.serial('an unknown name is dropped, counted, and warned of once', t => {
  const lines = warnings(t);
  for (let i = 0; i < 3; i++)
    t.is(
      runCarried([['spec/\nunknown', 1]], () => i),
      i,
    );
  t.is(lines.length, 1);
  t.false(lines[0]?.includes('\n'));
  t.is(droppedCarriers().get('spec/\nunknown'), 3);
});

test.serial('a carrier is refused that could not work', t => {
  carrying(t, {name: 'spec/taken', capture: () => 1, run: (_value, fn) => fn()});
  const run: Carrier<unknown>['run'] = (_value, fn) => fn();
  for (const wrong of [
    {name: 'spec/taken', capture: () => 1, run},
    {name: '', capture: () => 1, run},
    {name: 1, capture: () => 1, run},
    {name: 'spec/none', run},
    {name: 'spec/none', capture: () => 1},
  ])
    t.throws(() => carry(wrong as Carrier<unknown>), {instanceOf: TypeError});
});
