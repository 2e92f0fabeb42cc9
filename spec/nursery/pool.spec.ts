// Pools: which worker gets a task, how many run at a time, what a death costs, and that all of it ends.
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {from, lastValueFrom, Observable, take, toArray} from 'rxjs';
import {
  ActorDied,
  ContextCancelled,
  NotExposed,
  openNursery,
  type Pool,
  RemoteActorError,
  SpawnFailed,
  Unserializable,
} from '../../lib/index.js';
import {workOrDie} from '../fixtures/holder.js';
import {countTo} from '../fixtures/streams.js';
import {deafTask, spins} from '../fixtures/stubborn.js';
import {add, double, echo, exit, hang, nap, pidOf} from '../fixtures/tasks.js';

import {actorProcesses, isAlive, untilGone} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 5});

// Each starts several processes.
const options = {expose: [add, countTo, double, exit, hang, nap, pidOf, workOrDie]};
const children = (): number[] =>
  actorProcesses()
    .filter(actor => actor.parent === process.pid)
    .map(actor => actor.pid);

/** A file in which tasks note that they ran. */
function notes(t: ExecutionContext): {readonly file: string; read(): number[]} {
  const folder = mkdtempSync(join(tmpdir(), 'rxtractor-pool-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const file = join(folder, 'notes');
  return {file, read: () => readFileSync(file, 'utf8').trim().split('\n').map(Number)};
}

test('openPool() resolves when all workers serve, and a task goes to the one that has least to do', async t => {
  await openNursery(async nursery => {
    const pool = await nursery.openPool(3, options);
    t.is(pool.size, 3);
    t.is(children().length, 3);
    // Each is busy with one, so that the next goes elsewhere.
    const pids = await Promise.all([pool.run(pidOf), pool.run(pidOf), pool.run(pidOf)]);
    t.is(new Set(pids).size, 3);
    const busy = [pool.run(hang), pool.run(hang)].map(task => t.throwsAsync(task, {instanceOf: ContextCancelled}));
    t.is(new Set([await pool.run(pidOf), await pool.run(pidOf)]).size, 1);
    await pool[Symbol.asyncDispose]();
    await Promise.all(busy);
    t.deepEqual(children(), []);
  });
});

test('a failed task fails itself alone', async t => {
  await openNursery(async nursery => {
    const pool = await nursery.openPool(1, {expose: [add]});
    const error = await t.throwsAsync(pool.run(double, 1), {instanceOf: RemoteActorError});
    t.true(error.is(NotExposed));
    t.is(await pool.run(add, 1, 2), 3);
  });
});

const jobs = (file: string, times: readonly number[]): {file: string; n: number; ms: number}[] =>
  times.map((ms, n) => ({file, n, ms}));

test('map() gives results as they are ready, or with `ordered` in the order of the values', async t => {
  const {file} = notes(t);
  await openNursery(async nursery => {
    const pool = await nursery.openPool(2, options);
    const slowFirst = jobs(file, [400, 0, 0, 0]);
    const mapped = await lastValueFrom(from(slowFirst).pipe(pool.map(workOrDie), toArray()));
    t.is(mapped.at(-1), 0);
    t.deepEqual([...mapped].sort(), [0, 10, 20, 30]);
    const ordered = await lastValueFrom(from(slowFirst).pipe(pool.map(workOrDie, {ordered: true}), toArray()));
    t.deepEqual(ordered, [0, 10, 20, 30]);
  });
});

/** Counts how many calls of `run` are pending, without changing what they do. */
function watch(pool: Pool): {most: number; calls: number} {
  const seen = {most: 0, calls: 0};
  const inner = pool as unknown as {start(...args: unknown[]): Promise<unknown>};
  const start = inner.start.bind(pool);
  let now = 0;
  inner.start = (...args) => {
    seen.calls++;
    now++;
    seen.most = Math.max(seen.most, now);
    return start(...args).finally(() => now--);
  };
  return seen;
}

test('map() has as many tasks at a time as there are workers, or `concurrency`', async t => {
  await openNursery(async nursery => {
    const pool = await nursery.openPool(2, options);
    const seen = watch(pool);
    const run = (concurrency?: number): Promise<number[]> =>
      lastValueFrom(
        from([1, 2, 3, 4, 5, 6]).pipe(pool.map(double, concurrency === undefined ? {} : {concurrency}), toArray()),
      );
    await run();
    t.is(seen.most, 2);
    seen.most = 0;
    await run(1);
    t.is(seen.most, 1);
    await run(5);
    t.is(seen.most, 5);
    t.throws(() => pool.map(double, {concurrency: 0})(from([1])), {instanceOf: RangeError});
  });
});

test('map() reads a remote stream only as fast as the workers work; what an Observable pushes is queued', async t => {
  await openNursery(async nursery => {
    const pool = await nursery.openPool(2, options);
    const source = await nursery.startActor('source', {expose: [countTo]});
    const numbers = source.with({window: 4}).stream(countTo, 40);
    const doubled = await lastValueFrom(numbers.pipe(take(40)).pipe(pool.map(double, {ordered: true}), toArray()));
    t.deepEqual(doubled.slice(0, 3), [2, 4, 6]);
    let mapAsyncs = 0;
    const mapAsync = numbers.mapAsync.bind(numbers);
    numbers.mapAsync = ((...args: Parameters<typeof mapAsync>) => {
      mapAsyncs++;
      return mapAsync(...args);
    }) as typeof numbers.mapAsync;
    const direct = await lastValueFrom(numbers.pipe(pool.map(double, {ordered: true}), toArray()));
    t.deepEqual(direct, doubled);
    t.is(mapAsyncs, 1);
    let pushed = 0;
    const pushes = new Observable<number>(subscriber => {
      for (pushed = 0; pushed < 100; pushed++) subscriber.next(pushed);
      subscriber.complete();
    });
    const seen = watch(pool);
    const all = lastValueFrom(pushes.pipe(pool.map(double), toArray()));
    t.is(pushed, 100);
    t.is(seen.calls, 2);
    t.is((await all).length, 100);
  });
});

test('T9: a dead worker is replaced: its task alone fails, with ActorDied, and is not run again', async t => {
  const {file, read} = notes(t);
  await openNursery(async nursery => {
    const pool = await nursery.openPool(2, options);
    const before = children();
    const outcomes = await Promise.allSettled([
      pool.run(workOrDie, {file, n: 1, dies: true}),
      pool.run(workOrDie, {file, n: 2, ms: 300}),
    ]);
    const [dead, well] = outcomes;
    t.true(dead.status === 'rejected' && dead.reason instanceof ActorDied && dead.reason.exit.signal === 'SIGKILL');
    t.deepEqual(well, {status: 'fulfilled', value: 20});
    const pids = await Promise.all([pool.run(pidOf), pool.run(pidOf)]);
    t.is(new Set(pids).size, 2);
    t.is(pids.filter(pid => before.includes(pid)).length, 1);
    t.deepEqual(read().sort(), [1, 2]);
    t.false(nursery.signal.aborted);
  });
});

test.long(
  'T9: several deaths, of all workers at a time and of one again and again, are each their task’s alone',
  async t => {
    const {file, read} = notes(t);
    await openNursery(async nursery => {
      const pool = await nursery.openPool(2, options);
      for (const round of [0, 1]) {
        const deaths = await Promise.allSettled(
          [0, 1].map(n => pool.run(workOrDie, {file, n: 10 * round + n, dies: true})),
        );
        for (const death of deaths) t.true(death.status === 'rejected' && death.reason instanceof ActorDied);
      }
      // Each in its turn: every second one kills.
      const numbers = [20, 21, 22, 23, 24, 25];
      const results: unknown[] = [];
      for (const n of numbers)
        results.push(
          await pool.run(workOrDie, {file, n, dies: n % 2 === 0}).catch(error => error instanceof ActorDied),
        );
      t.deepEqual(results, [true, 210, true, 230, true, 250]);
      t.deepEqual(
        read().sort((a, b) => a - b),
        [0, 1, 10, 11, ...numbers],
      );
      t.is(new Set(await Promise.all([pool.run(pidOf), pool.run(pidOf)])).size, 2);
      t.false(nursery.signal.aborted);
    });
  },
);

test('T9: one crash fails one task: those that were waiting run in the next worker', async t => {
  const {file, read} = notes(t);
  await openNursery(async nursery => {
    const pool = await nursery.openPool(1, options);
    const numbers = [1, 2, 3, 4, 5];
    const outcomes = await Promise.allSettled(numbers.map(n => pool.run(workOrDie, {file, n, dies: n === 2})));
    t.deepEqual(
      outcomes.map(outcome => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code)),
      [10, 'ERR_DIED', 30, 40, 50],
    );
    // Each ran once, in the order of the calls.
    t.deepEqual(read(), numbers);
    t.false(nursery.signal.aborted);
  });
});

test('T10: a worker whose task does not let go is ended, and no task waits behind it', async t => {
  await openNursery(
    async nursery => {
      const pool = await nursery.openPool(2, {expose: [pidOf, spins]});
      const before = children();
      const runaway = await t.throwsAsync(pool.with({timeout: 1}).run(spins), {instanceOf: ContextCancelled});
      t.is(runaway.reason, 'deadline');
      t.false(runaway.acked);
      const ended = runaway.actor?.pid ?? 0;
      const pids = await Promise.all([pool.run(pidOf), pool.run(pidOf), pool.run(pidOf)]);
      t.true(before.includes(ended));
      t.false(pids.includes(ended));
      t.is(new Set(pids).size, 2);
      t.deepEqual(await untilGone([ended]), []);
      t.false(nursery.signal.aborted);
    },
    {timeouts: {exit: 300}, logLevel: 'error'},
  );
});

test('T10: a worker in which another task runs is ended after that task', t =>
  openNursery(
    async nursery => {
      const pool = await nursery.openPool(1, {expose: [deafTask, nap, pidOf]});
      const first = await pool.run(pidOf);
      const deaf = new AbortController();
      const signalled = t.throwsAsync(
        lastValueFrom(from([0]).pipe(pool.with({signal: deaf.signal}).map(deafTask, {concurrency: 3}))),
        {instanceOf: ContextCancelled},
      );
      const beside = lastValueFrom(from([1_500]).pipe(pool.map(nap, {concurrency: 3})));
      // Answered behind both.
      t.is(await lastValueFrom(from([0]).pipe(pool.map(pidOf, {concurrency: 3}))), first);
      deaf.abort();
      t.false((await signalled).acked);
      t.is(await beside, undefined);
      t.not(await pool.run(pidOf), first);
      t.deepEqual(await untilGone([first]), []);
    },
    {timeouts: {exit: 300}, logLevel: 'error'},
  ));

test('X10: a task that waits for a worker is cancelled by its signal, its time and its pool, and never begins', async t => {
  const {file, read} = notes(t);
  await openNursery(async nursery => {
    const pool = await nursery.openPool(1, options);
    const running = t.throwsAsync(pool.run(hang), {instanceOf: ContextCancelled});
    const stop = new AbortController();
    const signalled = t.throwsAsync(pool.with({signal: stop.signal}).run(workOrDie, {file, n: 1}), {
      instanceOf: ContextCancelled,
    });
    stop.abort('enough');
    t.is((await signalled).cause as unknown, 'enough');
    const late = await t.throwsAsync(pool.with({timeout: 20}).run(workOrDie, {file, n: 2}), {
      instanceOf: ContextCancelled,
    });
    t.is(late.reason, 'deadline');
    const waiting = t.throwsAsync(pool.run(workOrDie, {file, n: 3}), {instanceOf: ContextCancelled});
    await pool[Symbol.asyncDispose]();
    await Promise.all([running, waiting]);
    t.throws(read);
    t.false(nursery.signal.aborted);
  });
});

test('F6: a task that waits gets its arguments as they were at the call', t =>
  openNursery(async nursery => {
    const pool = await nursery.openPool(1, {expose: [echo, nap]});
    const first = pool.run(nap, 50);
    const value = {count: 1};
    const second = pool.run(echo, value);
    value.count = 2;
    await t.throwsAsync(
      pool.run(echo, () => {}),
      {instanceOf: Unserializable},
    );
    await first;
    t.deepEqual(await second, {count: 1});
  }));

test('a pool that cannot be started rejects, and leaves nothing', async t => {
  await openNursery(async nursery => {
    const broken = {expose: [...options.expose, new URL('../fixtures/throws-at-import.js', import.meta.url)]};
    await t.throwsAsync(nursery.openPool(2, broken), {instanceOf: SpawnFailed});
    t.deepEqual(children(), []);
    await t.throwsAsync(nursery.openPool(2, {...options, stdio: 'loud' as never}), {instanceOf: TypeError});
    t.false(nursery.signal.aborted);
  });
});

for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2' as never]) {
  test(`openPool() refuses a size of ${typeof size === 'string' ? 'a string' : size}`, async t => {
    await openNursery(async nursery => {
      await t.throwsAsync(nursery.openPool(size, options), {instanceOf: RangeError, message: /from 1 on/});
      t.deepEqual(children(), []);
    });
  });
}

