import type {Worker} from 'node:worker_threads';
import type {ExecutionContext} from 'ava';
import {firstValueFrom, from, lastValueFrom, take, toArray} from 'rxjs';
import {
  ActorDied,
  type ActorOptions,
  type Backend,
  ContextCancelled,
  currentActor,
  NotExposed,
  openNursery,
  type Portal,
  RemoteActorError,
  SpawnFailed,
  TransportClosed,
  Unserializable,
} from '../../lib/index.js';
import {throwLater} from '../fixtures/careless.js';
import {talk} from '../fixtures/contexts.js';
import {returnThenExit, sayThenExit, ticks} from '../fixtures/endings.js';
import {keep} from '../fixtures/finalizers.js';
import {askUp, descend, hold} from '../fixtures/nest.js';
import {countTo, endless, plus} from '../fixtures/streams.js';
import {busy, deafUntilReleased, hasEnded, release} from '../fixtures/stubborn.js';
import {env, execArgv} from '../fixtures/surroundings.js';
import {add, badStream, big, double, echo, exit, hang, hidden, nap, pidOf, unsendable, who} from '../fixtures/tasks.js';
import {QuotaError, quota, throwRange} from '../fixtures/throwers.js';
import {halfClose} from '../fixtures/two-way.js';
import {notesOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {fixture, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 14});

const backends: readonly Backend[] = ['process', 'thread', 'inline'];

const workers = new Set<Worker>();
process.on('worker', worker => {
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
});

test.afterEach.always('nothing that carried an actor is left', async t => {
  t.deepEqual([...workers], []);
  t.deepEqual(await carriers(), []);
});

/** The handles of bodies that this process still holds: none, a few turns after a nursery has settled. */
async function carriers(): Promise<string[]> {
  let found: string[] = [];
  for (let i = 0; i < 50; i++) {
    found = process.getActiveResourcesInfo().filter(name => name === 'MessagePort' || name === 'ProcessWrap');
    if (found.length === 0) break;
    await new Promise(resolve => setImmediate(resolve));
  }
  return found;
}

/** A spec for each of the backends. One at a time: each ends with a look at what is left. Threads take as long as processes. */
function each(title: string, check: (t: ExecutionContext, backend: Backend) => Promise<unknown>, of = backends): void {
  for (const backend of of) {
    const [rule, text] = /^([A-Z]\d+: )?(.*)$/.exec(title)?.slice(1) ?? [];
    const run = backend === 'thread' ? test.long : test;
    run(`${rule ?? ''}${backend}: ${text}`, async t => {
      await check(t, backend);
    });
  }
}

/** Runs `body` with one actor of that backend. */
function withActor<T>(
  backend: Backend,
  expose: ActorOptions['expose'],
  body: (portal: Portal) => Promise<T>,
  root = {},
): Promise<T> {
  return openNursery(async nursery => body(await nursery.startActor('actor', {backend, expose})), root);
}

each('T1: a task is run in the actor, a process of its own or not', async (t, backend) => {
  const pid = await withActor(backend, [add, pidOf], async portal => {
    t.is(await portal.run(add, 20, 22), 42);
    t.is(portal.actor.name, 'actor');
    t.is(portal.actor.pid, await portal.run(pidOf));
    return portal.run(pidOf);
  });
  t.is(pid === process.pid, backend !== 'process');
});

each('F6: what crosses is a copy, binary and 5 MB of it too', (t, backend) =>
  withActor(backend, [echo, big], async portal => {
    const sent = {list: [1, 2], bytes: Uint8Array.of(1, 2, 3)};
    const answered = portal.run(echo, sent);
    sent.list.push(3);
    sent.bytes.fill(9);
    t.deepEqual(await answered, {list: [1, 2], bytes: Uint8Array.of(1, 2, 3)});
    const bytes = await portal.run(big, 5 * 1024 * 1024);
    t.is(bytes.length, 5 * 1024 * 1024);
    t.true(bytes.every(byte => byte === 7));
  }),
);

each('F4: a stream of many values comes whole and in order', (t, backend) =>
  withActor(backend, [countTo], async portal => {
    const values = await lastValueFrom(portal.stream(countTo, 20_000).pipe(toArray()));
    t.is(values.length, 20_000);
    t.true(values.every((value, i) => value === i + 1));
  }),
);

