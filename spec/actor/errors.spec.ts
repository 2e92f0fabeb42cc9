// Errors as they arrive from another process: whole, whatever was thrown (rules E1 to E6).
import {
  ActorDied,
  ContextCancelled,
  type Nursery,
  openNursery,
  type Pool,
  type Portal,
  RemoteActorError,
  sleep,
} from '../../lib/index.js';
import {oddities, throwOdd} from '../fixtures/odd-throws.js';
import {relayDeath, relayQuota} from '../fixtures/relay.js';
import {add} from '../fixtures/tasks.js';
import {QuotaError, quota, several, throwAtOnce, throwRange} from '../fixtures/throwers.js';
import {test} from '../kit/limited.js';
import {leavesNothing} from '../kit/spawning.js';

let nursery: Nursery;
let portal: Portal;
let pool: Pool;

test.before(async () => {
  nursery = await openNursery();
  portal = await nursery.startActor('thrower', {
    expose: [add, quota, relayDeath, relayQuota, several, throwAtOnce, throwOdd, throwRange],
  });
  pool = await nursery.openPool(1, {expose: [throwRange]});
});

leavesNothing({
  last: async t => {
    t.is(await portal.run(add, 1, 2), 3, 'the actor still serves');
    await nursery[Symbol.asyncDispose]();
  },
});

test('E1: a builtin error arrives as its class, with its message and its stack', async t => {
  const error = await t.throwsAsync(portal.run(throwRange, 'too far'), {instanceOf: RemoteActorError});
  t.is(error.code, 'ERR_REMOTE');
  t.is(error.type, 'RangeError');
  t.is(error.origin.name, 'thrower');
  t.deepEqual(
    error.path.map(({name}) => name),
    ['thrower'],
  );
  const {cause} = error;
  t.true(cause instanceof RangeError);
  t.is((cause as Error).message, 'too far');
  t.regex((cause as Error).stack ?? '', /throwers\.(js|ts):\d+/);
});

test('E1: a registered class arrives as itself, with its own properties, its code and its causes', async t => {
  const error = await t.throwsAsync(portal.run(quota, 12), {instanceOf: RemoteActorError});
  t.true(error.is(QuotaError));
  const cause = error.cause as QuotaError & {code: string; cause: Error};
  t.is(cause.used, 12);
  t.is(cause.message, 'used 12');
  t.is(cause.code, 'E_QUOTA');
  t.true(cause.cause instanceof TypeError);
  t.is(cause.cause.cause as unknown, 'the root of it');
});

test('E1: an AggregateError arrives with its members', async t => {
  const error = await t.throwsAsync(portal.run(several), {instanceOf: RemoteActorError});
  t.true(error.cause instanceof AggregateError);
  const members = (error.cause as AggregateError).errors;
  t.true(members[0] instanceof TypeError);
  t.true(members[1] instanceof RangeError);
  t.deepEqual(
    members.map(member => member.message),
    ['one', 'two'],
  );
});

test('E1: an error that passes through an actor is not boxed again: only its path grows', async t => {
  const error = await t.throwsAsync(portal.run(relayQuota, 7), {instanceOf: RemoteActorError});
  t.true(error.is(QuotaError));
  t.deepEqual(
    error.path.map(({name}) => name),
    ['inner', 'thrower'],
  );
  t.is(error.origin.name, 'inner');
});

test('E1: the death of an actor two levels below arrives with its exit', async t => {
  const error = await t.throwsAsync(portal.run(relayDeath), {instanceOf: RemoteActorError});
  t.true(error.is(ActorDied));
  t.deepEqual((error.cause as ActorDied).exit, {code: null, signal: 'SIGKILL'});
  t.is(error.origin.name, 'thrower');
});

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  'portal.run()': () => portal.run(throwRange, 'stitched'),
  'portal.openContext()': () => portal.openContext(throwAtOnce),
  'nursery.run()': () => nursery.run(throwRange, 'stitched'),
  'nursery.with().run()': () => nursery.with({name: 'one shot'}).run(throwRange, 'stitched'),
  'pool.run()': () => pool.run(throwRange, 'stitched'),
  'pool.with().run()': () => pool.with({timeout: 60_000}).run(throwRange, 'stitched'),
};

for (const [name, call] of Object.entries(calls)) {
  test(`E2: the stack names the remote frames, the actor, and the caller of ${name}`, async t => {
    const callerOfThis = async (): Promise<unknown> => await call();
    const error = await t.throwsAsync(callerOfThis(), {instanceOf: RemoteActorError});
    const [remote = '', here = ''] = (error.stack ?? '').split(/^ {4}\[in .*\]$/m);
    t.regex(remote, /throwers\.(js|ts):\d+/);
    // Its caller first: nothing of how the library came to call.
    t.regex(here.split('\n')[1] ?? '', /errors\.spec\.(js|ts):\d+/, error.stack);
    t.regex(here, /callerOfThis/);
  });
}

for (const what of oddities) {
  test(`E3: ${what} can be thrown, is relayed, and harms nothing`, async t => {
    const error = await t.throwsAsync(portal.run(throwOdd, what), {instanceOf: RemoteActorError});
    t.true(error.message.length <= 70_000);
    t.is(error.origin.name, 'thrower');
    const expected: Record<string, unknown> = {null: null, undefined, string: 'a plain text'};
    if (what in expected) t.is(error.cause, expected[what]);
    if (what === 'frozen') t.is((error.cause as Error).message, 'frozen');
    if (what === 'members') t.true((error.cause as AggregateError).errors.length <= 65);
    if (what === 'cycle') t.is((error.cause as Error).message, 'cycle');
    t.is(await portal.run(add, 1, 2), 3);
  });
}

test('E5: one error leaves a nursery as itself, though siblings were cancelled for it', async t => {
  const failure = await t.throwsAsync(
    openNursery(async inner => {
      await Promise.all([portal.with({scope: inner}).run(throwRange, 'the one'), sleep(1e9), sleep(1e9)]);
    }),
    {instanceOf: RemoteActorError},
  );
  t.regex(failure.message, /the one/);
});

test('E6: a real error is not replaced by an error of the clean-up that followed it', async t => {
  const first = new TypeError('first');
  const failure = await t.throwsAsync(
    openNursery(async inner => {
      const service = await inner.startActor('service', {expose: [add]});
      await using _ = {
        [Symbol.asyncDispose]: async () => {
          process.kill(service.actor.pid, 'SIGKILL');
          await service.ended;
        },
      };
      throw first;
    }),
  );
  t.true(failure === first || (failure instanceof AggregateError && failure.errors.includes(first)), String(failure));
});

test('E6: a real error is not replaced by the cancellation that followed it', async t => {
  const failure = await t.throwsAsync(
    openNursery(async inner => {
      void portal.with({scope: inner}).run(throwRange, 'real');
      const cancelled = await t.throwsAsync(sleep(1e9), {instanceOf: ContextCancelled});
      await inner.cancel('afterwards');
      throw cancelled;
    }),
    {instanceOf: RemoteActorError},
  );
  t.regex(failure.message, /real/);
});
