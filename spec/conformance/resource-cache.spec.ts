// tests/test_resource_cache.py: one resource for many tasks of an actor.
import {
  ContextCancelled,
  type MsgStream,
  openNursery,
  openShared,
  type Shared,
  shield,
  sleep,
} from '../../lib/index.js';
import {echoSequences} from '../fixtures/sequences.js';
import {turns} from '../kit/pair.js';
import {leftBehind} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

/** A promise that the test settles. */
function gate(): {readonly opened: Promise<void>; readonly open: () => void} {
  let open = (): void => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return {opened, open};
}

/** Opens a resource that closes as told. */
const closing = (close: () => unknown) => async (): Promise<AsyncDisposable> => ({
  [Symbol.asyncDispose]: async () => void (await close()),
});
const leave = (use: AsyncDisposable): PromiseLike<void> => use[Symbol.asyncDispose]();

const shared = {name: 'an argument'};
for (const [what, keyOf] of Object.entries({
  'a text as key': (): unknown => 'common',
  'the same argument as key': (): unknown => shared,
})) {
  test(`resource_cache/test_resource_only_entered_once: ten tasks with equal keys open one resource, and all have it (B2) [${what}]`, async t => {
    let opened = 0;
    let closed = 0;
    await openNursery(async () => {
      const open = async (): Promise<AsyncDisposable & {readonly n: number}> => {
        const n = ++opened;
        await turns(2);
        return {n, [Symbol.asyncDispose]: async () => void closed++};
      };
      const uses = await Promise.all(Array.from({length: 10}, () => openShared(keyOf(), open)));
      t.deepEqual(new Set(uses.map(({value}) => value.n)), new Set([1]));
      t.deepEqual(uses.map(({fresh}) => fresh).sort(), [...Array(9).fill(false), true]);
      t.is(closed, 0);
    });
    t.deepEqual([opened, closed], [1, 1]);
  });
}

test('resource_cache/test_last_moc_user_waits_for_resource_exit: the last user has not left before the resource is closed (B2)', async t => {
  await openNursery(async () => {
    const [started, allowed] = [gate(), gate()];
    const events: string[] = [];
    const use = await openShared(
      'exit',
      closing(async () => {
        started.open();
        await allowed.opened;
        events.push('closed');
      }),
    );
    const left = leave(use).then(() => events.push('left'));
    await started.opened;
    await turns();
    t.deepEqual(events, []);
    allowed.open();
    await left;
    t.deepEqual(events, ['closed', 'left']);
  });
});

const exitError = new RangeError('the exit failed');
const failing = closing(() => {
  throw exitError;
});

test('resource_cache/test_moc_delivers_resource_exit_error: the last user gets the very error that closing met (B2)', async t => {
  await openNursery(async () => {
    const [first, last] = [await openShared('fails', failing), await openShared('fails', failing)];
    await t.notThrowsAsync(async () => leave(first));
    t.is(await t.throwsAsync(async () => leave(last)), exitError);
  });
});

test('resource_cache/test_moc_final_user_cancellation_waits_for_exit: a last user that is cancelled is not gone before the resource is closed (B2)', async t => {
  let closed = false;
  await openNursery(async () => {
    const user = openNursery(async nursery => {
      await openShared(
        'cancelled',
        closing(async () => {
          await shield(() => turns());
          closed = true;
        }),
      );
      void nursery.cancel();
      await sleep(1e9);
    });
    await t.throwsAsync(user, {instanceOf: ContextCancelled});
    t.true(closed);
  });
});

test('resource_cache/test_moc_exit_error_masks_final_user_cancellation: an error of closing wins over the cancellation of the last user (B2, E6)', async t => {
  await openNursery(async () => {
    const user = openNursery(async nursery => {
      await openShared('both', failing);
      void nursery.cancel();
      await sleep(1e9);
    });
    t.is(await t.throwsAsync(user), exitError);
  });
});