each('an operator runs in the actor', (t, backend) =>
  withActor(backend, [plus], async portal => {
    t.deepEqual(await lastValueFrom(from([1, 2, 3]).pipe(portal.operator(plus, 10), toArray())), [11, 12, 13]);
  }),
);

each('C4: a context has its first value, its streams and its result', (t, backend) =>
  withActor(backend, [talk], async portal => {
    const context = await portal.openContext(talk);
    t.is(context.first, 'ready');
    const wire = context.openStream();
    const answers = wire[Symbol.asyncIterator]();
    await wire.send('one');
    t.is((await answers.next()).value, 'ONE');
    wire.complete();
    t.is(await context.result(), 1);
  }),
);

each('S2: a half-closed context goes on the other way', (t, backend) =>
  withActor(backend, [halfClose], async portal => {
    const context = await portal.openContext(halfClose, 3);
    const wire = context.openStream();
    t.deepEqual(await lastValueFrom(wire.pipe(toArray())), [0, 1, 2]);
    await wire.send(20);
    await wire.send(22);
    wire.complete();
    t.is(await context.result(), 42);
  }),
);

each('E1: an error arrives with its class, its members, its causes, and the path that it took', (t, backend) =>
  withActor(backend, [quota], async portal => {
    const error = await t.throwsAsync(portal.run(quota, 5), {instanceOf: RemoteActorError});
    t.is(error.type, 'QuotaError');
    t.true(error.cause instanceof QuotaError);
    t.like(error.cause, {used: 5, code: 'E_QUOTA', message: 'used 5'});
    t.true((error.cause as Error).cause instanceof TypeError);
    t.deepEqual(error.origin, portal.actor);
    t.deepEqual(error.path, [portal.actor]);
  }),
);

each('X2: a cancel is acknowledged once the clean-up has ended', async (t, backend) => {
  const {file, lines} = notesOf(t);
  await withActor(
    backend,
    [keep],
    async portal => {
      const context = await portal.openContext(keep, file, 1, 'idle');
      t.true(await context.cancel('enough', {timeout: 20_000}));
      t.deepEqual(lines(), ['begin 1', 'end 1']);
      t.true(context.cancelAcked);
      const error = await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
      t.is(error.cause as unknown, 'enough');
    },
    patient,
  );
});

each('T10: clean-up ends before the nursery settles', async (t, backend) => {
  const {file, lines} = notesOf(t);
  await openNursery(async nursery => {
    const portal = await nursery.startActor('keeper', {backend, expose: [keep]});
    await portal.openContext(keep, file, 2, 'idle');
    await nursery.cancel();
  }, patient);
  t.deepEqual(lines().sort(), ['begin 1', 'begin 2', 'end 1', 'end 2']);
});

each('X1: an unsubscription tears the source down', async (t, backend) => {
  const {file, lines} = notesOf(t);
  await withActor(backend, [endless, add], async portal => {
    t.is(await firstValueFrom(portal.stream(endless, file)), 1);
  });
  t.deepEqual(lines(), ['unsubscribed']);
});

each('X10: a deadline and a signal cancel a call, and the actor serves on', (t, backend) =>
  withActor(backend, [nap, hang, add], async portal => {
    const late = await t.throwsAsync(portal.with({timeout: 30}).run(nap, 1e9), {instanceOf: ContextCancelled});
    t.is(late.reason, 'deadline');
    const controller = new AbortController();
    const stopped = t.throwsAsync(portal.with({signal: controller.signal}).run(nap, 1e9), {
      instanceOf: ContextCancelled,
    });
    controller.abort('stop');
    t.like(await stopped, {reason: 'requested', cause: 'stop'});
    t.is(await portal.run(add, 1, 2), 3);
  }),
);

each('X4, X10: a signal of the nursery tells the same to what obeys and to what is killed', async (t, backend) => {
  const controller = new AbortController();
  const why = new Error('mine');
  let told: unknown;
  const outcome = openNursery(
    async nursery => {
      const portal = await nursery.startActor('callee', {expose: [busy, talk], backend});
      // Nothing can kill what is busy within this process.
      const context = await portal.openContext(backend === 'inline' ? talk : (busy as unknown as typeof talk));
      controller.abort(why);
      await context.result().catch(error => {
        told = error;
      });
    },
    {signal: controller.signal},
  );
  t.is((await t.throwsAsync(outcome, {instanceOf: ContextCancelled})).cause as unknown, why);
  t.true(told instanceof ContextCancelled, String(told));
  const {reason, cause} = told as ContextCancelled;
  t.is(reason, 'scope');
  t.true(cause instanceof ContextCancelled);
  t.is((cause as unknown as ContextCancelled).cause as unknown, why);
});

