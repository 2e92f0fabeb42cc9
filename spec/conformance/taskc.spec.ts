// tests/trionics/test_taskc.py: a task whose start is awaited, and what becomes of it when something ends it before.
import {ContextCancelled, currentActor, openNursery, ProtocolError, RemoteActorError} from '../../lib/index.js';
import {neverStarts} from '../fixtures/failing-contexts.js';
import {absorbs, passes, whenWaiting} from '../fixtures/startups.js';
import {type Callee, newPair, until} from '../kit/pair.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 3});

for (const by of ['its nursery', 'its signal'] as const) {
  test(`taskc/test_pure_oob_cancel_not_morphed_to_rte: a start that is cancelled is ContextCancelled and nothing else, though the task absorbs that and returns without a first value (C2, X5) [by ${by}]`, async t => {
    await openNursery(async outer => {
      const portal = await outer.startActor('absorber', {expose: [absorbs, passes, whenWaiting]});
      const controller = new AbortController();
      const outcome = await openNursery(async nursery => {
        const opening = portal.with({scope: nursery, signal: controller.signal}).openContext(absorbs);
        const told = t.throwsAsync(opening, {instanceOf: ContextCancelled});
        await portal.run(whenWaiting);
        const cause = new Error('out of band');
        if (by === 'its signal') controller.abort(cause);
        else void nursery.cancel(cause);
        const error = await told;
        // By its nursery: the cancellation of that is in between.
        t.is(error.cause instanceof ContextCancelled ? error.cause.cause : error.cause, cause);
        t.is(error.canceller?.id, currentActor().id);
        return 'clean';
      });
      t.is(outcome, 'clean');
      t.false(outer.signal.aborted);
      t.is(await (await portal.openContext(passes)).result(), 0);
    });
  });
}

test('taskc/test_genuine_startup_rte_still_raised: a task that returns without a first value is a ProtocolError that names what is missing (C2)', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('child', {expose: [neverStarts]});
    const error: unknown = await t.throwsAsync(portal.openContext(neverStarts, 'return'), {message: /started/});
    t.true(error instanceof ProtocolError || (error instanceof RemoteActorError && error.is(ProtocolError)));
  });
});

const owns: readonly (readonly [string, unknown])[] = [
  ['an error that reads like one of ours', new Error('never called started')],
  ['a RangeError', new RangeError('of its own')],
  ['a number', 1234],
];
for (const [what, own] of owns) {
  test(`taskc/test_childs_own_rte_never_demoted_to_cancel: an error that a task throws while it is cancelled before its start stays that error (E6, X7) [${what}]`, async t => {
    const pair = await newPair();
    const controller = new AbortController();
    let running = false;
    let cancelled = false;
    const opening = pair.with({signal: controller.signal}).openContext(async (ctx: Callee) => {
      running = true;
      await new Promise(resolve => ctx.signal.addEventListener('abort', resolve));
      cancelled = true;
      throw own;
    });
    const told = t.throwsAsync(opening, {instanceOf: RemoteActorError});
    await until(() => running);
    controller.abort();
    const error = await told;
    t.true(cancelled);
    if (own instanceof Error) t.like(error.cause, {name: own.name, message: own.message});
    else t.is(error.cause, own);
    await pair.quiet();
    t.deepEqual(pair.near.actor.scope.failures, []);
  });
}

test('taskc/test_started_value_and_args_passthru: arguments reach the task, and its first value reaches who awaits the start (C1, C3)', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('doggy', {expose: [passes]});
    const ctx = await portal.openContext(passes, 'chillin', 10);
    t.deepEqual(ctx.first, ['chillin', 10]);
    t.is(ctx.peer.name, 'doggy');
    t.is(await ctx.result(), 2);
  });
});
