// Marble diagrams over everything that crosses between actors.
// Above lib/testing/marbles.ts.
import test from 'ava';
import {concatMap, from, map, type Observable, retry, timer} from 'rxjs';
import {type CalleeContext, context, openNursery, operator, stream, task} from '../../lib/index.js';
import {simulate, type World} from '../../lib/testing/index.js';

const at = (name: string) => ({module: import.meta.url, name});

/** The world of the run, for the actors in it: they are parts of this process. */
let world: World;
const cold = stream((marbles: string) => world.cold(marbles), at('cold'));
const slowly = operator(
  (source: Observable<string>, ms: number) =>
    source.pipe(concatMap(value => timer(ms).pipe(map(() => value.toUpperCase())))),
  at('slowly'),
);
const later = task(async (value: string) => {
  await new Promise(resolve => setTimeout(resolve, 3));
  return value.toUpperCase();
}, at('later'));
const relay = context(async (ctx: CalleeContext<string, string, null>) => {
  ctx.started.next(null);
  const wire = ctx.openStream();
  for await (const value of wire) await wire.send(value.toUpperCase());
}, at('relay'));

/** Each in both orders, and under several seeds. */
function marbles(title: string, body: (given: World) => Promise<unknown>): void {
  for (const options of [{order: 'fifo'} as const, ...[1, 2, 3, 4, 5].map(seed => ({seed}))])
    test.serial(`${title} (${JSON.stringify(options)})`, async t => {
      await simulate(async given => {
        world = given;
        await body(given);
      }, options);
      t.pass();
    });
}

marbles('cold and hot have the syntax of RxJS', async ({cold: make, hot, expectStream}) => {
  const error = new Error('mine');
  await Promise.all([
    expectStream(make('a-(bc)--|')).toBe('a-(bc)--|'),
    expectStream(make('a 9ms b-#', {a: 1, b: 2}, error)).toBe('a 9ms b-#', {a: 1, b: 2}, error),
    expectStream(make('a-b-c-d|'), '^---!').toBe('a-b-'),
    // A value that comes at the frame of the unsubscription is not seen.
    expectStream(make('a-b-c-d|'), '^---!').toBe('a-b------'),
    expectStream(hot('-a-^-b-c|')).toBe('--b-c|'),
    expectStream(hot('a-b-c-d|'), '---^---!').toBe('----c-d'),
    expectStream(from(Promise.resolve('x'))).toBe('(x|)'),
    expectStream(make('-a-a-a-a-a')).toBe('-a-a-'),
  ]);
});

marbles('a stream of another actor', ({expectStream}) =>
  openNursery(async nursery => {
    const portal = await nursery.startActor('worker', {expose: [cold]});
    await expectStream(portal.stream(cold, 'a-b 7ms (cd)-|')).toBe('a-b 7ms (cd)-|');
    await expectStream(portal.stream(cold, 'a-b-c-d-|'), '^---!').toBe('a-b-');
  }),
);

marbles('an operator in another actor', ({cold: make, expectStream}) =>
  openNursery(async nursery => {
    const portal = await nursery.startActor('worker', {expose: [slowly]});
    await expectStream(make('ab---c|').pipe(portal.operator(slowly, 2))).toBe('--A-B--(C|)');
  }),
);

marbles('a context, in both directions', ({cold: make, expectStream}) =>
  openNursery(async nursery => {
    const portal = await nursery.startActor('worker', {expose: [relay]});
    const context = await portal.openContext(relay);
    const wire = context.openStream();
    const expected = expectStream(wire).toBe('a--b----(c|)', {a: 'A', b: 'B', c: 'C'});
    make('a--b----(c|)').subscribe(wire);
    await expected;
    await context.result();
  }),
);

marbles('a pool, with promises in its workers', ({cold: make, expectStream}) =>
  openNursery(async nursery => {
    const pool = await nursery.openPool(2, {expose: [later]});
    await expectStream(make('a-b-c---|').pipe(pool.map(later, {ordered: true}))).toBe('---A-B-C|');
  }),
);

marbles(
  'retry after a kill: an actor Observable gives the stream of the next actor',
  async ({at: when, kill, expectStream}) => {
    await openNursery(async nursery => {
      const source = nursery.actor('worker', {expose: [cold]}, portal => portal.stream(cold, 'a-b-c-|')).pipe(retry(1));
      when(3, () => kill('worker'));
      await expectStream(source).toBe('a-ba-b-c-|');
    });
  },
);

test.serial('what differs is shown', async t => {
  const error = await t.throwsAsync(
    simulate(({cold: make, expectStream}) => expectStream(make('a-b|')).toBe('a--b|')),
    {
      name: 'AssertionError',
    },
  );
  t.regex(
    error.message,
    /it should give: 0 ms next "a", 3 ms next "b", 4 ms complete\nit gave: 0 ms next "a", 2 ms next "b", 3 ms complete/,
  );
});
