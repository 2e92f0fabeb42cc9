// How large a tree may grow: what stands behind the refusal of nurseries at import (rule T3).
import type {ExecutionContext} from 'ava';
import {ActorDied, ContextCancelled, openNursery, RemoteActorError, ResourceExhausted, sleep} from '../../lib/index.js';
import {binary, binaryOf, echo, take} from '../bench/actors.js';
import {gather, idle, passers, sink} from '../fixtures/crowd.js';
import {descend} from '../fixtures/nest.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

const inline = 'inline';
const serves = {backend: inline, expose: [gather, idle, passers]} as const;

async function refused(t: ExecutionContext, work: Promise<unknown>, what: string): Promise<void> {
  const error = await t.throwsAsync(work);
  const original = error instanceof RemoteActorError ? error.cause : error;
  t.true(original instanceof ResourceExhausted, String(error));
  t.is((original as ResourceExhausted).what, what);
}

test('T3: a root with maxActors actors starts no more until one has ended', async t => {
  await openNursery(
    async nursery => {
      const first = await nursery.startActor('first', serves);
      await nursery.startActor('second', serves);
      await refused(t, nursery.startActor('third', serves), 'actors');
      await first.cancelActor();
      await nursery.startActor('third', serves);
      await refused(t, nursery.startActor('fourth', serves), 'actors');
    },
    {maxActors: 2},
  );
});

test('T3: the actors of all levels count', async t => {
  const tree = {maxActors: 3};
  const levels = openNursery(n => n.with({backend: inline}).run(descend, [inline, inline]), tree);
  t.is((await levels).length, 3);
  await refused(
    t,
    openNursery(n => n.with({backend: inline}).run(descend, [inline, inline, inline]), tree),
    'actors',
  );
});

test('T3: the actors below one that was cancelled do not count any more', async t => {
  await openNursery(
    async nursery => {
      for (let round = 0; round < 3; round++) {
        const branch = await nursery.startActor('branch', serves);
        const context = await branch.openContext(gather, 2, inline);
        await refused(t, nursery.startActor('one too many', serves), 'actors');
        await (round === 0 ? context.cancel() : branch.cancelActor());
        if (round === 0) await branch.cancelActor();
        await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
      }
      for (let i = 0; i < 3; i++) await nursery.startActor(`${i}`, serves);
    },
    {maxActors: 3},
  );
});

test('T3: the actors below one that was killed do not count any more', async t => {
  await openNursery(
    async nursery => {
      await t.throwsAsync(
        openNursery(async inner => {
          const branch = await inner.startActor('branch', {expose: [gather]});
          const context = await branch.openContext(gather, 2, 'process');
          await refused(t, nursery.startActor('one too many', serves), 'actors');
          process.kill(context.first, 'SIGKILL');
          await context.result();
        }),
        {instanceOf: ActorDied},
      );
      for (let i = 0; i < 3; i++) await nursery.startActor(`${i}`, serves);
    },
    {maxActors: 3},
  );
});

test('T3: actors that come and go below another count one after the other', async t => {
  await openNursery(nursery => nursery.with({backend: inline}).run(passers, 10, inline), {maxActors: 2});
  await refused(
    t,
    openNursery(nursery => nursery.with({backend: inline}).run(passers, 1, inline), {maxActors: 1}),
    'actors',
  );
});

test('T3: a start that was refused and caught is no failure of the nursery, one that nobody awaits is', async t => {
  await refused(
    t,
    openNursery(
      async nursery => {
        await t.throwsAsync(nursery.startActor('caught', serves), {instanceOf: ResourceExhausted});
        t.false(nursery.signal.aborted);
        void nursery.startActor('not awaited', serves);
        await sleep(1e9);
      },
      {maxActors: 0},
    ),
    'actors',
  );
});

test('T3: a tree may be 32 levels deep', async t => {
  await t.notThrowsAsync(sink(32, inline));
  await refused(t, sink(33, inline), 'depth');
});

test('maxActors is a number', async t => {
  for (const maxActors of [Number.NaN, -1, 'many'])
    await t.throwsAsync(
      openNursery(() => {}, {maxActors: maxActors as number}),
      {instanceOf: TypeError, message: /maxActors/},
    );
});

test.long('F4: calls whose arguments and results together are more than a peer takes at a time all come through', t =>
  openNursery(async nursery => {
    const actor = await nursery.startActor('actor', {expose: [binary, echo, take]});
    const large = 48 * 1024 * 1024;
    const three = <T>(call: () => Promise<T>): Promise<T[]> =>
      Promise.all([call(), call(), call(), actor.run(echo, 1) as Promise<T>]);
    await three<unknown>(() => actor.run(take, binaryOf(large)));
    const results = await three<unknown>(() => actor.run(binary, large));
    t.deepEqual(
      results.slice(0, 3).map(result => (result as Uint8Array).length),
      [large, large, large],
    );
    t.is(results[3], 1);
  }, patient),
);
