/** Rules of the tree, of broadcast and of discovery that need no process, as simulations show them. Above rule.ts. */
import {
  type ActorDied,
  currentActor,
  findActor,
  type IterateOptions,
  listActors,
  openNursery,
  openShared,
  type Shared,
  sleep,
} from '../../../lib/index.js';
import {anyFunctions, callsOf} from '../../kit/pair.js';
import {errorText, longMs, type Rule, startActor, stubbornly, told} from './rule.js';

/** The calls of a pool, with functions of the test's own. */
const callsOfPool = (pool: unknown) => callsOf(pool as never);

export const tree: readonly Rule[] = [
  {
    title: 'T9: a failure that nobody has asked for ends all else in its nursery, and the nursery fails with it',
    outcomes: ['RangeError / cancelled, scope'],
    async shows({portal}) {
      let beside: Promise<string> | undefined;
      const failed = await openNursery(async inner => {
        const calls = callsOf(portal.with({scope: inner}));
        beside = told(calls.run(() => sleep(longMs)));
        void calls.run(async () => {
          await sleep(5);
          throw new RangeError('mine');
        });
        await sleep(longMs);
      }).catch(errorText);
      return `${failed} / ${await beside}`;
    },
  },
  {
    title: 'T10: an actor that acknowledges nothing is killed in time',
    outcomes: ['left after 500 ms'],
    async shows({world}) {
      let began = 0;
      await openNursery(async inner => {
        await startActor(inner, 'busy');
        world.block('busy', longMs);
        began = world.now();
      });
      return `left after ${Math.floor((world.now() - began) / 100) * 100} ms`;
    },
  },
  {
    title: 'T17: whatever is called while an actor dies fails with its death, as its nursery does',
    outcomes: ['ERR_DIED, ERR_DIED'],
    seeds: 60,
    async shows({world}) {
      let last = '';
      const nursery = await openNursery(async inner => {
        const calls = callsOf(await startActor(inner, 'mortal'));
        world.at(world.now() + 10, () => world.kill('mortal'));
        try {
          for (;;) await calls.run(() => 1);
        } catch (error) {
          last = errorText(error);
          throw error;
        }
      }).catch(errorText);
      return `${last}, ${nursery}`;
    },
  },
  {
    title: 'T17: who asks for the end of an actor that dies already has not asked for its death',
    outcomes: ['late: ERR_DIED', 'in time: cancelled, actor'],
    seeds: 60,
    async shows({world}) {
      let when = '';
      const end = await openNursery(async inner => {
        const portal = await startActor(inner, 'mortal');
        world.at(world.now() + 5, () => world.kill('mortal'));
        const dying = told(callsOf(portal).run(() => sleep(longMs)));
        await stubbornly(5);
        when = world.trace.some(line => line.endsWith('sees mortal exit')) ? 'late' : 'in time';
        await portal.cancelActor();
        return dying;
      }).catch(errorText);
      return `${when}: ${end}`;
    },
  },
  {
    title:
      'T9: with restart the call in flight fails with the death, the next one finds a new actor, and at last it is given up',
    outcomes: ['ERR_DIED, 2, ERR_DIED, 3, ERR_DIED / ERR_DIED'],
    async shows({world}) {
      const seen: unknown[] = [];
      let starts = 0;
      const nursery = await openNursery(async inner => {
        const portal = await inner.startActor('mortal', {expose: anyFunctions, restart: {times: 2, delay: 5}});
        const calls = callsOf(portal);
        const ids = new Set([await calls.run(() => currentActor().id)]);
        for (starts = 2; starts < 5; starts++) {
          world.at(world.now() + 3, () => world.kill('mortal'));
          seen.push(await told(calls.run(() => sleep(longMs))));
          if (starts === 4) break;
          ids.add(await calls.run(() => currentActor().id));
          seen.push(ids.size);
        }
        await sleep(longMs);
      }).catch((error: ActorDied) => error.code);
      return `${seen.join(', ')} / ${nursery}`;
    },
  },
  {
    title: 'C6, T8: a pool gives each worker one task at a time, and what waits is done',
    outcomes: ['6 done, at most 1 in each of 2'],
    async shows({nursery}) {
      const running = new Map<string, number>();
      let most = 0;
      const pool = await nursery.openPool(2, {expose: anyFunctions});
      const done = await Promise.all(
        [1, 2, 3, 4, 5, 6].map(() =>
          callsOfPool(pool).run(async () => {
            const {id} = currentActor();
            running.set(id, (running.get(id) ?? 0) + 1);
            most = Math.max(most, running.get(id) as number);
            await sleep(5);
            running.set(id, (running.get(id) as number) - 1);
          }),
        ),
      );
      return `${done.length} done, at most ${most} in each of ${running.size}`;
    },
  },
  {
    title: 'B1: each iterator sees every value, and one that lags too far is told how many it has lost',
    outcomes: ['0,1,2,3,4,5,6,7,8,9 / ERR_LAGGED then 8,9'],
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        const wire = ctx.openStream();
        for (let value = 0; value < 10; value++) await wire.send(value);
      });
      const wire = context.openStream({window: 3});
      const lagging = wire.iterate({lag: 2} satisfies IterateOptions);
      const all: unknown[] = [];
      for await (const value of wire.iterate()) all.push(value);
      const late = [await told(lagging.next())];
      const rest: unknown[] = [];
      for (let next = await lagging.next(); !next.done; next = await lagging.next()) rest.push(next.value);
      return `${all} / ${late} then ${rest}`;
    },
  },
  {
    title: 'B2: a shared resource is opened by the first, closed by the last, and not opened again before it is closed',
    outcomes: ['1 open at most, opened 2 times, always open in use'],
    async shows({calls}) {
      const counts = {open: 0, most: 0, opened: 0, missed: 0};
      const open = async () => {
        await stubbornly(5);
        counts.opened++;
        counts.most = Math.max(counts.most, ++counts.open);
        return {
          [Symbol.asyncDispose]: async () => {
            await stubbornly(50);
            counts.open--;
          },
        };
      };
      const use = (ms: number) =>
        calls.run(async () => {
          const shared: Shared<AsyncDisposable> = await openShared('resource', open);
          await sleep(ms);
          if (counts.open === 0) counts.missed++;
          await shared[Symbol.asyncDispose]();
        });
      // The last one comes while the resource is closed.
      await Promise.all([use(10), use(100), stubbornly(130).then(() => use(0))]);
      const used = counts.missed === 0 ? 'always open' : `${counts.missed} times closed`;
      return `${counts.most} open at most, opened ${counts.opened} times, ${used} in use`;
    },
  },
  {
    title: 'D1, D2: of several actors of one name the latest is found, and none that has ended',
    outcomes: ['undefined, new, old, undefined / 2 twins, then none'],
    async shows({nursery}) {
      const found = async (): Promise<unknown> => {
        const actor = (await findActor('twin'))?.actor.id;
        return actor === undefined ? 'undefined' : (names.get(actor) ?? 'another');
      };
      const names = new Map<string, string>();
      const seen = [await found()];
      const old = await startActor(nursery, 'twin');
      names.set(old.actor.id, 'old');
      const young = await startActor(nursery, 'twin');
      names.set(young.actor.id, 'new');
      const twins = async (): Promise<number> => (await listActors()).filter(({name}) => name === 'twin').length;
      const both = await twins();
      seen.push(await found());
      await young.cancelActor();
      seen.push(await found());
      await old.cancelActor();
      seen.push(await found());
      return `${seen.join(', ')} / ${both} twins, then ${(await twins()) || 'none'}`;
    },
  },
];
