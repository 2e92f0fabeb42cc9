// The claims of tests/test_inter_peer_cancellation.py: who is told when one actor cancels in another.
import {ActorDied, ContextCancelled, openNursery, RemoteActorError, sleep, Unserializable} from '../../lib/index.js';
import {errorer} from '../fixtures/errorer.js';
import {end, holdInto} from '../fixtures/found.js';
import {obedient} from '../fixtures/obedient.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

for (const [how, type] of [
  ['throws', TypeError],
  ['sends a function', Unserializable],
] as const) {
  test(`inter_peer_cancellation/test_do_not_swallow_error_before_started_by_remote_contextcancelled: an error before started reaches the root though its clean-up cancels a context into a further actor (E6, C2, X5) [it ${how}]`, async t => {
    const failure = await t.throwsAsync(
      openNursery(async nursery => {
        const portal = await nursery.startActor('errorer', {expose: [errorer]});
        await portal.openContext(errorer, how);
      }),
      {instanceOf: RemoteActorError},
    );
    t.true(failure.is(type), String(failure.cause));
    t.is(failure.origin.name, 'errorer');
  });
}

test('inter_peer_cancellation/test_peer_canceller: an actor that a peer cancels ends; who holds a context into it, its parent or another peer, gets ContextCancelled of that canceller, and its nursery its death (X8, X4, T9)', async t => {
  let canceller: unknown;
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const start = (name: string) => nursery.startActor(name, {expose: [obedient, end, holdInto]});
      const [target, holder, peer] = await Promise.all([start('target'), start('holder'), start('canceller')]);
      canceller = peer.actor;
      const held = await target.openContext(obedient);
      // Asked before it ends: what nobody has asked for would be the nursery's failure.
      const outcome = t.throwsAsync(held.result(), {instanceOf: ContextCancelled});
      const holding = await holder.openContext(holdInto, 'target');
      t.deepEqual(holding.first, target.actor);
      t.true(await peer.run(end, 'target', 'no more of you'));
      const error = await outcome;
      t.deepEqual([error.canceller, error.reason, error.cause], [peer.actor, 'actor', 'no more of you']);
      t.deepEqual([held.canceller, held.cancelCalled, held.signal.aborted], [peer.actor, false, true]);
      t.deepEqual(await holding.result(), {
        canceller: peer.actor,
        reason: 'actor',
        cause: 'no more of you',
        ofContext: peer.actor,
        cancelCalled: false,
      });
      const death = await target.ended;
      t.deepEqual(death?.exit, {code: 0, signal: null});
      await sleep(1e9);
    }),
    {instanceOf: ActorDied},
  );
  t.is(failure.actor?.name, 'target');
  t.truthy(canceller);
});