each('T6: what cannot be sent is refused at the call, and what cannot be answered fails the call alone', (t, backend) =>
  withActor(backend, [echo, unsendable, badStream, add], async portal => {
    const there = await t.throwsAsync(portal.run(echo, {deep: [() => 1]}), {instanceOf: Unserializable});
    t.deepEqual(there.path, ['args', 0, 'deep', 0]);
    const back = await t.throwsAsync(portal.run(unsendable, 'deep'), {instanceOf: RemoteActorError});
    t.true(back.is(Unserializable));
    const seen: unknown[] = [];
    await t.throwsAsync(
      portal.stream(badStream).consume(value => seen.push(value)),
      {instanceOf: RemoteActorError},
    );
    t.deepEqual(seen, [1]);
    t.is(await portal.run(add, 1, 2), 3);
  }),
);

each('T5: a function that is not exposed cannot be called, also where its module is loaded', (t, backend) =>
  withActor(backend, [add], async portal => {
    const error = await t.throwsAsync(portal.run(hidden), {instanceOf: RemoteActorError});
    t.true(error.is(NotExposed));
    t.is(await portal.run(add, 1, 2), 3);
  }),
);

each('T3: a missing module is a SpawnFailed of phase import with the original error', (t, backend) =>
  openNursery(async nursery => {
    const error = await t.throwsAsync(nursery.startActor('broken', {backend, expose: [fixture('no-such-module')]}), {
      instanceOf: SpawnFailed,
    });
    t.is(error.phase, 'import');
    t.is((error.cause as NodeJS.ErrnoException).code, 'ERR_MODULE_NOT_FOUND');
    t.false(nursery.signal.aborted);
  }),
);

each('T3: a throw at import is a SpawnFailed with the original error', (t, backend) =>
  openNursery(async nursery => {
    const quiet = backend === 'inline' ? {} : ({stdio: 'ignore'} as const);
    const error = await t.throwsAsync(
      nursery.startActor('broken', {backend, expose: [fixture('throws-at-import')], ...quiet}),
      {instanceOf: SpawnFailed},
    );
    t.is(error.phase, 'import');
    t.true(error.cause instanceof RangeError);
    // Inline, what is printed is the process's own.
    t.is(error.stderr, backend === 'inline' ? '' : 'last words on stderr');
  }),
);

each('T3: a nursery that is opened at import is refused, also when the module caught it', (t, backend) =>
  openNursery(async nursery => {
    const error = await t.throwsAsync(nursery.startActor('forks', {backend, expose: [fixture('nursery-at-import')]}), {
      instanceOf: SpawnFailed,
    });
    t.regex(error.message, /guard .*main\(\)/);
  }),
);

each('T2: main() does nothing while an actor imports its module', (t, backend) =>
  openNursery(async nursery => {
    t.is((await nursery.startActor('guarded', {backend, expose: [fixture('guarded')]})).actor.name, 'guarded');
  }),
);

each('T2: inside, currentActor is the actor, isRoot() is false, and parent() leads up', async (t, backend) => {
  await openNursery(
    async nursery => {
      const [one, two] = await Promise.all(
        ['one', 'two'].map(name => nursery.startActor(name, {backend, expose: [who, askUp]})),
      );
      for (const portal of [one, two])
        t.deepEqual(await portal?.run(who), {actor: portal?.actor, root: false} as never);
      t.not(one?.actor.id, two?.actor.id);
      t.is(await one?.run(askUp, 21), 42);
      t.is(currentActor().name, 'root');
    },
    {expose: [double]},
  );
});

each('T2: an actor has actors below it, of every backend', async (t, backend) => {
  for (const below of backends) {
    const levels = await openNursery(async nursery => {
      const portal = await nursery.startActor('top', {backend, expose: [descend]});
      return portal.run(descend, [below, backend]);
    });
    t.deepEqual(
      levels.map(({name, root}) => [name, root]),
      [
        ['top', false],
        [`top/${below}`, false],
        [`top/${below}/${backend}`, false],
      ],
    );
    const [top, middle] = levels;
    t.is(top?.pid === middle?.pid, below !== 'process');
  }
});