test('a pool that was disposed of starts nothing more: run() is ContextCancelled', async t => {
  const {file} = notes(t);
  await openNursery(async nursery => {
    const pool = await nursery.openPool(2, options);
    // A place that is empty when it is closed is not filled either.
    await t.throwsAsync(pool.run(workOrDie, {file, n: 1, dies: true}), {instanceOf: ActorDied});
    await Promise.all([pool[Symbol.asyncDispose](), pool[Symbol.asyncDispose]()]);
    t.deepEqual(children(), []);
    await t.throwsAsync(pool.run(pidOf), {instanceOf: ContextCancelled});
    await t.throwsAsync(lastValueFrom(from([1]).pipe(pool.map(double))), {instanceOf: ContextCancelled});
    t.deepEqual(children(), []);
    t.false(nursery.signal.aborted);
  });
});

test('T8: a nursery that is left awaits the tasks of its pool, and ends it', async t => {
  const {file, read} = notes(t);
  let pool: Pool | undefined;
  let result: Promise<number> | undefined;
  await openNursery(async nursery => {
    pool = await nursery.openPool(2, options);
    result = pool.run(workOrDie, {file, n: 7, ms: 200});
  });
  t.is(await result, 70);
  t.deepEqual(read(), [7]);
  t.deepEqual(children(), []);
  await t.throwsAsync((pool as Pool).run(pidOf), {instanceOf: ContextCancelled});
  t.deepEqual(children(), []);
});

test('T9: a task of a pool whose failure nobody asks for fails the nursery', async t => {
  await t.throwsAsync(
    openNursery(async nursery => {
      const pool = await nursery.openPool(1, options);
      void pool.run(exit, 3);
    }),
    {instanceOf: ActorDied},
  );
  t.deepEqual(children(), []);
});

test('T10: a nursery that is cancelled ends its pool and what it runs', async t => {
  let pids: number[] = [];
  await openNursery(async nursery => {
    const pool = await nursery.openPool(2, options);
    pids = children();
    const running = pool.run(nap, 1e9);
    void nursery.cancel();
    await t.throwsAsync(running, {instanceOf: ContextCancelled});
  });
  t.deepEqual(pids.filter(isAlive), []);
});

test('nursery.with() names the workers and gives openPool() its defaults', async t => {
  await openNursery(async nursery => {
    const pool = await nursery.with({name: 'digger', expose: [double]}).openPool(2, {} as never);
    t.is(await pool.run(double, 4), 8);
    t.deepEqual(
      actorProcesses()
        .filter(actor => actor.parent === process.pid)
        .map(actor => actor.name)
        .sort(),
      ['digger-0', 'digger-1'],
    );
  });
});
