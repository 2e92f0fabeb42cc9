// Simulations: virtual time, the order of events, faults, and what a run finds by itself.
// Above lib/testing/. The actors of a simulation are parts of this process, so their functions may use the variables of this file.
import {setTimeout as pauseByTimers} from 'node:timers/promises';
import test from 'ava';
import {interval, take, toArray} from 'rxjs';
import {
  type ActorDied,
  type CalleeContext,
  ContextCancelled,
  context,
  currentActor,
  findActor,
  isRoot,
  main,
  openNursery,
  sleep,
  stream,
  task,
} from '../../lib/index.js';
import {explore, type SimulateOptions, SimulationFailed, simulate, type World} from '../../lib/testing/index.js';

const at = (name: string) => ({module: import.meta.url, name});

const doze = task(async (ms: number) => {
  await sleep(ms);
  return `slept in ${currentActor().name}`;
}, at('doze'));
const pid = task(() => currentActor().pid, at('pid'));
const ticks = stream((ms: number) => interval(ms), at('ticks'));
const echo = context(async (ctx: CalleeContext<number, number, string>) => {
  ctx.started.next('ready');
  const wire = ctx.openStream();
  for await (const value of wire) await wire.send(2 * value);
  return 'done';
}, at('echo'));

/** The things that functions of these tests have done, in their order. */
let done: string[] = [];
test.beforeEach(() => {
  done = [];
});

test.serial('time is virtual for everybody: the runtime, timers, promises of timers, and the clocks', async t => {
  const began = performance.now();
  const real = Date.now();
  await simulate(async world => {
    t.is(world.now(), 0);
    t.is(new Date().toISOString(), '2000-01-01T00:00:00.000Z');
    await openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [doze, ticks]});
      t.is(await portal.run(doze, 3_600_000), 'slept in worker');
      t.is(world.now(), 3_600_000);
      await new Promise(resolve => setTimeout(resolve, 10.7));
      await pauseByTimers(90);
      t.is(world.now(), 3_600_100);
      t.is(Date.now() - Date.UTC(2000), 3_600_100);
      t.is(performance.now(), 3_600_100);
      t.deepEqual(process.hrtime(), [3_600, 100_000_000]);
      t.is(process.hrtime.bigint(), 3_600_100_000_000n);
      t.is(await Promise.race([sleep(5).then(() => 'sleep'), AbortSignalEnd(AbortSignal.timeout(4))]), 'TimeoutError');
    });
  });
  t.true(performance.now() - began < 60_000);
  t.true(Date.now() - real < 60_000);
});

function AbortSignalEnd(signal: AbortSignal): Promise<string> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve((signal.reason as Error).name)));
}

test.serial(
  'the same seed gives the same run, random numbers and ids included; another seed gives another',
  async t => {
    const run = (seed: number): Promise<readonly string[]> =>
      simulate(
        async world => {
          await race(world);
          return [...world.trace, `${Math.random()} ${world.random()} ${crypto.randomUUID()}`];
        },
        {seed},
      );
    const first = await run(1);
    t.deepEqual(await run(1), first);
    t.notDeepEqual(await run(2), first);
  },
);

/** Two actors that both tell a third one something. */
const hear = task((what: string) => void done.push(what), at('hear'));
const tell = task(async (what: string) => {
  const hub = await findActor('hub');
  await hub?.run(hear, what);
}, at('tell'));

async function race(world: World): Promise<string> {
  done = [];
  await openNursery(async nursery => {
    await nursery.startActor('hub', {expose: [hear]});
    const [a, b] = await Promise.all(['a', 'b'].map(name => nursery.startActor(name, {expose: [tell]})));
    await Promise.all([a?.run(tell, 'a'), b?.run(tell, 'b')]);
  });
  return `${done.join()} at ${world.now()}`;
}

test.serial('D3: actors find each other and connect directly, in orders that differ', async t => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 30; seed++) orders.add(await simulate(race, {seed}));
  t.deepEqual([...orders].sort(), ['a,b at 0', 'b,a at 0']);
});

test.serial('`order: fifo` leaves the order as it is', async t => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 10; seed++) orders.add(await simulate(race, {seed, order: 'fifo'}));
  t.is(orders.size, 1);
});

