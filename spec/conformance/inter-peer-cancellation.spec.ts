// What tests/test_inter_peer_cancellation.py claims: who is told when one actor cancels in another.
import test from 'ava';
import {openNursery, RemoteActorError, Unserializable} from '../../lib/index.js';
import {errorer} from '../fixtures/errorer.js';
import {leftBehind} from '../processes.js';

test.after.always('no process is left behind', async t => {
  t.deepEqual(await leftBehind(), []);
});

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
