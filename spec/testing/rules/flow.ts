/** The rules of flow, F1 to F10, as simulations show them. Above rule.ts. */
import {lastValueFrom, toArray} from 'rxjs';
import {type FlowOptions, registerType, sleep, watchActors} from '../../../lib/index.js';
import {callsOf} from '../../kit/pair.js';
import {aborted, errorText, longMs, type Rule, told} from './rule.js';

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
registerType(Money, {
  name: 'spec/testing/Money',
  pack: ({cents}) => cents,
  unpack: cents => new Money(cents as number),
});

/** Pushes fifty values at once to an end that reads them later. Resolves with what has become of them. */
async function pushed(
  calls: ReturnType<typeof callsOf>,
  options: FlowOptions,
): Promise<{outcome: string; got: number[]; dropped: number}> {
  const got: number[] = [];
  const context = await calls.openContext(async ctx => {
    ctx.started.next(null);
    await sleep(20);
    await ctx.openStream({window: 2}).consume((value: {n: number}) => void got.push(value.n));
    return 'read';
  });
  const wire = context.openStream(options);
  for (let n = 0; n < 50; n++) wire.next({n, fill: 'x'.repeat(100)});
  wire.complete();
  return {outcome: await told(context.result()), got, dropped: wire.stats.dropped};
}

