// tests/test_reg_err_types.py: which errors of another actor arrive as their class.
import type {ExecutionContext} from 'ava';
import * as rxtractor from '../../lib/index.js';
import {openNursery, RemoteActorError, registerError} from '../../lib/index.js';
import {AnotherAppError, CustomAppError, type classes, failWith, UnregisteredAppError} from '../fixtures/app-errors.js';
import {newPair} from '../kit/pair.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

/** The error that the caller gets of something that is thrown in another actor. */
async function relayed(t: ExecutionContext, thrown: unknown): Promise<RemoteActorError> {
  const pair = await newPair();
  return (await t.throwsAsync(
    pair.with({}).run(() => {
      throw thrown;
    }),
    {instanceOf: RemoteActorError},
  )) as RemoteActorError;
}

test('reg_err_types/test_register_multiple_types: of several registered classes each arrives as itself, and registering one again is no fault (E1)', async t => {
  for (const Class of [CustomAppError, AnotherAppError]) {
    registerError(Class);
    const error = await relayed(t, new Class('registered'));
    t.is((error.cause as Error).constructor, Class);
    t.deepEqual(
      [error.is(CustomAppError), error.is(AnotherAppError)],
      [Class === CustomAppError, Class === AnotherAppError],
    );
  }
});

const builtins = [
  new Error('x'),
  new EvalError('x'),
  new RangeError('x'),
  new ReferenceError('x'),
  new SyntaxError('x'),
  new TypeError('x'),
  new URIError('x'),
  new AggregateError([new TypeError('y')], 'x'),
  new DOMException('x', 'DataCloneError'),
];
for (const thrown of builtins) {
  const {constructor: Class, name} = thrown;
  test(`reg_err_types/test_builtin_types_always_resolve: an error of the language arrives as its class though nobody registered it (E1) [${Class.name}]`, async t => {
    const {cause, type} = await relayed(t, thrown);
    t.is((cause as Error).constructor, Class);
    t.like(cause, {name, message: 'x'});
    t.is(type, Class.name);
  });
}

const actor = {name: 'somebody', id: 'some-id', pid: 1, host: 'here'};
const details = {
  actor,
  acked: true,
  canceller: actor,
  exit: {code: 3, signal: null},
  issues: [],
  kind: 'eof',
  path: ['args'],
  phase: 'exec',
  reason: 'requested',
  type: 'TypeError',
  what: 'depth',
} as const;
/** Every class of error that the public door has, but RemoteActorError, which passes on what it holds. */
const natives = Object.entries(rxtractor)
  .filter(([name, value]) => name !== 'RemoteActorError' && typeof value === 'function' && 'code' in value)
  .map(([name, Class]) => [name, Class as unknown as new (message: unknown, options: unknown) => Error] as const);

test('reg_err_types/test_tractor_native_types_resolve: every error class of the library arrives as itself, with its code (E1)', async t => {
  t.true(natives.length > 12, String(natives.map(([name]) => name)));
  for (const [name, Class] of natives) {
    const list = name === 'NurseryError';
    const thrown = new Class(list ? [new TypeError('inner')] : name === 'Lagged' ? 7 : 'x', list ? 'x' : details);
    const error = await relayed(t, thrown);
    t.true(error.is(Class), name);
    t.is((error.cause as Error & {code: string}).code, (thrown as Error & {code: string}).code);
    t.is(error.type, name);
  }
});

for (const [what, thrown] of Object.entries({string: 'a text', null: null, undefined: undefined, object: {a: 1}})) {
  test(`reg_err_types/test_boxed_type_str_without_ipc_msg: the type of an error that has no class is \`unknown\` (E1, E3) [${what}]`, async t => {
    const error = await relayed(t, thrown);
    t.is(error.type, 'unknown');
    t.false(error.is(Error));
  });
}

/** The error of a context that fails in a process of its own; the nursery is left with it too. */
async function failure(t: ExecutionContext, name: keyof typeof classes): Promise<RemoteActorError> {
  let seen: unknown;
  const left = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('raiser', {expose: [failWith]});
      const ctx = await portal.openContext(failWith, name);
      t.is(ctx.first, 'ready');
      await ctx.result().catch(error => {
        seen = error;
        throw error;
      });
    }),
    {instanceOf: RemoteActorError},
  );
  t.is(left, seen as RemoteActorError);
  t.is(left.type, name);
  t.is(left.origin.name, 'raiser');
  t.is((left.cause as Error).message, `${name} over there`);
  t.regex(left.stack ?? '', new RegExp(`${name} over there[^]*app-errors\\.(js|ts):\\d+`));
  return left;
}

test('reg_err_types/test_registered_custom_err_relayed: a class that both ends registered arrives as itself from a process (E1)', async t => {
  const error = await failure(t, 'CustomAppError');
  t.true(error.is(CustomAppError));
});

test('reg_err_types/test_registered_another_err_relayed: a second registered class arrives as itself, and not as the first (E1)', async t => {
  const error = await failure(t, 'AnotherAppError');
  t.true(error.is(AnotherAppError));
  t.false(error.is(CustomAppError));
});

test('reg_err_types/test_unregistered_err_still_relayed: a class that is not registered arrives as a plain Error with its name, text, frames and origin (E1)', async t => {
  const error = await failure(t, 'UnregisteredAppError');
  t.false(error.is(UnregisteredAppError));
  t.is((error.cause as Error).constructor, Error);
  t.is((error.cause as Error).name, 'UnregisteredAppError');
  t.regex((error.cause as Error).stack ?? '', /app-errors\.(js|ts):\d+/);
});
