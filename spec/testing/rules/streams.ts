/** The rules of streams, S1 to S7, as simulations show them. Above rule.ts. */
import {catchError, finalize, lastValueFrom, of, take, toArray} from 'rxjs';
import {sleep} from '../../../lib/index.js';
import type {Callee} from '../../kit/pair.js';
import {type Calls, errorText, type Rule, told, toldOf} from './rule.js';

/** Sends ten numbers, and returns what it has got when the other end has completed. */
const tenAndSum = async (ctx: Callee) => {
  ctx.started.next(null);
  const wire = ctx.openStream();
  for (let value = 0; value < 10; value++) await wire.send(value);
  wire.complete();
  let sum = 0;
  for await (const value of wire) sum += value;
  return sum;
};

/** Reads to the end, whatever that is. */
async function readAll(source: AsyncIterable<unknown>): Promise<string> {
  const seen: unknown[] = [];
  try {
    for await (const value of source) seen.push(value);
  } catch (error) {
    seen.push(errorText(error));
  }
  return seen.join();
}

async function wireTo(calls: Calls, fn: (ctx: Callee) => unknown, options?: object) {
  const context = await calls.openContext(fn);
  return {context, wire: context.openStream(options)};
}

export const streams: readonly Rule[] = [
  {
    title: 'S1: a stream is opened once at each end, and a sender waits for a receiver that has not opened its end',
    outcomes: ['ERR_PROTOCOL / ERR_STREAM_CLOSED / sent after it was opened'],
    async shows({calls}) {
      let isOpened = false;
      let sent = '';
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        await ctx.openStream().send(1);
        sent = `sent ${isOpened ? 'after' : 'before'} it was opened`;
      });
      await sleep(50);
      isOpened = true;
      const wire = context.openStream();
      const twice = toldOf(() => context.openStream());
      await wire.iterate().next();
      await wire.close();
      const again = toldOf(() => context.openStream());
      await context.result();
      return `${twice} / ${again} / ${sent}`;
    },
  },
  {
    title:
      'S2, C4: one end completes while the other still sends: nothing is lost, and the result comes behind the values',
    outcomes: ['0,1,2,3,4 / 10,11,12,13,14'],
    seeds: 40,
    async shows({calls}) {
      const both = async (
        wire: {
          consume(fn: (value: number) => void): Promise<void>;
          send(value: number): Promise<void>;
          complete(): void;
        },
        from: number,
      ) => {
        const seen: number[] = [];
        const reading = wire.consume(value => void seen.push(value));
        for (let value = 0; value < 5; value++) await wire.send(from + value);
        wire.complete();
        wire.complete();
        await reading;
        return seen;
      };
      const {context, wire} = await wireTo(
        calls,
        ctx => {
          ctx.started.next(null);
          return both(ctx.openStream(), 0);
        },
        {window: 2},
      );
      return `${await both(wire, 10)} / ${await context.result()}`;
    },
  },
  {
    title: 'S2: close() ends both directions, also twice: the send of the other side rejects',
    outcomes: ['ERR_STREAM_CLOSED, true, done'],
    async shows({calls}) {
      let there = '';
      const {context, wire} = await wireTo(calls, async ctx => {
        ctx.started.next(null);
        const back = ctx.openStream();
        there = await told(
          (async () => {
            for (;;) await back.send(1);
          })(),
        );
        return 'done';
      });
      await wire.iterate().next();
      await Promise.all([wire.close(), wire.close()]);
      const result = await context.result();
      return `${there}, ${wire.closed}, ${result}`;
    },
  },
  {
    title: 'S3: who leaves a loop, a subscription or a waiting next() takes nothing along',
    outcomes: ['0,1,2,3 + 4,5 + 6,7,8,9, 42'],
    seeds: 40,
    async shows({calls}) {
      const {context, wire} = await wireTo(calls, tenAndSum, {window: 3});
      const waiting = wire.iterate();
      const next = waiting.next();
      await waiting.return?.();
      const first: unknown[] = [];
      const kept = (await next) as IteratorResult<unknown>;
      if (!kept.done) first.push(kept.value);
      for await (const value of wire) {
        first.push(value);
        if (first.length === 4) break;
      }
      const second = await lastValueFrom(wire.pipe(take(2), toArray()));
      const third = await readAll(wire);
      await wire.send(20);
      wire.next(22);
      wire.complete();
      return `${first} + ${second} + ${third}, ${await context.result()}`;
    },
  },
  {
    title: 'S4: catchError and finalize work on a stream, and a later subscriber is told the same error',
    outcomes: ['0,1,RangeError, finalized / RangeError'],
    async shows({calls}) {
      let end = 'not finalized';
      const {context, wire} = await wireTo(calls, async ctx => {
        ctx.started.next(null);
        const back = ctx.openStream();
        for (let value = 0; value < 2; value++) await back.send(value);
        await sleep(10);
        throw new RangeError('mine');
      });
      context.result().catch(() => {});
      const seen = await lastValueFrom(
        wire.pipe(
          catchError(error => of(errorText(error))),
          finalize(() => {
            end = 'finalized';
          }),
          toArray(),
        ),
      );
      return `${seen}, ${end} / ${await told(lastValueFrom(wire))}`;
    },
  },
  {
    title: 'S5: the error of a stream comes behind its values, that of a context overtakes what waits for room',
    outcomes: ['0,1,2,3,4,5,RangeError / overtaken'],
    async shows({calls}) {
      const failing = function* () {
        for (let value = 0; value < 6; value++) yield value;
        throw new RangeError('mine');
      };
      const whole = await readAll(calls.stream(failing));
      const {context, wire} = await wireTo(
        calls,
        async ctx => {
          ctx.started.next(null);
          const back = ctx.openStream();
          await back.send(0);
          for (let value = 1; value < 20; value++) back.next(value);
          throw new RangeError('mine');
        },
        {window: 2},
      );
      context.result().catch(() => {});
      await sleep(20);
      const cut = await readAll(wire);
      return `${whole} / ${/^(?:\d+,)*RangeError$/.test(cut) && cut.split(',').length < 20 ? 'overtaken' : cut}`;
    },
  },
  {
    title: 'S5: a consumer that throws fails its context at both ends, and not the channel',
    outcomes: ['mine / mine there / 1'],
    async shows({calls}) {
      let there = 'nothing';
      const {context, wire} = await wireTo(calls, async ctx => {
        ctx.started.next(null);
        const back = ctx.openStream();
        try {
          for (;;) await back.send(1);
        } catch (error) {
          const {message, cause} = error as Error;
          there = /mine/.test(`${message} ${(cause as Error | undefined)?.message}`) ? 'mine there' : errorText(error);
          throw error;
        }
      });
      context.result().catch(() => {});
      const here = await wire
        .consume(() => {
          throw new Error('mine');
        })
        .catch((error: Error) => error.message);
      await sleep(10);
      return `${here} / ${there} / ${await calls.run(() => 1)}`;
    },
  },
  {
    title: 'S6: send() and next() after the own end are refused; after the end of the peer next() drops and counts',
    outcomes: ['ERR_STREAM_CLOSED, ERR_STREAM_CLOSED / undefined, ERR_STREAM_CLOSED, 1 dropped'],
    async shows({calls}) {
      const reads = async (ctx: Callee) => {
        ctx.started.next(null);
        for await (const _ of ctx.openStream());
      };
      const own = (await wireTo(calls, reads)).wire;
      own.complete();
      const refused = `${await told(own.send(1))}, ${toldOf(() => own.next(1))}`;
      const {context, wire} = await wireTo(calls, ctx => ctx.started.next(null));
      await context.result();
      const dropped = `${toldOf(() => wire.next(1))}, ${await told(wire.send(2))}, ${wire.stats.dropped} dropped`;
      return `${refused} / ${dropped}`;
    },
  },
  {
    title: 'S7: a read behind the regular end of a stream tells the error of the context',
    outcomes: ['0,1,2, then RangeError'],
    async shows({calls}) {
      const {context, wire} = await wireTo(calls, async ctx => {
        ctx.started.next(null);
        const back = ctx.openStream();
        for (let value = 0; value < 3; value++) await back.send(value);
        back.complete();
        await sleep(5);
        throw new RangeError('mine');
      });
      const seen: unknown[] = [];
      const reading = wire.iterate();
      while (seen.length < 3) seen.push((await reading.next()).value);
      await told(context.result());
      return `${seen}, then ${await readAll(wire)}`;
    },
  },
];