export const flow: readonly Rule[] = [
  {
    title: 'F1, F2: no more values are on their way than the window allows, and none is lost',
    outcomes: ['20 taken, within the window'],
    seeds: 40,
    async shows({calls, world}) {
      let sent = 0;
      let taken = 0;
      let most = 0;
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        const wire = ctx.openStream();
        for (let value = 0; value < 20; value++) {
          await wire.send(value);
          most = Math.max(most, ++sent - taken);
        }
      });
      await context.openStream({window: 4}).consume(async () => {
        await sleep(world.random() < 0.5 ? 0 : 2);
        taken++;
      });
      await context.result();
      // The value whose `send` has just resolved is one of the window.
      return `${taken} taken, ${most <= 4 ? 'within the window' : `${most} on their way`}`;
    },
  },
  {
    title: 'F2: an iterable is asked for no value for which there is no room',
    outcomes: ['0,1,2,3,4,5,6,7,8,9, within the window'],
    async shows({portal}) {
      let pulled = 0;
      let most = 0;
      const counts = function* () {
        while (pulled < 10) yield pulled++;
      };
      const got: number[] = [];
      for await (const value of callsOf(portal.with({window: 4})).stream(counts)) {
        most = Math.max(most, pulled - got.length);
        await sleep(5);
        got.push(value);
      }
      return `${got}, ${most <= 5 ? 'within the window' : `${most} ahead`}`;
    },
  },
  {
    title: 'F3: send() waits for room, and next() beyond bufferBytes fails the context at both ends',
    outcomes: ['2 sent / ERR_OVERRUN / StreamOverrun'],
    async shows({calls}) {
      let sent = 0;
      const waiting = await calls.openContext(async ctx => {
        ctx.started.next(null);
        ctx.openStream({window: 2});
        await sleep(longMs);
      });
      const wire = waiting.openStream();
      const flood = (async () => {
        for (;;) {
          await wire.send(1);
          sent++;
        }
      })();
      await sleep(50);
      waiting.result().catch(() => {});
      await Promise.all([waiting.cancel(), flood.catch(() => {})]);
      let there = 'nothing';
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        await aborted(ctx.signal);
        there = errorText((ctx.signal.reason as Error).cause);
        throw ctx.signal.reason;
      });
      const overrun = context.openStream({bufferBytes: 2_000});
      for (let n = 0; n < 50; n++) overrun.next('x'.repeat(100));
      const here = await told(context.result());
      await sleep(10);
      return `${sent} sent / ${here} / ${there}`;
    },
  },
  {
    title: 'F3, F8: dropOldest keeps the last values in their order, and received and dropped are what was pushed',
    outcomes: ['read, in order up to 49, 50 in all'],
    async shows({calls}) {
      const {outcome, got, dropped} = await pushed(calls, {bufferBytes: 2_000, overflow: 'dropOldest'});
      const isInOrder = got.every((n, at) => at === 0 || n > (got[at - 1] as number)) && dropped > 0;
      return `${outcome}, ${isInOrder ? 'in order' : `${got}`} up to ${got.at(-1)}, ${got.length + dropped} in all`;
    },
  },
  {
    title: 'F3, F8: with latest one value waits, the last',
    outcomes: ['read, 49, 49 dropped'],
    async shows({calls}) {
      const {outcome, got, dropped} = await pushed(calls, {overflow: 'latest'});
      return `${outcome}, ${got}, ${dropped} dropped`;
    },
  },
  {
    title: 'F4: a context that stands still holds up no other, and a cancel passes values',
    outcomes: ['0,1,2,3,4 / 300000 / true'],
    async shows({calls}) {
      const stalled = await calls.openContext(async ctx => {
        ctx.started.next(null);
        const wire = ctx.openStream();
        for (;;) await wire.send(new Uint8Array(10_000));
      });
      stalled.openStream();
      stalled.result().catch(() => {});
      await sleep(10);
      const beside = await lastValueFrom(calls.stream(() => [0, 1, 2, 3, 4]).pipe(toArray()));
      const large = (await calls.run(() => new Uint8Array(300_000))) as Uint8Array;
      return `${beside} / ${large.length} / ${await stalled.cancel()}`;
    },
  },
  {
    title: 'F5: between parent and child silence is not death: a stopped actor goes on where it was',
    outcomes: ['true, after 30 s: unresponsive, responsive'],
    seeds: 5,
    async shows({calls, world}) {
      const told: string[] = [];
      const watching = watchActors().subscribe(({type}) => {
        if (/responsive/.test(type)) told.push(type);
      });
      await sleep(10);
      const began = world.now();
      world.kill('worker', 'SIGSTOP');
      world.at(began + 30_000, () => world.kill('worker', 'SIGCONT'));
      const answer = await calls.run(() => true);
      const seconds = Math.floor((world.now() - began) / 1_000);
      await sleep(10_000);
      watching.unsubscribe();
      return `${answer}, after ${seconds} s: ${told.join(', ')}`;
    },
  },
  {
    title: 'F6: a value belongs to the runtime when it is handed over, and memory that is given away is gone here',
    outcomes: ['1,1,7 / 1,1,7 / 0 bytes left'],
    async shows({calls}) {
      const seen: string[] = [];
      const text = ({n, bytes}: {n: number; bytes: Uint8Array}): string => `${n},${bytes}`;
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        for await (const value of ctx.openStream()) seen.push(text(value));
      });
      const wire = context.openStream();
      const given = {n: 1, bytes: new Uint8Array([1, 7])};
      const called = calls.run(text, given);
      const sent = wire.send(given, {transfer: true});
      given.n = 2;
      await sent;
      wire.complete();
      await context.result();
      return `${await called} / ${seen} / ${given.bytes.length} bytes left`;
    },
  },
  {
    title: 'F7: a value that is larger than the window passes when its receiver has opened its end',
    outcomes: ['100000,10,100000'],
    async shows({calls}) {
      const context = await calls.openContext(async ctx => {
        ctx.started.next(null);
        const wire = ctx.openStream();
        for (const size of [100_000, 10, 100_000]) await wire.send(new Uint8Array(size));
      });
      const sizes: number[] = [];
      await context.openStream({windowBytes: 1_000}).consume((value: Uint8Array) => void sizes.push(value.length));
      await context.result();
      return sizes.join();
    },
  },
  {
    title: 'F9: a value arrives as what it was, or is refused with the path to what is wrong',
    outcomes: ['Buffer, null, Map / ERR_UNSERIALIZABLE a.b'],
    async shows({calls}) {
      const kinds = (await calls.run(
        (buffer: object, bare: object, map: object) =>
          [buffer.constructor.name, Object.getPrototypeOf(bare), map.constructor.name].map(String),
        Buffer.from([1]),
        Object.create(null),
        new Map([[1, 2]]),
      )) as string[];
      const error = await calls.run(() => 1, {a: {b: Symbol('no')}}).catch((thrown: unknown) => thrown);
      return `${kinds.join(', ')} / ${errorText(error)} ${/a\.b/.exec((error as Error).message)?.[0]}`;
    },
  },
  {
    title: 'F10: an instance of a registered class crosses in both directions',
    outcomes: ['Money 3, Money 4'],
    async shows({calls}) {
      const doubled = (await calls.run(
        (money: Money) => [`${money.constructor.name} ${money.cents}`, new Money(money.cents + 1)],
        new Money(3),
      )) as [string, Money];
      return `${doubled[0]}, ${doubled[1].constructor.name} ${doubled[1].cents}`;
    },
  },
];
