// Rules of contexts, cancellation, streams and flow in simulations: both orders of messages that cross, and whatever else the seeds make.
// Above lib/testing/. Each rule is explored; a rule with two outcomes must show both.
import test from 'ava';
import {interval} from 'rxjs';
import {
  type ActorError,
  type CalleeContext,
  ContextCancelled,
  context,
  openNursery,
  type Portal,
  RemoteActorError,
  sleep,
  stream,
  task,
} from '../../lib/index.js';
import {explore, type World} from '../../lib/testing/index.js';

const at = (name: string) => ({module: import.meta.url, name});

/** What the function of a context does, and what it has seen. Actors of a simulation are parts of this process. */
let callee: (ctx: CalleeContext<number, number, null>) => Promise<unknown>;
const run = context(async (ctx: CalleeContext<number, number, null>) => callee(ctx), at('run'));
const ticks = stream((ms: number) => interval(ms), at('ticks'));
const doze = task(async (ms: number) => {
  await sleep(ms);
  return ms;
}, at('doze'));

type Say = (outcome: string) => void;

/** Explores a rule, over connections whose frames take up to 3 ms. @param expected every outcome that must show, and no other */
function rule(
  title: string,
  body: (portal: Portal, world: World, say: Say) => Promise<unknown>,
  expected: readonly string[],
  seeds = 60,
): void {
  test.serial(title, async t => {
    const outcomes = new Set<string>();
    await explore(
      world => {
        world.network.latency([0, 3]);
        return openNursery(async nursery => {
          const portal = await nursery.startActor('worker', {expose: [run, ticks, doze]});
          await body(portal, world, outcome => outcomes.add(outcome));
        }).catch((error: unknown) => {
          // What a rule says of errors is told by `say`.
          if (!(error instanceof ContextCancelled)) throw error;
        });
      },
      {seeds},
    );
    t.deepEqual([...outcomes].sort(), [...expected].sort());
  });
}

const nameOf = (error: unknown): string => (error as ActorError).code;

rule(
  'X7: a cancel that crosses the return: the return stands, or the function was cancelled, and both ends agree',
  async (portal, _world, say) => {
    let there = '';
    callee = async ctx => {
      ctx.started.next(null);
      try {
        await sleep(2);
        there = 'returned';
        return 'value';
      } catch (error) {
        there = nameOf(error);
        throw error;
      }
    };
    const context = await portal.openContext(run);
    const result = context.result().catch(nameOf);
    await sleep(1);
    const acked = await context.cancel();
    say(`${await result} here, ${there} there, ${acked}`);
  },
  ['value here, returned there, true', 'ERR_CANCELLED here, ERR_CANCELLED there, true'],
);

rule(
  'X7: a cancel that crosses an error: the error stands where it was first',
  async (portal, _world, say) => {
    callee = async ctx => {
      ctx.started.next(null);
      await sleep(2);
      throw new RangeError('mine');
    };
    const context = await portal.openContext(run);
    const result = context.result().catch((error: unknown) => error);
    await sleep(1);
    await context.cancel();
    const error = await result;
    say(error instanceof RemoteActorError ? error.type : nameOf(error));
  },
  ['RangeError', 'ERR_CANCELLED'],
);

rule(
  'X11: two errors that cross: each end keeps one of the two, and no end has none',
  async (portal, _world, say) => {
    callee = async ctx => {
      ctx.started.next(null);
      const wire = ctx.openStream();
      await sleep(2);
      wire.error(new RangeError('of the callee'));
      await sleep(50);
    };
    const context = await portal.openContext(run);
    const wire = context.openStream();
    const result = context.result().catch((error: Error) => error);
    await sleep(2);
    wire.error(new SyntaxError('of the caller'));
    const error = (await result) as Error;
    say(/of the caller/.test(String(error.cause ?? error)) || /of the caller/.test(error.message) ? 'own' : 'peer');
  },
  ['own', 'peer'],
);