each('T11: a process below an actor is gone with it', async (t, backend) => {
  let pid = 0;
  await openNursery(async nursery => {
    const portal = await nursery.startActor('holder', {backend, expose: [hold]});
    const context = await portal.openContext(hold, 'process');
    pid = context.first;
    t.true(isAlive(pid));
    const result = t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
    t.true(await portal.cancelActor());
    t.false(isAlive(pid));
    await result;
  }, patient);
});

each('T9: a failure in an actor that nobody asked about fails the nursery', async (t, backend) => {
  const error = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('thrower', {backend, expose: [throwRange, hang]});
      void portal.run(throwRange, 'unasked');
      await portal.run(hang);
    }),
    {instanceOf: RemoteActorError},
  );
  t.true(error.is(RangeError));
});

test('T3: the exit of a thread that is ended by force reads as that of one that failed', async t => {
  const error = await openNursery(
    nursery =>
      t.throwsAsync(nursery.startActor('blocked', {backend: 'thread', expose: [fixture('blocks-at-import')]}), {
        instanceOf: SpawnFailed,
      }),
    {timeouts: {spawn: 500}},
  );
  t.deepEqual(error.exit, {code: 1, signal: null});
});

each('X8: cancelActor ends the actor, and its portal is closed afterwards', (t, backend) =>
  openNursery(async nursery => {
    const portal = await nursery.startActor('actor', {backend, expose: [add, hang]});
    const waiting = t.throwsAsync(portal.run(hang), {instanceOf: ContextCancelled});
    t.true(await portal.cancelActor('enough'));
    t.is((await waiting).cause as unknown, 'enough');
    t.is(await portal.ended, undefined);
    await t.throwsAsync(portal.run(add, 1, 2), {
      instanceOf: TransportClosed,
      message: /is closed: its actor, or the connection to it, has ended/,
    });
    t.false(nursery.signal.aborted);
  }, patient),
);

each('T8: the portal of a nursery that has settled is closed', async (t, backend) => {
  const portal = await withActor(backend, [add], async open => open);
  const error = await t.throwsAsync(portal.run(add, 1, 2), {instanceOf: ContextCancelled, message: /with\({scope/});
  t.is(error.reason, 'scope');
});

each('T10: an actor that is still being started when its nursery is cancelled is gone with it', (t, backend) =>
  openNursery(async nursery => {
    const starting = t.throwsAsync(nursery.startActor('late', {backend, expose: [add]}), {
      instanceOf: ContextCancelled,
    });
    await nursery.cancel();
    await starting;
    await t.throwsAsync(nursery.startActor('later', {backend, expose: [add]}), {instanceOf: ContextCancelled});
  }),
);

each('T10: a task that does not obey ends with its actor, and the nursery settles', async (t, backend) => {
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('stubborn', {backend, expose: [deafUntilReleased]});
      await portal.openContext(deafUntilReleased);
      await nursery.cancel();
      t.is(await portal.ended, undefined);
    },
    {timeouts: {exit: 300}},
  );
  if (backend !== 'inline') return;
  // T16: inline nothing can be killed; the task lives on, and nobody waits for it.
  t.false(hasEnded());
  release();
});

each('T15: ten of each serve at once', (t, backend) =>
  openNursery(async nursery => {
    const portals = await Promise.all(
      Array.from({length: 10}, (_, i) => nursery.startActor(`actor-${i}`, {backend, expose: [double, ticks]})),
    );
    t.is(new Set(portals.map(({actor}) => actor.id)).size, 10);
    t.deepEqual(
      await Promise.all(portals.map((portal, i) => portal.run(double, i))),
      portals.map((_, i) => 2 * i),
    );
    const firsts = portals.map(portal => lastValueFrom(portal.stream(ticks, 1).pipe(take(3), toArray())));
    for (const values of await Promise.all(firsts)) t.deepEqual(values, [0, 1, 2]);
  }, patient),
);

