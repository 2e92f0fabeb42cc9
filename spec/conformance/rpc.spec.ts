// tests/test_rpc.py: calls that fail on the way, or because of what they call.
import {current} from '../../lib/base/current.js';
import type {Scope} from '../../lib/base/scope.js';
import {
  NotExposed,
  openNursery,
  RemoteActorError,
  type RootOptions,
  SpawnFailed,
  TransportClosed,
} from '../../lib/index.js';
import {askHidden, askParent} from '../fixtures/relay.js';
import {double} from '../fixtures/tasks.js';
import {newPair, turns, until} from '../kit/pair.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 3});

test('rpc/test_error_shipment_ignores_closed_response_channel: an error that cannot be told to a caller that is gone stays what it is, and harms nobody (C9, E6)', async t => {
  const pair = await newPair();
  const error = new RangeError('the application’s own');
  let settled: Promise<unknown> | undefined;
  let scope: Scope | undefined;
  let fail = (): void => {};
  const call = pair.with({}).run(() => {
    scope = current()?.scope;
    const work = new Promise((_, reject) => {
      fail = () => reject(error);
    });
    settled = work.catch(thrown => thrown);
    return work;
  });
  const told = t.throwsAsync(call, {instanceOf: TransportClosed});
  await until(() => scope !== undefined);
  pair.cut();
  await told;
  await until(() => pair.far.channel.closed !== undefined);
  fail();
  t.is(await settled, error);
  await turns();
  t.true(scope?.settled, 'the call is over');
  t.deepEqual(pair.far.actor.scope.failures, []);
  t.false(pair.far.actor.scope.signal.aborted);
  t.is(pair.open, 0);
});

/** An actor that calls back into its parent. */
const callBack = (fn: typeof askParent | typeof askHidden, options: RootOptions): Promise<unknown> =>
  openNursery(
    async nursery => (await nursery.startActor('sub', {expose: [fn]})).run(fn as typeof askParent, 21),
    options,
  );

test('rpc/test_rpc_errors: a call into an actor that exposes nothing is NotExposed (T5)', async t => {
  const error = await t.throwsAsync(callBack(askParent, {}), {instanceOf: RemoteActorError});
  t.true(error.is(NotExposed));
});
test('rpc/test_rpc_errors: a call of what is exposed gives its result (T5)', async t => {
  t.is(await callBack(askParent, {expose: [double]}), 42);
});
test('rpc/test_rpc_errors: a call of another function than those that are exposed is NotExposed and names it (T5)', async t => {
  const error = await t.throwsAsync(callBack(askHidden, {expose: [double]}), {instanceOf: RemoteActorError});
  t.true(error.is(NotExposed));
  t.regex(error.message, /tasks\.js/);
});

const unusable = test.macro({
  async exec(t, source: string, isCause: (cause: unknown) => boolean) {
    const module = new URL(`data:text/javascript,${source}`);
    await openNursery(async nursery => {
      const start = nursery.startActor('sub', {expose: [module], stdio: 'ignore'});
      const error = await t.throwsAsync(start, {instanceOf: SpawnFailed});
      t.is(error.phase, 'import');
      t.true(isCause(error.cause), String(error));
    });
  },
  title: what =>
    `rpc/test_rpc_errors: an actor whose module is faulty cannot be started, and the error says how (T3) [its module ${what}]`,
});
const code = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
test(
  'imports what is not there',
  unusable,
  `import 'node:doggy'`,
  cause => code(cause) === 'ERR_UNKNOWN_BUILTIN_MODULE',
);
test('is no JavaScript', unusable, 'const 4doggy', cause => cause instanceof SyntaxError);
