// A portal of an actor to itself: the calls that go to others go to it too, over memory.
import test from 'ava';
import {from, lastValueFrom, toArray} from 'rxjs';
import type {Actor} from '../../lib/actor/actor.js';
import {modulesOf} from '../../lib/actor/exposed.js';
import type {Portal} from '../../lib/actor/portal.js';
import {selfPortal} from '../../lib/actor/self-portal.js';
import {ContextCancelled, currentActor, NotExposed, RemoteActorError, sleep, Unserializable} from '../../lib/index.js';
import {add} from '../fixtures/tasks.js';
import {anyFunctions, type Callee, callsOf, newActor, turns, until} from '../kit/pair.js';

async function withSelf(): Promise<{actor: Actor; portal: Portal; calls: ReturnType<typeof callsOf>}> {
  const actor = newActor('near');
  await actor.exposed.load(modulesOf(anyFunctions));
  const portal = await selfPortal(actor);
  return {actor, portal, calls: callsOf(portal)};
}

const forever = async (callee: Callee): Promise<never> => {
  await new Promise(resolve => callee.signal.addEventListener('abort', resolve));
  throw callee.signal.reason;
};

test('C10: run calls a function of this very actor, which runs as part of it', async t => {
  const {actor, portal, calls} = await withSelf();
  t.deepEqual(portal.actor, actor.id);
  t.deepEqual(await calls.run(() => currentActor().id), actor.id.id);
  const error = await t.throwsAsync(
    calls.run(() => Promise.reject(new RangeError('mine'))),
    {instanceOf: RemoteActorError},
  );
  t.true(error.is(RangeError));
  t.is(error.origin.id, actor.id.id);
});

test('C10: there is one portal of an actor to itself', async t => {
  const {actor, portal} = await withSelf();
  t.is(await selfPortal(actor), portal);
  t.not(await selfPortal(newActor('other')), portal);
});

test('C10, F6: what crosses is encoded: nothing is shared, and what cannot cross is refused', async t => {
  const {calls} = await withSelf();
  const given = {n: 1, bytes: new Uint8Array([1, 2])};
  let taken: typeof given | undefined;
  const answer = calls.run((value: typeof given) => {
    taken = value;
    return value;
  }, given);
  given.n = 2;
  given.bytes[0] = 9;
  const returned = (await answer) as typeof given;
  t.deepEqual(taken, {n: 1, bytes: new Uint8Array([1, 2])});
  t.deepEqual(returned, {n: 1, bytes: new Uint8Array([1, 2])});
  t.not(returned, taken);
  t.not(returned.bytes.buffer, taken?.bytes.buffer);
  await t.throwsAsync(
    calls.run(() => 1, Symbol('s')),
    {instanceOf: Unserializable},
  );
});

test('C10: stream and operator flow over it, by credit', async t => {
  const {portal, calls} = await withSelf();
  let made = 0;
  const values = callsOf(portal.with({window: 2}))
    .stream(function* () {
      for (;;) yield made++;
    })
    .iterate();
  t.is((await values.next()).value, 0);
  await turns();
  t.is(made, 3);
  await values.return?.();
  const doubled = calls.operator(async function* (source) {
    for await (const n of source) yield n * 2;
  });
  t.deepEqual(await lastValueFrom(from([1, 2, 3]).pipe(doubled, toArray())), [2, 4, 6]);
});

test('C10: a context to itself has both directions, and its result', async t => {
  const {calls} = await withSelf();
  const ctx = await calls.openContext(async callee => {
    callee.started.next('first');
    const wire = callee.openStream();
    let sum = 0;
    for await (const n of wire) {
      sum += n;
      await wire.send(sum);
    }
    return sum;
  });
  t.is(ctx.first, 'first');
  const wire = ctx.openStream();
  const seen: unknown[] = [];
  wire.subscribe(value => seen.push(value));
  await wire.pump([1, 2, 3]);
  t.is(await ctx.result(), 6);
  t.deepEqual(seen, [1, 3, 6]);
});

test('C10, X2: a cancel of one is acknowledged when the function has ended; calls beside it go on', async t => {
  const {actor, calls} = await withSelf();
  let ended = false;
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    await forever(callee).finally(async () => {
      await turns();
      ended = true;
    });
  });
  const result = t.throwsAsync(ctx.result(), {instanceOf: ContextCancelled});
  t.true(await ctx.cancel('why'));
  t.true(ended);
  const {canceller, cause} = await result;
  t.is(canceller?.id, actor.id.id);
  t.is(cause as unknown, 'why');
  t.is(await calls.run(() => 1), 1);
  t.deepEqual(actor.scope.failures, []);
});

test('C10: a call of a function that calls itself again is no deadlock, and ends with its caller', async t => {
  const {actor, calls} = await withSelf();
  let inner: AbortSignal | undefined;
  const ctx = await calls.openContext(async outer => {
    outer.started.next(0);
    await calls
      .openContext(async callee => {
        inner = callee.signal;
        callee.started.next(0);
        return forever(callee);
      })
      .then(context => context.result());
  });
  await until(() => inner !== undefined);
  t.true(await ctx.cancel());
  t.true(inner?.aborted);
  t.deepEqual(actor.scope.failures, []);
});

test('T5, C10: only what is exposed may be called by itself too', async t => {
  const {portal} = await withSelf();
  const error = await t.throwsAsync(portal.run(add, 1, 2), {instanceOf: RemoteActorError});
  t.true(error.is(NotExposed));
});

test('C10: the end of the actor ends what it called of itself', async t => {
  const {actor, calls} = await withSelf();
  const running = t.throwsAsync(
    calls.run(() => sleep(1e9)),
    {instanceOf: ContextCancelled},
  );
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return forever(callee);
  });
  const result = t.throwsAsync(ctx.result(), {instanceOf: ContextCancelled});
  void actor.cancel(new ContextCancelled('the end', {canceller: undefined, reason: 'actor'}));
  t.is((await result).reason, 'actor');
  t.is((await running).reason, 'actor');
});

test('C10: cancelActor of oneself is left to whoever can end this actor', async t => {
  const {portal} = await withSelf();
  t.false(await portal.cancelActor());
  const actor = newActor('ends');
  const reasons: unknown[] = [];
  const own = await selfPortal(actor, async why => {
    reasons.push(why.cause, why.canceller);
    return true;
  });
  t.true(await own.cancelActor('enough'));
  t.deepEqual(reasons, ['enough', actor.id]);
});
