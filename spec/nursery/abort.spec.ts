// Rule X10 as a table: every verb and noun that waits takes a signal, and a timeout where it is a call.
import {from, lastValueFrom, NEVER, of} from 'rxjs';
import {ContextCancelled, main, type Nursery, openNursery, type Pool, type Portal, sleep} from '../../lib/index.js';
import {countTo} from '../fixtures/streams.js';
import {waitContext, waitOperator, waitShared, waitStream, waits, waitTask} from '../fixtures/waiting.js';
import {test} from '../kit/limited.js';
import {turns, until} from '../kit/pair.js';

interface Options {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}
interface Place {
  readonly nursery: Nursery;
  readonly portal: Portal;
  readonly pool: Pool;
}
type Begin = (place: Place, options: Options) => Promise<unknown>;

const actor = {
  expose: [countTo, waitTask, waitStream, waitOperator, waitContext, waitShared],
  backend: 'inline',
} as const;

/** Calls, which take a timeout too. */
const calls: Record<string, Begin> = {
  run: ({portal}, options) => portal.with(options).run(waitTask),
  openContext: ({portal}, options) => portal.with(options).openContext(waitContext),
  context: ({portal}, options) => lastValueFrom(portal.with(options).context(waitContext)),
  stream: ({portal}, options) => lastValueFrom(portal.with(options).stream(waitStream)),
  'stream, iterated': async ({portal}, options) => portal.with(options).stream(waitStream).iterate().next(),
  'stream, consume': ({portal}, options) =>
    portal
      .with(options)
      .stream(waitStream)
      .consume(() => {}),
  operator: ({portal}, options) => lastValueFrom(NEVER.pipe(portal.with(options).operator(waitOperator))),
  'pool.run': ({pool}, options) => pool.with(options).run(waitTask),
  'pool.map': ({pool}, options) => lastValueFrom(of(1).pipe(pool.with(options).map(waitTask))),
  'nursery.run': ({nursery}, options) => nursery.with({...options, ...actor}).run(waitTask),
  'openShared, in a call': ({portal}, options) => portal.with(options).run(waitShared),
};
/** An object that has only a signal. */
const others: Record<string, Begin> = {
  'openNursery, without a body': async (_, {signal}) => {
    await using nursery = await openNursery({...(signal && {signal})});
    waits.begun++;
    await new Promise(resolve => nursery.signal.addEventListener('abort', resolve));
    waits.ended++;
  },
  openNursery: (_, {signal}) =>
    openNursery(
      async () => {
        waits.begun++;
        await sleep(1e9).finally(() => waits.ended++);
      },
      {...(signal && {signal})},
    ),
};

async function withPlace(act: (place: Place) => Promise<void>): Promise<void> {
  await openNursery(async nursery => {
    const [portal, pool] = await Promise.all([nursery.startActor('waiter', actor), nursery.openPool(1, actor)]);
    await act({nursery, portal, pool});
  });
}

const why = new Error('mine');
for (const [verb, begin] of Object.entries({...calls, ...others})) {
  test.serial(`X10: ${verb}: a signal that was aborted prevents it`, async t => {
    await withPlace(async place => {
      const before = waits.begun;
      const error = await t.throwsAsync(begin(place, {signal: AbortSignal.abort(why)}), {instanceOf: ContextCancelled});
      t.is(error.cause as unknown, why);
      t.is(error.reason, 'requested');
      await turns();
      t.is(waits.begun, before);
    });
  });

  test.serial(`X10: ${verb}: a signal that aborts later cancels it, with its reason as the cause`, async t => {
    await withPlace(async place => {
      const before = {...waits};
      const controller = new AbortController();
      const outcome = t.throwsAsync(begin(place, {signal: controller.signal}), {instanceOf: ContextCancelled});
      await until(() => waits.begun > before.begun);
      controller.abort(why);
      t.is((await outcome).cause as unknown, why);
      await until(() => waits.ended > before.ended);
    });
  });
}

for (const [verb, begin] of Object.entries(calls)) {
  for (const timeout of [0, -1, Number.NEGATIVE_INFINITY])
    test.serial(`X10: ${verb}: a timeout of ${timeout} prevents it`, async t => {
      await withPlace(async place => {
        const before = waits.begun;
        const error = await t.throwsAsync(begin(place, {timeout}), {instanceOf: ContextCancelled});
        t.is(error.reason, 'deadline');
        await turns();
        t.is(waits.begun, before);
      });
    });

  test.serial(`X10: ${verb}: a timeout is total, and its end cancels`, async t => {
    await withPlace(async place => {
      const before = waits.ended;
      const error = await t.throwsAsync(begin(place, {timeout: 150}), {instanceOf: ContextCancelled});
      t.is(error.reason, 'deadline');
      await until(() => waits.ended > before || verb === 'nursery.run');
    });
  });

  test.serial(`X10: ${verb}: a timeout that is no number is refused`, async t => {
    await withPlace(async place => {
      await t.throwsAsync(async () => begin(place, {timeout: Number.NaN}), {instanceOf: RangeError});
    });
  });

  for (const timeout of [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY])
    test.serial(`X10: ${verb}: a timeout of ${timeout} ms is no short one`, async t => {
      await withPlace(async place => {
        const before = waits.begun;
        const controller = new AbortController();
        const outcome = t.throwsAsync(begin(place, {timeout, signal: controller.signal}), {
          instanceOf: ContextCancelled,
        });
        await until(() => waits.begun > before);
        await new Promise(resolve => setTimeout(resolve, 20));
        controller.abort(why);
        t.is((await outcome).reason, 'requested');
      });
    });
}

