// lib/base/foreign is the one door to values of users: no look at one throws, whatever it is.
import vm from 'node:vm';
import test from 'ava';
import {ContextCancelled} from '../../lib/base/errors.js';
import {
  attempt,
  causeOf,
  hasProperty,
  inherits,
  isCausedBy,
  isError,
  isThenable,
  membersOf,
  messageOf,
  readProperty,
  textOf,
  thrownText,
  whenSettled,
} from '../../lib/base/foreign.js';
import {suppress, suppressedBy} from '../../lib/base/suppressed.js';

const mean = (): never => {
  throw new Error('mean');
};
const revoked = (): object => {
  const {proxy, revoke} = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const thenable = (then: unknown): object => ({then});
const trapped = new Proxy(new Error('hidden'), {get: mean, has: mean, getPrototypeOf: mean});
const getters = Object.defineProperties(new Error('seen'), {
  message: {get: mean},
  cause: {get: mean},
  errors: {get: mean},
});

const hostile: Readonly<Record<string, unknown>> = {
  'a revoked proxy': revoked(),
  'a proxy whose traps throw': trapped,
  'an error whose getters throw': getters,
  'an object without a prototype': Object.create(null),
  'a text that throws': {toString: mean},
  null: null,
  undefined: undefined,
  'a symbol': Symbol('s'),
};

for (const [name, value] of Object.entries(hostile)) {
  test(`no look at ${name} throws`, t => {
    t.is(readProperty(value, 'message'), undefined);
    t.is(causeOf(value), undefined);
    t.deepEqual(membersOf(value), []);
    t.is(messageOf(value), undefined);
    t.is(typeof thrownText(value), 'string');
    t.is(typeof textOf(value), 'string');
    t.is(isError(value), value === getters);
    t.false(isThenable(value));
    t.false(isCausedBy(value, 'a cause'));
    if (typeof value === 'object' && value !== null) {
      t.false(hasProperty(value, 'absent'));
      t.is(inherits(value, Error), value === getters);
    }
  });
}

test('an error is told from other values, also one of another realm', t => {
  for (const error of [new TypeError('a'), new DOMException('a'), vm.runInNewContext('new RangeError("a")')])
    t.true(isError(error));
  for (const value of [{message: 'a'}, 'a', Object.create(Error)]) t.false(isError(value));
});

test('a thrown value is worded by its message, or as a text', t => {
  t.is(thrownText(new Error('why')), 'why');
  t.is(thrownText('why'), 'why');
  t.is(thrownText(7), '7');
});

test('a function may be a thenable, as for await', t => {
  t.true(
    isThenable(
      Object.assign(
        () => {},
        thenable(() => {}),
      ),
    ),
  );
  t.false(isThenable(() => {}));
});

const settling: Readonly<Record<string, [given: () => unknown, outcome: string]>> = {
  'a value': [() => 1, 'fulfilled 1'],
  'a promise': [() => Promise.resolve(1), 'fulfilled 1'],
  'a rejected promise': [() => Promise.reject(new Error('no')), 'rejected no'],
  'a then that throws when it is read': [() => Object.defineProperty({}, 'then', {get: mean}), 'rejected mean'],
  'a then that throws': [() => thenable(mean), 'rejected mean'],
  'a then that calls back twice': [
    () =>
      thenable((resolve: (value: number) => void, reject: (error: unknown) => void) => {
        resolve(1);
        reject(2);
        mean();
      }),
    'fulfilled 1',
  ],
  'a promise whose constructor throws when it is read': [
    () => Object.defineProperty(Promise.resolve(1), 'constructor', {get: mean}),
    'rejected mean',
  ],
  'a promise with a then of its own': [() => Object.assign(Promise.resolve(1), thenable(mean)), 'fulfilled 1'],
};

for (const [title, [given, outcome]] of Object.entries(settling)) {
  test(`whenSettled never throws, and calls one function once: ${title}`, async t => {
    const calls: string[] = [];
    await whenSettled(
      given(),
      value => calls.push(`fulfilled ${String(value)}`),
      error => calls.push(`rejected ${thrownText(error)}`),
    );
    t.deepEqual(calls, [outcome]);
  });
}

test('a mock that has every property is none of our errors, and has no errors of its own', t => {
  const mock = new Proxy({}, {has: () => true, get: () => () => {}});
  t.false(mock instanceof ContextCancelled);
  t.deepEqual(suppressedBy(mock), []);
  t.notThrows(() => suppress(mock, new Error('other')));
});

test('members are a list, and nothing else', t => {
  t.deepEqual(membersOf(new AggregateError([1, 2])), [1, 2]);
  t.deepEqual(membersOf({errors: 'none'}), []);
  t.deepEqual(membersOf({errors: revoked()}), []);
});

test('a cause is found at any depth, also in a circle', t => {
  const cause = new Error('cause');
  t.true(isCausedBy(new Error('a', {cause: new Error('b', {cause})}), cause));
  const circle: Error = new Error('circle');
  circle.cause = circle;
  t.false(isCausedBy(circle, cause));
});

test('attempt gives what the look gives, or the other value when it throws', t => {
  t.is(
    attempt(() => 1, 2),
    1,
  );
  t.is(attempt(mean, 2), 2);
  t.is(attempt(mean), undefined);
});