rule(
  'C1, C4, S2: both ends complete while the other still sends: nothing is lost, and the return comes behind the values',
  async (portal, _world, say) => {
    callee = async ctx => {
      ctx.started.next(null);
      const wire = ctx.openStream();
      const seen: number[] = [];
      const reading = wire.consume(value => void seen.push(value));
      for (let value = 0; value < 5; value++) await wire.send(value);
      wire.complete();
      await reading;
      return seen;
    };
    const context = await portal.openContext(run);
    const wire = context.openStream({window: 2});
    const seen: number[] = [];
    const reading = wire.consume(value => void seen.push(value));
    for (let value = 0; value < 5; value++) await wire.send(10 + value);
    wire.complete();
    await reading;
    say(`${seen} / ${await context.result()}`);
  },
  ['0,1,2,3,4 / 10,11,12,13,14'],
);

rule(
  'C11, X1: an end of a context in any way leaves the channel as it was',
  async (portal, _world, say) => {
    callee = async ctx => {
      ctx.started.next(null);
      await sleep(5);
      throw new RangeError('mine');
    };
    const contexts = await Promise.all([1, 2, 3].map(() => portal.openContext(run)));
    const ends = contexts.map((each, index) => (index === 0 ? each.cancel() : each.result().catch(nameOf)));
    contexts[0]?.result().catch(() => {});
    const last = await Promise.all(ends);
    say(`${last} ${await portal.run(doze, 1)}`);
  },
  ['true,ERR_REMOTE,ERR_REMOTE 1'],
);

rule(
  'X2: a cancel resolves true after the clean-up of the function',
  async (portal, _world, say) => {
    let cleaned = false;
    callee = async ctx => {
      ctx.started.next(null);
      try {
        await sleep(10_000);
      } finally {
        await new Promise(resolve => setTimeout(resolve, 300));
        cleaned = true;
      }
    };
    const context = await portal.openContext(run);
    context.result().catch(() => {});
    const acked = await context.cancel();
    say(`${acked} ${cleaned}`);
  },
  ['true true'],
  20,
);

rule(
  'X9: an unsubscription is immediate here, whatever is on its way',
  async (portal, _world, say) => {
    let after = 0;
    let isOver = false;
    const subscription = portal.stream(ticks, 1).subscribe(() => {
      if (isOver) after++;
    });
    await sleep(7);
    isOver = true;
    subscription.unsubscribe();
    await sleep(20);
    say(`${after} after it`);
  },
  ['0 after it'],
);

rule(
  'F1, F2: no more values are on their way than the window allows, and none is lost',
  async (portal, world, say) => {
    let sent = 0;
    let taken = 0;
    let most = 0;
    callee = async ctx => {
      ctx.started.next(null);
      const wire = ctx.openStream();
      for (let value = 0; value < 20; value++) {
        await wire.send(value);
        most = Math.max(most, ++sent - taken);
      }
    };
    const context = await portal.openContext(run);
    await context.openStream({window: 4}).consume(async () => {
      await sleep(world.random() < 0.5 ? 0 : 2);
      taken++;
    });
    await context.result();
    // The value whose `send` has just resolved is one of the window.
    say(`${taken} taken, ${most <= 4 ? 'within the window' : `${most} on their way`}`);
  },
  ['20 taken, within the window'],
);

test.serial('T17: a call that is made while an actor dies fails with ActorDied, as the nursery does', async t => {
  const outcomes = new Set<string>();
  await explore(
    async world => {
      world.network.latency([0, 2]);
      const failed = await openNursery(async nursery => {
        const portal = await nursery.startActor('worker', {expose: [doze]});
        world.at(10, () => world.kill('worker'));
        for (;;) await portal.run(doze, 0);
      }).catch(nameOf);
      outcomes.add(failed as string);
    },
    {seeds: 300},
  );
  t.deepEqual([...outcomes], ['ERR_DIED']);
});