const starts: Record<string, Begin> = {
  startActor: ({nursery}, {signal}) => nursery.startActor('late', {...actor, ...(signal && {signal})}),
  actor: ({nursery}, {signal}) => lastValueFrom(nursery.actor('late', {...actor, ...(signal && {signal})})),
  openPool: ({nursery}, {signal}) => nursery.openPool(2, {...actor, ...(signal && {signal})}),
};
for (const [verb, begin] of Object.entries(starts)) {
  test.serial(`X10: ${verb}: a signal that was aborted prevents it`, async t => {
    await withPlace(async place => {
      const error = await t.throwsAsync(begin(place, {signal: AbortSignal.abort(why)}), {instanceOf: ContextCancelled});
      t.is(error.cause as unknown, why);
      t.false(place.nursery.signal.aborted);
    });
  });

  test.serial(`X10: ${verb}: a signal that aborts while it starts cancels it`, async t => {
    await withPlace(async place => {
      const controller = new AbortController();
      const outcome = t.throwsAsync(begin(place, {signal: controller.signal}), {instanceOf: ContextCancelled});
      controller.abort(why);
      t.is((await outcome).cause as unknown, why);
      t.false(place.nursery.signal.aborted);
    });
  });
}

test.serial('X10: main: a signal that was aborted prevents the body, and is no error of the program', async t => {
  const before = process.exitCode;
  let begun = false;
  t.is(
    await main(
      () => {
        begun = true;
      },
      {signal: AbortSignal.abort(why)},
    ),
    undefined,
  );
  t.false(begun);
  t.is(process.exitCode, before);
});

test.serial('X10: main: a signal that aborts later cancels the body, and is no error of the program', async t => {
  const before = process.exitCode;
  const controller = new AbortController();
  let told: unknown;
  const outcome = main(
    () =>
      sleep(1e9).catch(error => {
        told = error;
        throw error;
      }),
    {signal: controller.signal},
  );
  await turns();
  controller.abort(why);
  t.is(await outcome, undefined);
  t.true(told instanceof ContextCancelled);
  t.is((told as ContextCancelled).cause as unknown, why);
  t.is(process.exitCode, before);
});

test.serial('X5: a call that its own signal or timeout ends, and that nobody asks about, fails nothing', async t => {
  await withPlace(async place => {
    const controller = new AbortController();
    for (const begin of [calls.run, calls.openContext, calls['stream, consume'], calls['pool.run']]) {
      void begin?.(place, {signal: controller.signal});
      void begin?.(place, {timeout: 1});
      void begin?.(place, {timeout: 0});
      void begin?.(place, {signal: AbortSignal.abort(why)});
    }
    await turns();
    controller.abort(why);
    await new Promise(resolve => setTimeout(resolve, 30));
    await turns();
    t.false(place.nursery.signal.aborted);
  });
});

for (const [source, make] of Object.entries({
  'an Observable': () => from([1, 2, 3]),
  'a remote stream': ({portal}: Place) => portal.stream(countTo, 3),
}))
  for (const ordered of [false, true])
    test.serial(
      `X1: unsubscribing from pool.map() over ${source} cancels the tasks that run${ordered ? ', ordered' : ''}`,
      async t => {
        await withPlace(async place => {
          const before = {...waits};
          const seen: unknown[] = [];
          const subscription = make(place)
            .pipe(place.pool.map(waitTask, {concurrency: 2, ordered}))
            .subscribe({next: value => seen.push(value), error: error => seen.push(error)});
          await until(() => waits.begun === before.begun + 2);
          subscription.unsubscribe();
          await until(() => waits.ended === before.ended + 2);
          await turns();
          t.is(waits.begun, before.begun + 2, 'nor is another begun');
          t.deepEqual(seen, []);
          t.false(place.nursery.signal.aborted);
        });
      },
    );

test.serial('pool.with() refuses what is no option of a task', async t => {
  await withPlace(async ({pool}) => {
    t.throws(() => pool.with({window: 1} as object), {instanceOf: TypeError});
    t.throws(() => pool.with({timeout: Number.NaN}), {instanceOf: RangeError});
  });
});