test.serial('an actor with the backend process has a pid of its own, a thread that of its parent', async t => {
  const pids = await simulate(() =>
    openNursery(async nursery => {
      const actors = (['process', 'process', 'thread', 'inline'] as const).map(async (backend, index) =>
        (await nursery.startActor(`actor ${index}`, {expose: [pid], backend})).run(pid),
      );
      return [currentActor().pid, ...(await Promise.all(actors))];
    }),
  );
  t.deepEqual([...new Set(pids)].length, 3);
  t.is(pids[3], pids[0]);
  t.is(pids[4], pids[0]);
});

const work = task(async () => {
  setTimeout(() => done.push('a timer of a dead actor'), 1_000);
  try {
    await sleep(2_000);
  } finally {
    done.push('the clean-up of a dead actor');
  }
}, at('work'));

test.serial('K05: what a killed actor had to do is never done, and its caller is told', async t => {
  await simulate(async world => {
    await t.throwsAsync(
      openNursery(async nursery => {
        const portal = await nursery.startActor('worker', {expose: [work]});
        world.at(500, () => world.kill(portal));
        await portal.run(work);
      }),
      {code: 'ERR_DIED', message: /SIGKILL/},
    );
    t.is(world.now(), 500);
    await sleep(10_000);
  });
  t.deepEqual(done, []);
});

test.serial('K85: the actors below a killed one die with it', async t => {
  await simulate(async world => {
    const ended = await openNursery(async nursery => {
      const portal = await nursery.startActor('middle', {expose: [nested]});
      portal.run(nested).catch(() => {});
      await sleep(100);
      world.kill('middle');
      return portal.ended;
    }).catch((error: ActorDied) => error);
    t.is((ended as ActorDied).exit.signal, 'SIGKILL');
    t.throws(() => world.kill('leaf'), {instanceOf: TypeError, message: /there is no actor leaf/});
  });
});
const nested = task(
  () =>
    openNursery(async nursery => {
      const leaf = await nursery.startActor('leaf', {expose: [doze]});
      await leaf.run(doze, 60_000);
    }),
  at('nested'),
);

test.serial('a stopped actor does nothing until it goes on, and a blocked one until its loop is over', async t => {
  await simulate(world =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [doze]});
      world.kill('worker', 'SIGSTOP');
      world.at(3_000, () => world.kill('worker', 'SIGCONT'));
      await portal.run(doze, 0);
      t.is(world.now(), 3_000);
      world.block(portal, 700);
      await portal.run(doze, 0);
      t.is(world.now(), 3_700);
    }),
  );
});

test.serial('frames take the time that the network says, and a cut holds them back', async t => {
  await simulate(world =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [doze]});
      world.network.latency(20);
      await portal.run(doze, 1);
      t.is(world.now(), 41);
      world.network.latency(0);
      world.network.cut('root', portal);
      world.at(10_000, () => world.network.heal(portal, 'root'));
      await portal.run(doze, 0);
      t.is(world.now(), 10_000);
    }),
  );
});

test.serial('K07: an actor can be killed at a point of a context: the message does not leave', async t => {
  for (const [point, expected] of [
    ['started', 'ERR_DIED'],
    ['yield 3', 'ERR_DIED after 2'],
    ['return', 'ERR_DIED after 5'],
  ] as const) {
    const seen = await simulate(async world => {
      let got = 0;
      world.on(point, ({actor}) => {
        if (actor.name === 'worker') world.kill('worker');
      });
      const error = await openNursery(async nursery => {
        const portal = await nursery.startActor('worker', {expose: [echo]});
        const context = await portal.openContext(echo);
        const wire = context.openStream();
        const values = wire[Symbol.asyncIterator]();
        // One after the other, because values that are sent together may share a frame.
        for (let value = 0; value < 5; value++) {
          await wire.send(value);
          await values.next();
          got++;
        }
        wire.complete();
        return context.result();
      }).catch((thrown: ActorDied) => thrown.code);
      return got > 0 ? `${error} after ${got}` : error;
    });
    t.is(seen, expected, point);
  }
});