interface Feed extends AsyncDisposable {
  readonly wire: MsgStream<number, readonly number[]>;
}
/** One actor, one context, one stream, for as long as somebody uses it. */
async function openFeed(): Promise<Feed> {
  const nursery = await openNursery();
  const streamer = await nursery.startActor('streamer', {expose: [echoSequences]});
  const wire = (await streamer.openContext(echoSequences)).openStream();
  return {wire, [Symbol.asyncDispose]: () => nursery[Symbol.asyncDispose]() as Promise<void>};
}

test('resource_cache/test_open_local_sub_to_stream: ten local tasks share one stream of another actor, each with all of its values (B1, B2)', async t => {
  const sequence = Array.from({length: 1_000}, (_, i) => i);
  await openNursery(async () => {
    let attached = 0;
    const all = gate();
    const task = async (): Promise<number> => {
      const use: Shared<Feed> = await openShared('feed', openFeed);
      const values = use.value.wire.iterate();
      if (++attached === 10) all.open();
      await all.opened;
      if (use.fresh) await use.value.wire.send(sequence);
      const got: number[] = [];
      while (got.length < sequence.length) got.push((await values.next()).value);
      await values.return?.();
      await leave(use);
      t.deepEqual(got, sequence);
      return use.fresh ? 1 : 0;
    };
    const fresh = await Promise.all(Array.from({length: 10}, task));
    t.is(
      fresh.reduce((sum, one) => sum + one, 0),
      1,
    );
    t.deepEqual(await leftBehind(), [], 'the actor went with its last user');
  });
});

for (const [when, turnsBefore] of [
  ['at once', 0],
  ['while it opens', 3],
  ['when it has the resource', undefined],
] as const) {
  for (const how of ['cancelled', 'failed'] as const) {
    test(`resource_cache/test_lock_not_corrupted_on_fast_cancel: a first user that is cancelled, or fails, lets the next one open (B2) [${how} ${when}]`, async t => {
      const key = `${how} ${when}`;
      await openNursery(async () => {
        const entered = gate();
        const first = openNursery(async nursery => {
          const stop = async (): Promise<void> => {
            if (how === 'failed') throw exitError;
            void nursery.cancel();
            await sleep(1e9);
          };
          await openShared(key, async () => {
            entered.open();
            await turns(turnsBefore ?? 3);
            if (turnsBefore !== undefined) await stop();
            return closing(() => {})();
          });
          await stop();
        });
        const told = t.throwsAsync(first, {instanceOf: how === 'cancelled' ? ContextCancelled : RangeError});
        await entered.opened;
        // It comes while the first one is still there.
        const next = openShared(
          key,
          closing(() => {}),
        );
        await told;
        await leave(await next);
        t.true(
          (
            await openShared(
              key,
              closing(() => {}),
            )
          ).fresh,
        );
      });
    });
  }
}

test('resource_cache/test_per_ctx_key_resource_lifecycle: a key that is left is closed though another is held, and is opened anew (B2)', async t => {
  await openNursery(async () => {
    const closed: string[] = [];
    const use = (key: string): Promise<Shared<AsyncDisposable>> =>
      openShared(
        key,
        closing(() => closed.push(key)),
      );
    const a = await use('a');
    for (const _ of [1, 2]) {
      const b = await use('b');
      t.true(b.fresh);
      await leave(b);
    }
    t.deepEqual(closed, ['b', 'b']);
    await leave(a);
    t.deepEqual(closed, ['b', 'b', 'a']);
  });
});

test('resource_cache/test_moc_reentry_during_teardown: who comes while the resource closes waits for that, and opens a fresh one (B2)', async t => {
  await openNursery(async () => {
    const [inExit, allowed] = [gate(), gate()];
    const events: string[] = [];
    const first = await openShared(
      'client',
      closing(async () => {
        inExit.open();
        await allowed.opened;
        events.push('closed');
      }),
    );
    const left = leave(first);
    await inExit.opened;
    const again = openShared('client', async () => {
      events.push('opened');
      return closing(() => {})();
    });
    await turns();
    t.deepEqual(events, []);
    allowed.open();
    await left;
    t.true((await again).fresh);
    t.deepEqual(events, ['closed', 'opened']);
  });
});
