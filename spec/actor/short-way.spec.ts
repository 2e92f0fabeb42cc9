// The short way of calls: a task that is answered with a value has no Caller and no Callee, and nobody can tell the difference.
// Above the pair in memory; lib/context/protocol/plain-call.ts and lib/actor/plain-task.ts.
import test from 'ava';
import {scopeKey} from '../../lib/actor/call-options.js';
import {surveyOf} from '../../lib/actor/survey.js';
import {current, currentSignal} from '../../lib/base/current.js';
import {deferred} from '../../lib/base/deferred.js';
import {ContextCancelled, TransportClosed} from '../../lib/base/errors.js';
import {Scope} from '../../lib/base/scope.js';
import {describeContext} from '../../lib/base/tree-survey.js';
import {Link} from '../../lib/context/protocol/link.js';
import {newPair, type Pair, turns, until} from '../kit/pair.js';

const endsOf = ({near, far}: Pair): unknown[] => [...near.channel.endpoints, ...far.channel.endpoints];

test('a task that waits has no Caller and no Callee, and a survey tells of it nevertheless', async t => {
  const pair = await newPair();
  const gate = deferred<number>();
  const answer = pair.with({}).run(() => gate.promise);
  await until(() => pair.open === 2);
  t.false(endsOf(pair).some(end => end instanceof Link));
  const [far] = await surveyOf(pair.far.actor);
  const [near] = await surveyOf(pair.near.actor);
  t.regex(far?.contexts.map(describeContext).join() ?? '', /^runs anyTask for near .*: has not returned$/);
  t.regex(near?.contexts.map(describeContext).join() ?? '', /^calls anyTask in far .*: result pending$/);
  t.true(endsOf(pair).every(end => end instanceof Link));
  gate.resolve(5);
  t.is(await answer, 5);
  await pair.quiet();
});

test('calls keep their order when one of them is looked at', async t => {
  const pair = await newPair();
  const gate = deferred<number>();
  const answers = [1, 2, 3].map(each => pair.with({}).run(async () => each + (await gate.promise)));
  await until(() => pair.open === 6);
  const [, plain] = [...pair.near.channel.endpoints] as unknown[];
  const second = (plain as {readonly link: Link}).link;
  t.not(plain, second);
  t.is([...pair.near.channel.endpoints][1], second);
  gate.resolve(10);
  t.deepEqual(await Promise.all(answers), [11, 12, 13]);
  await pair.quiet();
});

test('a call is cancelled with its scope, and its function hears of it although it asks for its signal later', async t => {
  const pair = await newPair();
  const scope = new Scope('the scope of a test');
  const gate = deferred<void>();
  const heard = deferred<unknown>();
  const answer = pair.with({scope: {[scopeKey]: scope}}).run(async () => {
    await gate.promise;
    heard.resolve(currentSignal().reason);
    throw currentSignal().reason;
  });
  await until(() => pair.open === 2);
  scope.cancel(new ContextCancelled('as asked', {canceller: undefined, reason: 'requested'}));
  await until(() => pair.wire.includes('← CancelAck'));
  gate.resolve();
  t.like(await heard.promise, {code: 'ERR_CANCELLED', reason: 'scope'});
  t.like(await t.throwsAsync(answer, {instanceOf: ContextCancelled}), {reason: 'scope', acked: true});
  await pair.quiet();
  t.deepEqual(pair.wire, ['→ Start', '→ Cancel', '← CancelAck', '← Error', '← CancelAck']);
});

test('C6: a scope that is left waits for the result of a task', async t => {
  const pair = await newPair();
  const scope = new Scope('the scope of a test');
  const gate = deferred<number>();
  const answer = pair.with({scope: {[scopeKey]: scope}}).run(() => gate.promise);
  let hasLeft = false;
  const left = scope.leave(false).then(() => {
    hasLeft = true;
  });
  await until(() => pair.open === 2);
  t.false(hasLeft);
  gate.resolve(5);
  t.is(await answer, 5);
  await left;
  t.is(scope.dependents.size, 0);
  await pair.quiet();
});

test('what a task has opened is awaited before it is answered', async t => {
  const pair = await newPair();
  const gate = deferred<void>();
  const order: string[] = [];
  const answer = pair
    .with({})
    .run(() => {
      current()?.scope.adopt({
        label: 'something',
        finish: async () => {
          await gate.promise;
          order.push('finished');
        },
        end: async () => {},
      });
      return 1;
    })
    .then(() => order.push('answered'));
  await turns();
  t.deepEqual(order, []);
  gate.resolve();
  await answer;
  t.deepEqual(order, ['finished', 'answered']);
  await pair.quiet();
});

test('code of a task that goes on behind its end cannot open anything', async t => {
  const pair = await newPair();
  const gate = deferred<void>();
  const late = deferred<unknown>();
  t.is(
    await pair.with({}).run(() => {
      void gate.promise.then(() => late.resolve(current()?.scope.over));
      return 1;
    }),
    1,
  );
  gate.resolve();
  t.regex(String(await late.promise), /has ended: nothing can be opened or awaited in it/);
});

test('C9: a task does not outlive the channel, although it asks for its signal when that is gone', async t => {
  const pair = await newPair();
  const gate = deferred<void>();
  const aborted = deferred<boolean>();
  const answer = pair.with({}).run(async () => {
    await gate.promise;
    aborted.resolve(currentSignal().aborted);
  });
  await until(() => pair.open === 2);
  pair.cut();
  await t.throwsAsync(answer, {instanceOf: TransportClosed});
  await until(() => pair.far.channel.closed !== undefined);
  gate.resolve();
  t.true(await aborted.promise);
  await pair.quiet();
});
