// To whom a failure goes: to the code that asked for it, or else to the owner, once (rule T9).
// Above lib/base/answer.ts, on a scope of its own.

import test from 'ava';
import {Answer, Report} from '../../lib/base/answer.js';
import {plainClock} from '../../lib/base/clock.js';
import {isThenable} from '../../lib/base/foreign.js';
import {Scope} from '../../lib/base/scope.js';

const failure = new Error('failed');
/** Later than the decision of a report. */
const decided = (): Promise<void> => plainClock.turn(3);

/** An answer that fails when `fail` is called. */
function failing(report: Report): {answer: Answer<number>; fail: () => void} {
  let fail = (): void => {};
  const answer = Answer.reported<number>(report, (_resolve, reject) => {
    fail = () => reject(failure);
  });
  return {answer, fail};
}

test('T9: a failure that nobody has asked for fails the owner, and raises no unhandledRejection', async t => {
  const scope = new Scope('the owner');
  const {fail} = failing(new Report(scope));
  fail();
  t.deepEqual(scope.failures, []);
  await decided();
  t.deepEqual(scope.failures, [failure]);
});

test('T9: code that asks within the macrotask of the failure is told, and the owner is not', async t => {
  const scope = new Scope('the owner');
  const {answer, fail} = failing(new Report(scope));
  fail();
  await Promise.resolve();
  t.is(await answer.catch(error => error), failure);
  await decided();
  t.deepEqual(scope.failures, []);
});

test('T9: code that asks after the owner was told gets the same error', async t => {
  const scope = new Scope('the owner');
  const {answer, fail} = failing(new Report(scope));
  fail();
  await decided();
  t.is(await answer.catch(error => error), failure);
  t.deepEqual(scope.failures, [failure]);
});

test('T9: two answers with one report: who asks one of them is told for both', async t => {
  const scope = new Scope('the owner');
  const report = new Report(scope);
  const [first, second] = [failing(report), failing(report)];
  first.fail();
  second.fail();
  t.is(await second.answer.catch(error => error), failure);
  await decided();
  t.deepEqual(scope.failures, []);
});

test('T9: a scope is not left before it is decided to whom a failure goes', async t => {
  const scope = new Scope('the owner');
  failing(new Report(scope)).fail();
  await scope.leave(false);
  t.deepEqual(scope.failures, [failure]);
});

test('what throws while it makes an answer rejects the answer', async t => {
  const scope = new Scope('the owner');
  const answer = Answer.owned(scope, () => {
    throw failure;
  });
  t.is(await answer.catch(error => error), failure);
  t.false(answer.then(undefined, () => {}) instanceof Answer);
});

test('a thenable is told by its method', t => {
  t.true(isThenable(Promise.resolve()));
  t.false(isThenable(Object.create(null)));
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  t.false(isThenable({then: 1} as never));
});