test.serial('each actor has its own arguments', async t => {
  const seen = await simulate(() =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [args], argv: ['--fast']});
      return [await portal.run(args), process.argv.slice(2)];
    }),
  );
  t.deepEqual(seen, [['--fast'], process.argv.slice(2)]);
});
const args = task(() => process.argv.slice(2), at('args'));

test.serial('a body that gives an Observable resolves with its last value', async t => {
  t.is(await simulate(() => interval(1_000).pipe(take(3))), 2);
  t.deepEqual(await simulate(() => interval(1_000).pipe(take(3), toArray())), [0, 1, 2]);
});

test.serial('simulate rejects with the own error of the body', async t => {
  const error = new RangeError('mine');
  t.is(await t.throwsAsync(simulate(() => Promise.reject(error))), error);
  t.is(
    await t.throwsAsync(
      simulate(() => {
        throw error;
      }),
    ),
    error,
  );
});

test.serial('an error that nothing catches: of an actor it ends the actor, of the body it ends the run', async t => {
  await simulate(async () => {
    const failed = openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [throwLater]});
      await portal.run(throwLater);
      await sleep(1_000);
    });
    await t.throwsAsync(failed, {code: 'ERR_REMOTE', message: /nobody catches this/});
  });
  await simulate(async () => {
    const failed = openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [rejectLater]});
      await portal.run(rejectLater);
      await sleep(1_000);
    });
    await t.throwsAsync(failed, {code: 'ERR_REMOTE', message: /nobody handles this/});
  });
  const body = async (): Promise<void> => {
    setTimeout(() => {
      throw new Error('of the body');
    }, 5);
    await sleep(1_000);
  };
  await t.throwsAsync(simulate(body), {message: 'of the body'});
});
const throwLater = task(() => {
  setTimeout(() => {
    throw new Error('nobody catches this');
  }, 10);
}, at('throwLater'));
const rejectLater = task(() => {
  setTimeout(() => void Promise.reject(new Error('nobody handles this')), 10);
}, at('rejectLater'));

test.serial('process.exit() in an actor ends that actor', async t => {
  const error = await simulate(() =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [leave]});
      await portal.run(leave);
    }).catch((thrown: ActorDied) => thrown),
  );
  t.deepEqual((error as ActorDied).exit, {code: 3, signal: null});
});
const leave = task(async () => {
  await sleep(5);
  process.exit(3);
}, at('leave'));

test.serial('main works as ever, and knows who is the root', async t => {
  const seen = await simulate(() =>
    main(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [rootness]});
      return [isRoot(), await portal.run(rootness)];
    }),
  );
  t.deepEqual(seen, [true, false]);
});
const rootness = task(() => isRoot(), at('rootness'));

// Faults that a run finds by itself.

const failsAs = test.macro({
  async exec(t, body: (world: World) => unknown, message: RegExp, options: SimulateOptions = {}) {
    const error = await t.throwsAsync(simulate(body, options), {instanceOf: SimulationFailed, code: 'ERR_SIMULATION'});
    t.regex(error.message, message);
    t.regex(error.message, /to repeat it: simulate\(body, \{seed: 1/);
  },
  title: providedTitle => `a run fails: ${providedTitle}`,
});

test.serial(
  'a deadlock, with what each task waits for',
  failsAs,
  async () => {
    await openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [echo]});
      const context = await portal.openContext(echo);
      await context.result();
    });
  },
  /^deadlock: .*\n {2}root calls echo in worker .*result pending\n {2}worker runs echo for root/s,
);

test.serial(
  'a body that waits for something else',
  failsAs,
  () => new Promise(() => {}),
  /^deadlock: .*No context is open/,
);

test.serial(
  'work that is left, with where it was made',
  failsAs,
  async () => {
    setInterval(() => {}, 1_000);
  },
  /^work is left after the end of the body:\n {2}timer of 1000 ms of root, made at .*simulate\.spec/,
);

test.serial(
  'real input and output',
  failsAs,
  async () => {
    const {readFile} = await import('node:fs/promises');
    await readFile(new URL(import.meta.url));
  },
  /^actor root began a file operation.*give it a stub, or io: 'allow'/,
);

test.serial(
  'a time that has no end',
  failsAs,
  async () => {
    for (;;) await sleep(1_000);
  },
  /^the body has not ended after 5000 ms of virtual time/,
  {maxTime: 5_000},
);

