// The claims of tests/test_remote_exc_relay.py: an error outlives the cancellation that comes while it is cleaned up.
import {ContextCancelled, openNursery, RemoteActorError, shield, sleep} from '../../lib/index.js';
import {type Callee, turns} from '../kit/pair.js';
import {errorOf, over} from './over.js';

/** Resolves when the clean-up may end: the cancel has come by then. */
type Gate = Promise<void>;

/** Ways in which a callee cleans up after its error while its caller cancels it. */
const cleanUps: Record<string, (ctx: Callee, gate: Gate) => Promise<void>> = {
  'the clean-up waits in shield()': async (_, gate) => {
    try {
      throw new RangeError('my app crashed');
    } finally {
      await shield(() => gate);
    }
  },
  'the clean-up asks whether it was cancelled, and catches that': async (_, gate) => {
    try {
      throw new RangeError('my app crashed');
    } finally {
      await gate;
      await sleep(1e9).catch(() => {});
    }
  },
  'a nursery that the error leaves has more to end': async (_, gate) => {
    await openNursery(async () => {
      void openNursery(() => gate);
      throw new RangeError('my app crashed');
    });
  },
};
for (const [how, cleanUp] of Object.entries(cleanUps)) {
  over(
    `remote_exc_relay/test_unmasked_remote_exc: an error of the callee is not replaced by the cancel that comes while it cleans up (E6, X7) [${how}]`,
    async (t, calls) => {
      let open = (): void => {};
      const gate = new Promise<void>(resolve => {
        open = resolve;
      });
      let cancelled = false;
      const ctx = await calls.openContext(async callee => {
        callee.signal.addEventListener('abort', () => {
          cancelled = true;
        });
        callee.started.next(undefined);
        await cleanUp(callee, gate);
      });
      const acked = ctx.cancel('enough');
      await turns();
      t.true(cancelled);
      open();
      t.true(await acked);
      const error = await errorOf(ctx.result());
      t.true(error instanceof RemoteActorError && error.is(RangeError), String(error));
    },
  );
}

over(
  'remote_exc_relay/test_unmasked_remote_exc: a callee that is only cancelled ends with ContextCancelled, which its caller absorbs (C5, X5)',
  async (t, _, pair) => {
    let seen: unknown;
    let inCallee: unknown;
    await openNursery(async scope => {
      const ctx = await pair.with({scope}).openContext(async callee => {
        callee.started.next(undefined);
        inCallee = await errorOf(sleep(1e9));
        throw inCallee;
      });
      t.true(await ctx.cancel());
      seen = await errorOf(ctx.result());
    });
    t.true(inCallee instanceof ContextCancelled);
    t.true(seen instanceof ContextCancelled);
    t.is((seen as ContextCancelled).canceller?.id, pair.near.actor.id.id);
  },
);