each('nursery.run, nursery.actor and pools take the backend', (t, backend) =>
  openNursery(async nursery => {
    const own = nursery.with({backend});
    t.is((await own.run(pidOf)) === process.pid, backend !== 'process');
    t.is(await lastValueFrom(own.actor('held', {expose: [add]}, portal => portal.run(add, 1, 2))), 3);
    await using pool = await own.openPool(2, {expose: [double]});
    t.deepEqual(await lastValueFrom(from([1, 2, 3]).pipe(pool.map(double, {ordered: true}), toArray())), [2, 4, 6]);
  }, patient),
);

const isolated: readonly Backend[] = ['process', 'thread'];

each(
  'T12: process.exit(n) in an actor ends that actor, with the code',
  async (t, backend) => {
    const failure = await t.throwsAsync(
      withActor(backend, [exit], portal => portal.run(exit, 3)),
      {instanceOf: ActorDied},
    );
    t.deepEqual(failure.exit, {code: 3, signal: null});
  },
  isolated,
);

each(
  'T12: a result of 5 MB is flushed before an exit',
  async (t, backend) => {
    const size = 5 * 1024 * 1024;
    await t.throwsAsync(
      withActor(backend, [returnThenExit], async portal => {
        t.is((await portal.run(returnThenExit, size, 4)).length, size);
        t.deepEqual((await portal.ended)?.exit, {code: 4, signal: null});
      }),
      {instanceOf: ActorDied},
    );
  },
  isolated,
);

each(
  'T12: what was said in the turn of the exit arrives before the death',
  async (t, backend) => {
    const seen: number[] = [];
    const failure = await t.throwsAsync(
      withActor(backend, [sayThenExit], portal => portal.stream(sayThenExit, 3, 5).consume(value => seen.push(value))),
      {instanceOf: ActorDied},
    );
    t.is(failure.exit.code, 5);
    t.deepEqual(seen, [0, 1, 2]);
  },
  isolated,
);

each(
  'T11: a process below an actor that is ended by force is gone too',
  async (t, backend) => {
    let pid = 0;
    await openNursery(
      async nursery => {
        const portal = await nursery.startActor('holder', {backend, expose: [hold, busy]});
        pid = (await portal.openContext(hold, 'process')).first;
        await portal.openContext(busy);
        t.true(isAlive(pid));
        await nursery.cancel();
      },
      {timeouts: {cancelAck: 200}},
    );
    t.deepEqual(await untilGone([pid]), []);
  },
  isolated,
);

for (const kind of ['exception', 'rejection'] as const)
  each(
    `T13: an uncaught ${kind} is relayed: the error first, the exit with it`,
    async (t, backend) => {
      const failure = await t.throwsAsync(
        withActor(backend, [throwLater], portal => portal.run(throwLater, kind)),
        {instanceOf: RemoteActorError, message: /nobody caught this/},
      );
      t.true(failure.is(RangeError));
      const [death] = failure.suppressed;
      t.deepEqual((death as ActorDied).exit, {code: 1, signal: null});
    },
    isolated,
  );

each(
  'T10: a busy loop is ended, and its nursery settles',
  async (t, backend) => {
    await openNursery(
      async nursery => {
        const portal = await nursery.startActor('spinner', {backend, expose: [busy]});
        await portal.openContext(busy);
        await nursery.cancel();
      },
      {timeouts: {cancelAck: 200}},
    );
    t.is(workers.size, 0);
  },
  isolated,
);

each(
  'T7: env is merged over the inherited one, and belongs to the actor',
  (t, backend) =>
    openNursery(async nursery => {
      process.env.RXTRACTOR_SPEC_BACKEND = 'kept';
      const [heir, other] = await Promise.all([
        nursery.startActor('heir', {backend, expose: [env]}),
        nursery.startActor('other', {backend, expose: [env], env: {RXTRACTOR_SPEC_BACKEND: 'changed'}}),
      ]);
      t.is(await heir.run(env, 'RXTRACTOR_SPEC_BACKEND'), 'kept');
      t.is(await other.run(env, 'RXTRACTOR_SPEC_BACKEND'), 'changed');
      t.is(process.env.RXTRACTOR_SPEC_BACKEND, 'kept');
    }),
  isolated,
);

each(
  'execArgv is what Node gets',
  (t, backend) =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('frugal', {backend, expose: [execArgv], execArgv: ['--no-warnings']});
      t.deepEqual(await portal.run(execArgv), ['--no-warnings']);
    }),
  isolated,
);

