/** The rules of contexts, C1 to C12, as simulations show them. Above rule.ts. */
import {inspect} from 'node:util';
import {lastValueFrom, toArray} from 'rxjs';
import {type ContextCancelled, currentActor, findActor, openNursery, sleep} from '../../../lib/index.js';
import {type Callee, type Caller, callsOf} from '../../kit/pair.js';
import {aborted, errorText, longMs, type Rule, startActor, stubbornly, told} from './rule.js';

/** Sends numbers from 0 on. */
const sends = (count: number) => async (ctx: Callee) => {
  ctx.started.next(null);
  const wire = ctx.openStream();
  for (let value = 0; value < count; value++) await wire.send(value);
  return 'done';
};

/** Answers what it gets, and returns how much that was. */
const answers = async (ctx: Callee) => {
  ctx.started.next(null);
  const wire = ctx.openStream();
  let count = 0;
  for await (const value of wire) {
    count++;
    await wire.send(value);
  }
  return count;
};

export const contexts: readonly Rule[] = [
  {
    title: 'C1: openContext resolves at the sync point, with the first value',
    outcomes: ['ready, after started'],
    async shows({calls}) {
      let when = 'before';
      const context = await calls.openContext(async ctx => {
        await sleep(2);
        when = 'after';
        ctx.started.next('ready');
      });
      return `${context.first}, ${when} started`;
    },
  },
  {
    title: 'C2: a function that throws, returns or is cancelled before `started` rejects openContext with that',
    outcomes: ['RangeError / ERR_PROTOCOL / cancelled, requested'],
    async shows({portal, calls}) {
      const stopping = new AbortController();
      const waiting = told(callsOf(portal.with({signal: stopping.signal})).openContext(() => sleep(longMs)));
      const failing = told(calls.openContext(() => Promise.reject(new RangeError('mine'))));
      const returning = told(calls.openContext(() => 'nothing'));
      await sleep(1);
      stopping.abort('no more');
      return (await Promise.all([failing, returning, waiting])).join(' / ');
    },
  },
  {
    title: 'C3: `started` has one value, which a late subscriber sees too, and the stream comes after it',
    outcomes: ['1 / ProtocolError / ProtocolError'],
    async shows({calls}) {
      const context = await calls.openContext(ctx => {
        ctx.started.next(1);
        ctx.started.next(2);
      });
      const late = await lastValueFrom(context.started.pipe(toArray()));
      const early = calls.openContext(ctx => ctx.openStream());
      return `${late} / ${await told(context.result())} / ${await told(early)}`;
    },
  },
  {
    title: 'C4: result() gives any value, and as often as it is asked',
    outcomes: ['[undefined] [null] [false] [0] [] [NaN] [1,2] [Map(1) { 1 => 2 }]'],
    async shows({calls}) {
      const shown: string[] = [];
      for (const value of [undefined, null, false, 0, '', NaN, [1, 2], new Map([[1, 2]])]) {
        const context = await calls.openContext(ctx => {
          ctx.started.next(null);
          return value;
        });
        const [first, second] = await Promise.all([context.result(), context.result()]);
        const all = [first, second, await context.result()].map(
          result => `[${result instanceof Map ? inspect(result) : String(result)}]`,
        );
        shown.push(...new Set(all));
      }
      return shown.join(' ');
    },
  },
  {
    title: 'C4: result() makes room for what nobody wants, and a consumer that is there gets every value first',
    outcomes: ['done, 20 dropped / done, 20 seen, 0 dropped'],
    async shows({calls}) {
      const unread = await calls.openContext(sends(20));
      const dropping = unread.openStream({window: 4});
      const first = `${await unread.result()}, ${dropping.stats.dropped} dropped`;
      const context = await calls.openContext(sends(20));
      const wire = context.openStream({window: 4});
      const values = lastValueFrom(wire.pipe(toArray()));
      const second = `${await context.result()}, ${(await values).length} seen, ${wire.stats.dropped} dropped`;
      return `${first} / ${second}`;
    },
  },
  {
    title: 'C5: the function has the last word when it is cancelled, and otherwise the cancel says who and why',
    outcomes: ['kept / RangeError / cancelled, requested by root: enough, acked'],
    async shows({calls}) {
      const lastWords: ((signal: AbortSignal) => Promise<unknown>)[] = [
        signal => aborted(signal).then(() => 'kept'),
        signal => aborted(signal).then(() => Promise.reject(new RangeError('mine'))),
        () => sleep(longMs),
      ];
      const opened = await Promise.all(
        lastWords.map(fn =>
          calls.openContext(ctx => {
            ctx.started.next(null);
            return fn(ctx.signal);
          }),
        ),
      );
      const [returned, threw, obeyed] = opened.map(context => context.result()) as [
        Promise<unknown>,
        Promise<unknown>,
        Promise<unknown>,
      ];
      const seen = Promise.all([told(returned), told(threw), obeyed.catch((error: ContextCancelled) => error)]);
      await Promise.all(opened.map(context => context.cancel('enough')));
      const [one, two, error] = (await seen) as [string, string, ContextCancelled];
      const who = `${errorText(error)} by ${error.canceller?.name}: ${error.cause}, ${error.acked ? 'acked' : 'not acked'}`;
      return `${one} / ${two} / ${who}`;
    },
  },
  {
    title: 'C6: leaving a scope normally completes its streams and waits for its contexts',
    outcomes: ['a, complete, result 1'],
    async shows({portal}) {
      const seen: string[] = [];
      await openNursery(async inner => {
        const context = await callsOf(portal.with({scope: inner})).openContext(answers);
        const wire = context.openStream();
        wire.subscribe({next: (text: string) => seen.push(text), complete: () => seen.push('complete')});
        await wire.send('a');
        void context.result().then(count => seen.push(`result ${count}`));
      });
      return seen.join(', ');
    },
  },
  {
    title:
      'C6: a scope that is left with an error, or with onExit cancel, cancels its contexts and waits for their clean-up',
    outcomes: ['mine, cleaned up 1 / undefined, cleaned up 2'],
    async shows({portal}) {
      let cleaned = 0;
      const tidy = async (ctx: Callee) => {
        ctx.started.next(null);
        await aborted(ctx.signal);
        await stubbornly(300);
        cleaned++;
        throw ctx.signal.reason;
      };
      const failed = await openNursery(async inner => {
        await callsOf(portal.with({scope: inner})).openContext(tidy);
        throw new Error('mine');
      }).catch((error: Error) => error.message);
      const first = `${failed}, cleaned up ${cleaned}`;
      const left = await openNursery(async inner => {
        await callsOf(portal.with({scope: inner, onExit: 'cancel'})).openContext(tidy);
      });
      return `${first} / ${left}, cleaned up ${cleaned}`;
    },
  },
  {
    title: 'C6: a task that has returned waits for what it has called, and its caller with it',
    outcomes: ['value, after the call'],
    async shows({nursery, calls}) {
      await startActor(nursery, 'other');
      let when = 'before';
      const value = await calls.run(async () => {
        const other = callsOf((await findActor('other')) as never);
        void other.run(async () => {
          await sleep(20);
          when = 'after';
        });
        return 'value';
      });
      return `${value}, ${when} the call`;
    },
  },
  {
    title: 'C7: the result behind a stream that was closed arrives',
    outcomes: ['still here'],
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        const wire = ctx.openStream();
        await told(wire.iterate().next());
        await sleep(2);
        return 'still here';
      });
      const wire = context.openStream();
      await sleep(1);
      await wire.close();
      return told(context.result());
    },
  },
  {
    title: 'C8, X2: what a function says after the bound of its cancel is ignored, and the channel goes on',
    outcomes: ['cancelled, requested, not acked / 1'],
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        await stubbornly(5_000);
        return 'late';
      });
      const result = context.result().catch((error: unknown) => error);
      await context.cancel();
      const error = (await result) as ContextCancelled;
      await sleep(10_000);
      return `${errorText(error)}, ${error.acked ? 'acked' : 'not acked'} / ${await calls.run(() => 1)}`;
    },
  },
  {
    title: 'C9: the death of a caller cancels what it has asked for of another actor',
    outcomes: ['cancelled, peer'],
    async shows({nursery, world}) {
      await startActor(nursery, 'callee');
      let heard = 'nothing';
      await openNursery(async inner => {
        const caller = callsOf(await startActor(inner, 'caller'));
        await caller.run(async () => {
          const found = await findActor('callee');
          const context: Caller = await callsOf(found as never).openContext(async ctx => {
            ctx.started.next(null);
            heard = await told(sleep(longMs));
          });
          world.kill('caller');
          await context.result();
        });
      }).catch(() => {});
      await sleep(10);
      return heard;
    },
  },
  {
    title: 'C10: an actor calls itself, and what crosses is a copy',
    outcomes: ['worker, a copy'],
    shows: ({calls}) =>
      calls.run(async () => {
        const self = callsOf((await findActor('worker')) as never);
        const given = {n: 1};
        const isSame = await self.run((value: object) => value === given, given);
        return `${await self.run(() => currentActor().name)}, ${isSame ? 'the same' : 'a copy'}`;
      }),
  },
  {
    title: 'C11: a context that has ended in any way leaves the channel as it was',
    outcomes: ['true,RangeError,1 / 1'],
    async shows({calls}) {
      const ends: ((context: Caller) => unknown)[] = [
        context => context.cancel(),
        context => told(context.result()),
        context => told(lastValueFrom(context.openStream().pipe(toArray()))),
      ];
      const last = await Promise.all(
        ends.map(async (end, way) => {
          const context = await calls.openContext(async ctx => {
            ctx.started.next(null);
            const wire = ctx.openStream();
            await sleep(5);
            if (way === 1) throw new RangeError('mine');
            await wire.send(1);
            wire.complete();
          });
          context.result().catch(() => {});
          return end(context);
        }),
      );
      return `${last} / ${await calls.run(() => 1)}`;
    },
  },
  {
    title: 'C12: a call whose scope has settled rejects with reason scope, and its text names another scope',
    outcomes: ['cancelled, scope: with({scope}) / true'],
    async shows({portal}) {
      let settled = portal;
      let isPending = true;
      await openNursery(async inner => {
        settled = portal.with({scope: inner});
        void sleep(longMs).then(() => {
          isPending = false;
        });
      });
      const error = await callsOf(settled)
        .run(() => 1)
        .catch((thrown: Error) => thrown);
      return `${errorText(error)}: ${/with\(\{scope/.test(error.message) ? 'with({scope})' : error.message} / ${isPending}`;
    },
  },
];
