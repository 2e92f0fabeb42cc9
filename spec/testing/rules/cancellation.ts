/** The rules of cancellation, X1 to X11, as simulations show them. Above rule.ts. */
import {interval, Observable} from 'rxjs';
import {type ContextCancelled, findActor, openNursery, shield, sleep} from '../../../lib/index.js';
import {callsOf} from '../../kit/pair.js';
import {aborted, errorText, longMs, type Rule, startActor, stubbornly, told, toldOf} from './rule.js';

export const cancellation: readonly Rule[] = [
  {
    title: 'X1: the end of a stream cancels nothing, an unsubscription cancels its source',
    outcomes: ['went on / released'],
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        for await (const _ of ctx.openStream());
        await sleep(20);
        return 'went on';
      });
      context.openStream().complete();
      let source = 'kept';
      const ticks = (): Observable<number> =>
        new Observable(subscriber => {
          const inner = interval(1).subscribe(subscriber);
          return () => {
            source = 'released';
            inner.unsubscribe();
          };
        });
      const subscription = calls.stream(ticks).subscribe();
      await sleep(7);
      subscription.unsubscribe();
      const result = await context.result();
      return `${result} / ${source}`;
    },
  },
  {
    title: 'X2: a cancel resolves true after the clean-up of the function, as often as it is called',
    outcomes: ['true,true,true, cleaned up, cancelled, requested'],
    async shows({calls}) {
      let state = 'not cleaned up';
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        try {
          await sleep(longMs);
        } finally {
          await stubbornly(300);
          state = 'cleaned up';
        }
      });
      const result = told(context.result());
      const acked = await Promise.all([context.cancel(), context.cancel('again')]);
      const seen = state;
      return `${[...acked, await context.cancel()]}, ${seen}, ${await result}`;
    },
  },
  {
    title:
      'X2: a cancel resolves false when the clean-up takes longer than its timeout; one that has more patience sees the end',
    outcomes: ['false at 50, true at 700'],
    async shows({calls, world}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        await aborted(ctx.signal);
        await stubbornly(700);
        throw ctx.signal.reason;
      });
      context.result().catch(() => {});
      const began = world.now();
      // A frame is on its way for up to 3 ms.
      const moment = (): number => Math.floor((world.now() - began) / 10) * 10;
      const first = `${await context.cancel('enough', {timeout: 50})} at ${moment()}`;
      return `${first}, ${await context.cancel()} at ${moment()}`;
    },
  },
  {
    title: 'X2: a cancel passes the values that were sent before it',
    outcomes: ['0 of 10'],
    async shows({calls}) {
      let seen = 0;
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        await ctx.openStream().consume(() => void seen++);
      });
      const wire = context.openStream();
      await sleep(10);
      for (let value = 0; value < 10; value++) wire.next(value);
      await context.cancel();
      return `${seen} of 10`;
    },
  },
  {
    title: 'X3: everything that a cancelled function waits for learns of it, except under shield()',
    outcomes: [
      'sleep: cancelled, requested; read: cancelled, requested; send: cancelled, requested; call: cancelled, scope; nursery: cancelled, requested; shielded',
    ],
    async shows({nursery, calls}) {
      await startActor(nursery, 'other');
      let seen: Promise<readonly string[]> | undefined;
      const context = await calls.openContext(async ctx => {
        const other = callsOf((await findActor('other')) as never);
        ctx.started.next(null);
        const wire = ctx.openStream();
        const waits = {
          sleep: sleep(longMs),
          read: wire.iterate().next(),
          // The other end makes no room: it has not opened its stream.
          send: wire.send(1),
          call: other.run(() => sleep(longMs)),
          nursery: openNursery(() => sleep(longMs)),
        };
        seen = Promise.all(Object.entries(waits).map(async ([what, wait]) => `${what}: ${await told(wait)}`));
        await seen;
        shielded = await shield(async () => {
          await sleep(5);
          return 'shielded';
        });
      });
      let shielded = 'not shielded';
      await sleep(10);
      await context.cancel();
      return [...((await seen) ?? []), shielded].join('; ');
    },
  },
  {
    title: 'X4: a cancel says who and why, the first one wins, and a reason that cannot cross is told as a text',
    outcomes: ['root, requested, first / root, requested, Symbol(why)'],
    async shows({calls}) {
      const causes: string[] = [];
      for (const reasons of [['first', 'second'], [Symbol('why')]]) {
        const context = await calls.openContext(async ctx => {
          ctx.started.next(null);
          await aborted(ctx.signal);
          const {canceller, reason, cause} = ctx.signal.reason as ContextCancelled;
          causes.push(`${canceller?.name}, ${reason}, ${String(cause)}`);
          throw ctx.signal.reason;
        });
        context.result().catch(() => {});
        await Promise.all(reasons.map(reason => context.cancel(reason)));
      }
      return causes.join(' / ');
    },
  },
  {
    title: 'X5: a cancel that I have asked for does not fail my scope, one that somebody else has asked for does',
    outcomes: ['left / cancelled, requested by worker'],
    async shows({portal}) {
      const own = await openNursery(async inner => {
        const context = await callsOf(portal.with({scope: inner})).openContext(async ctx => {
          ctx.started.next(null);
          await sleep(longMs);
        });
        await context.cancel();
        await sleep(5);
        return 'left';
      });
      const others = await openNursery(async inner => {
        await callsOf(portal.with({scope: inner})).openContext(async ctx => {
          ctx.started.next(null);
          await ctx.cancel('of the callee');
          await sleep(longMs);
        });
        await sleep(longMs);
      }).catch((error: ContextCancelled) => `${errorText(error)} by ${error.canceller?.name}`);
      return `${own} / ${others}`;
    },
  },
  {
    title: 'X6: a cancel of a context that has ended is acknowledged and changes nothing',
    outcomes: ['true, value'],
    async shows({calls}) {
      const context = await calls.openContext(ctx => {
        ctx.started.next(null);
        return 'value';
      });
      await context.result();
      return `${await context.cancel()}, ${await told(context.result())}`;
    },
  },
  {
    title:
      'X7: a cancel that crosses the return: the return stands, or the function was cancelled, and both ends agree',
    outcomes: ['value here, returned there, true', 'cancelled, requested here, cancelled, requested there, true'],
    seeds: 60,
    async shows({calls}) {
      let there = '';
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        try {
          await sleep(2);
          there = 'returned';
          return 'value';
        } catch (error) {
          there = errorText(error);
          throw error;
        }
      });
      const here = told(context.result());
      await sleep(1);
      const acked = await context.cancel();
      return `${await here} here, ${there} there, ${acked}`;
    },
  },
  {
    title: 'X7: a cancel that crosses an error: the error stands where it was first',
    outcomes: ['RangeError', 'cancelled, requested'],
    seeds: 60,
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        await sleep(2);
        throw new RangeError('mine');
      });
      const result = told(context.result());
      await sleep(1);
      await context.cancel();
      return result;
    },
  },
  {
    title: 'X7: two cancels that cross are both acknowledged',
    outcomes: ['true and true, cancelled, requested by root', 'true and true, cancelled, requested by worker'],
    seeds: 60,
    async shows({calls}) {
      let there: Promise<boolean> | undefined;
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        await sleep(2);
        there = shield(() => ctx.cancel('of the callee')).then(() => true);
        await sleep(longMs);
      });
      const result = context
        .result()
        .catch((error: ContextCancelled) => `${errorText(error)} by ${error.canceller?.name}`);
      await sleep(2);
      const here = await context.cancel('of the caller');
      return `${here} and ${(await there) ?? true}, ${await result}`;
    },
  },
  {
    title: 'X8: cancelActor ends the actor, and everybody else who holds a context into it hears who has asked',
    outcomes: ['true / cancelled, actor by root / cancelled, actor / undefined'],
    async shows({nursery, calls}) {
      const mortal = await startActor(nursery, 'mortal');
      const heard = calls.run(async () => {
        const found = callsOf((await findActor('mortal')) as never);
        const error: ContextCancelled = await found.run(() => sleep(longMs)).catch((thrown: unknown) => thrown);
        return `${errorText(error)} by ${error.canceller?.name}`;
      });
      const own = told(callsOf(mortal).run(() => sleep(longMs)));
      await sleep(20);
      return `${await mortal.cancelActor('enough')} / ${await heard} / ${await own} / ${await mortal.ended}`;
    },
  },
  {
    title: 'X9: an unsubscription is immediate here, whatever is on its way',
    outcomes: ['0 after it'],
    seeds: 40,
    async shows({calls}) {
      let after = 0;
      let isOver = false;
      const subscription = calls
        .stream(() => interval(1))
        .subscribe(() => {
          if (isOver) after++;
        });
      await sleep(7);
      isOver = true;
      subscription.unsubscribe();
      await sleep(20);
      return `${after} after it`;
    },
  },
  {
    title: 'X9: a new subscription waits for the end of the one that was unsubscribed, and for no other',
    outcomes: ['1 holder, then 2'],
    async shows({calls}) {
      let holders = 0;
      let most = 0;
      const held = calls.context(async ctx => {
        most = Math.max(most, ++holders);
        ctx.started.next(null);
        try {
          await sleep(longMs);
        } finally {
          await stubbornly(20);
          holders--;
        }
      });
      const first = held.subscribe();
      await sleep(10);
      first.unsubscribe();
      const second = held.subscribe();
      await sleep(60);
      const one = most;
      const third = held.subscribe();
      await sleep(20);
      for (const subscription of [second, third]) subscription.unsubscribe();
      return `${one} holder, then ${most}`;
    },
  },
  {
    title:
      'X10: a timeout is total, and a signal that aborts cancels; one that has aborted, or a timeout of nothing, prevents the call',
    outcomes: [
      'cancelled, deadline / cancelled, requested: no more / cancelled, requested / cancelled, deadline / RangeError, 2 calls',
    ],
    async shows({portal}) {
      let calls = 0;
      const lasting = (): Promise<string> => {
        calls++;
        return stubbornly(80).then(() => 'late');
      };
      const stopping = new AbortController();
      const obedient = (): Promise<void> => {
        calls++;
        return sleep(longMs);
      };
      const late = told(callsOf(portal.with({timeout: 50})).run(lasting));
      const signalled = callsOf(portal.with({signal: stopping.signal})).run(obedient);
      const reason = signalled.catch((error: ContextCancelled) => `${errorText(error)}: ${error.cause}`);
      await sleep(10);
      stopping.abort('no more');
      const never = await Promise.all([
        told(callsOf(portal.with({signal: AbortSignal.abort()})).run(lasting)),
        told(callsOf(portal.with({timeout: 0})).run(lasting)),
      ]);
      const wrong = toldOf(() => portal.with({timeout: Number.NaN})).replace(/:.*/, '');
      return `${[await late, await reason, ...never, wrong].join(' / ')}, ${calls} calls`;
    },
  },
  {
    title: 'X11: of two errors that cross each end keeps one, and no end has none',
    outcomes: ['own', 'peer'],
    seeds: 60,
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        const wire = ctx.openStream();
        await sleep(2);
        wire.error(new RangeError('of the callee'));
        await told(sleep(50));
      });
      const wire = context.openStream();
      const result = context.result().then(String, (error: Error) => `${error.message} ${error.cause}`);
      await sleep(2);
      wire.error(new SyntaxError('of the caller'));
      const text = await result;
      return /of the caller/.test(text) ? 'own' : /of the callee/.test(text) ? 'peer' : text;
    },
  },
  {
    title: 'X11: an error that crosses the result stands at the end that has sent it, and the channel goes on',
    outcomes: ['of the caller / 1', 'value / 1'],
    seeds: 60,
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        ctx.openStream();
        await stubbornly(2);
        return 'value';
      });
      const wire = context.openStream();
      const result = context.result().then(String, (error: Error) => error.message);
      await sleep(2);
      wire.error(new SyntaxError('of the caller'));
      return `${await result} / ${await calls.run(() => 1)}`;
    },
  },
];