test.serial(
  'a time that stands still',
  failsAs,
  async () => {
    for (;;) await new Promise(resolve => setImmediate(resolve));
  },
  /^the time stands still at 0 ms/,
);

let runs = 0;
test.serial(
  'a run that is not the same twice',
  failsAs,
  async () => {
    await sleep(++runs);
  },
  /^the run is not the same twice/,
  {check: true},
);

test.serial(
  'process.exit() of the root',
  failsAs,
  async () => {
    process.exit(3);
  },
  /^the root has called process\.exit\(3\)/,
);

test.serial("io: 'allow' waits for the end of the operation before any time passes", async t => {
  const {readFile} = await import('node:fs/promises');
  await simulate(
    async world => {
      const timer = setTimeout(() => t.fail('the time has passed'), 1);
      t.regex(await readFile(new URL(import.meta.url), 'utf8'), /simulate/);
      clearTimeout(timer);
      t.is(world.now(), 0);
    },
    {io: 'allow'},
  );
});

test.serial('a simulation that fails gives everything back, and so does one that succeeds', async t => {
  const taken = (): unknown[] => [
    ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'Date'].map(
      name => (globalThis as Record<string, unknown>)[name],
    ),
    Date.now,
    Date.prototype.constructor,
    performance.now,
    process.hrtime,
    process.emit,
    process.exit,
    Math.random,
    crypto.randomUUID,
    crypto.getRandomValues,
    AbortSignal.timeout,
    ...['SIGINT', 'SIGTERM', 'SIGUSR2', 'uncaughtException', 'newListener'].map(event => process.listenerCount(event)),
  ];
  const before = taken();
  await simulate(() => sleep(1));
  t.deepEqual(taken(), before);
  await t.throwsAsync(
    simulate(() => main(() => new Promise(() => {}))),
    {code: 'ERR_SIMULATION'},
  );
  t.deepEqual(taken(), before);
  await t.throwsAsync(simulate(() => Promise.reject(new Error('no'))));
  t.deepEqual(taken(), before);
});

test.serial('code beside a simulation keeps its real time, and a second simulation waits', async t => {
  const order: string[] = [];
  const first = simulate(async () => {
    await sleep(86_000_000);
    order.push('first');
  });
  const second = simulate(async () => void order.push('second'));
  const real = new Promise<number>(resolve => setTimeout(() => resolve(Date.now()), 1));
  await Promise.all([first, second]);
  t.deepEqual(order, ['first', 'second']);
  t.true((await real) > Date.UTC(2020));
});

test.serial('warnings of the runtime go into the trace, and those of the user to the process', async t => {
  const warnings: string[] = [];
  const listen = ({message}: Error): number => warnings.push(message);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  const trace = await simulate(world =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [silent]});
      const context = await portal.openContext(silent);
      const wire = context.openStream();
      await context.result();
      wire.next(1);
      process.emitWarning('of the user');
      await sleep(1);
      return world.trace;
    }),
  );
  t.deepEqual(warnings, ['of the user']);
  t.true(trace.some(line => line.includes('root warns: values are pushed into a stream')));
});
const silent = context(async (ctx: CalleeContext<number, number, null>) => ctx.started.next(null), at('silent'));

test.serial('wrong options are refused', async t => {
  for (const [options, message] of [
    [{seed: -1}, /seed is a whole number/],
    [{order: 'random'}, /order is/],
    [{maxtime: 1}, /there is no option maxtime/],
    [{faults: {explode: 1}}, /there is no option explode/],
    [{faults: {latency: [3, 1]}}, /latency is/],
    [{schedule: 'abc'}, /schedule is a text/],
  ] as const)
    await t.throwsAsync(
      simulate(() => 1, options as never),
      {message},
    );
  await t.throwsAsync(
    explore(() => 1, {} as never),
    {message: /seeds is a number/},
  );
});

test.serial('a cancelled call is cancelled at the same virtual moment', async t => {
  await simulate(world =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [doze]});
      const error = await t.throwsAsync(portal.with({timeout: 250}).run(doze, 1_000), {instanceOf: ContextCancelled});
      t.is(error.reason, 'deadline');
      t.is(world.now(), 250);
    }),
  );
});