each(
  'T3: a --require that throws is a SpawnFailed that names it',
  (t, backend) =>
    openNursery(async nursery => {
      const error = await t.throwsAsync(
        nursery.startActor('broken', {
          backend,
          expose: [add],
          stdio: 'ignore',
          execArgv: ['--require', '/no/such/preload.cjs'],
        }),
        {instanceOf: SpawnFailed},
      );
      t.regex(error.message, /Cannot find module '\/no\/such\/preload\.cjs'/);
    }),
  isolated,
);

for (const stdio of ['inherit', 'prefix', 'ignore'] as const)
  each(
    `T12: with stdio ${stdio} what was printed last is relayed though the actor ends at once`,
    async (t, backend) => {
      const program = startProgram(t, 'chatter', {args: [backend, '5000', stdio]});
      t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
      const lines = program.stdout.split('\n').slice(0, -1);
      const mark = stdio === 'prefix' ? /^chatter\(.*\) line 4999$/ : /^line 4999$/;
      t.is(lines.length, stdio === 'ignore' ? 0 : 5000);
      if (stdio !== 'ignore') t.regex(lines.at(-1) ?? '', mark);
      t.is(/a line on stderr/.test(program.stderr), stdio !== 'ignore');
    },
    isolated,
  );

for (const [backend, options] of Object.entries({
  thread: {cwd: '/'},
  inline: {cwd: '/', env: {}, execArgv: [], stdio: 'ignore', argv: [], maxHeap: 100, logLevel: 'info'},
}))
  for (const [option, value] of Object.entries(options))
    test(`T16: ${backend}: the option ${option}, which it cannot honour, is a TypeError that names both`, t =>
      openNursery(async nursery => {
        const given = {backend, expose: [add], [option]: value} as unknown as ActorOptions;
        await t.throwsAsync(nursery.startActor('wrong', given), {
          instanceOf: TypeError,
          message: new RegExp(`${backend}.*${option}`),
        });
      }));

for (const [argument, hint] of Object.entries({
  '--max-old-space-size=100': /a thread cannot have .*--max-old-space-size=100: maxHeap sets the heap of one actor/,
  '--title=x': /a thread cannot have .*--title=x: they belong to a whole process/,
}))
  test(`T16: thread: the argument ${argument} in execArgv is a TypeError that names both`, t =>
    openNursery(async nursery => {
      await t.throwsAsync(nursery.startActor('wrong', {backend: 'thread', expose: [add], execArgv: [argument]}), {
        instanceOf: TypeError,
        message: hint,
      });
      t.false(nursery.signal.aborted);
    }));

test('T16: a backend that does not exist is a TypeError', t =>
  openNursery(async nursery => {
    await t.throwsAsync(nursery.startActor('wrong', {backend: 'fibre' as Backend, expose: [add]}), {
      instanceOf: TypeError,
      message: /process, thread or inline, not fibre/,
    });
  }));

test('T16: inline: a program may be the module of its own actor', async t => {
  const program = startProgram(t, 'inline-program');
  t.is(await program.next(), 42);
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});

test('T8: inline: a daemon keeps its program running until it is ended, although nothing runs in it', async t => {
  const program = startProgram(t, 'inline-program', {args: ['daemon']});
  t.is(await program.next(), 42);
  // It handles the signal only as long as it runs; a program that has nothing left to wait for would have ended with 13.
  await new Promise(resolve => setTimeout(resolve, 200));
  program.kill('SIGTERM');
  t.deepEqual(await program.exited, {code: 143, signal: null}, program.stderr);
});

test('T16: inline: what nobody catches there ends the process, as it would without an actor', async t => {
  const program = startProgram(t, 'inline-program', {args: ['uncaught']});
  t.is((await program.exited).code, 1);
  t.regex(program.stderr, /RangeError: nobody caught this/);
});

// Also where nothing of this library is loaded; docs/guide/backends.md says so.
const fatal = Number.parseInt(process.versions.node, 10) >= 24;
const heapTest = fatal ? test.skip : test;
const fatalNote = fatal
  ? ` (skipped: with a heap of a set size Node ${process.versions.node} may end the process)`
  : '';

heapTest(`T16: thread: a full heap ends the thread, which is said, and the process goes on${fatalNote}`, async t => {
  const program = startProgram(t, 'glutton', {execArgv: ['--max-old-space-size=40']});
  t.regex(await program.next<string>(), /glutton.* died .*its heap was out of memory/);
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});
