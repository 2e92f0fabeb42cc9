// Actors that are started again when they have died: one portal over all incarnations, and what becomes of its calls.
import {rmSync, writeFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {firstValueFrom, lastValueFrom, map, NEVER, of, retry, toArray} from 'rxjs';
import type {Actor} from '../../lib/actor/actor.js';
import {surveyOf} from '../../lib/actor/survey.js';
import {current} from '../../lib/base/current.js';
import {drawSurvey} from '../../lib/base/tree-survey.js';
import {
  ActorDied,
  type ActorOptions,
  ContextCancelled,
  findActor,
  type Nursery,
  openNursery,
  type Portal,
  type RestartOptions,
  SpawnFailed,
  TransportClosed,
  Unserializable,
} from '../../lib/index.js';
import {die, dieAfter, echo, endless, meet, pid, pids, plusPid, sum, wait} from '../fixtures/mortal.js';
import {deafUntilReleased} from '../fixtures/stubborn.js';
import {eventually} from '../kit/eventually.js';
import {notesOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {actorProcesses, isAlive} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 6});

const expose = [die, dieAfter, echo, endless, meet, pid, pids, plusPid, sum, wait];
const quick: RestartOptions = {delay: 1};
/** Nobody waits so long: what ends meanwhile has been ended. */
const never: RestartOptions = {delay: 1e9};

/** A nursery with a service that is started again, whose log is not printed. */
function withService<T>(
  restart: RestartOptions,
  body: (service: Portal, nursery: Nursery) => Promise<T>,
  options: Partial<ActorOptions> = {},
): Promise<T> {
  return openNursery(
    async nursery => body(await nursery.startActor('service', {expose, restart, ...options}), nursery),
    {...patient, logLevel: 'error'},
  );
}

/** Makes it die, and sees the call fail that did so. */
async function kill(t: ExecutionContext, service: Portal, code = 9): Promise<ActorDied> {
  const death = await t.throwsAsync(service.run(die, code), {instanceOf: ActorDied});
  t.is(death.exit.code, code);
  return death;
}

test('T9: with restart the actor that died is started again behind its portal, and the nursery is not told', t =>
  withService(quick, async (service, nursery) => {
    const first = service.actor;
    t.is(await service.run(pid), first.pid);
    const hanging = t.throwsAsync(service.run(wait), {instanceOf: ActorDied});
    await kill(t, service);
    await hanging;
    const second = await service.run(pid);
    t.is(service.actor.pid, second);
    t.not(second, first.pid);
    t.not(service.actor.id, first.id);
    t.false(isAlive(first.pid));
    t.false(nursery.signal.aborted);
  }));

test('T16: a thread is started again too', t =>
  withService(
    quick,
    async service => {
      const {id} = service.actor;
      await kill(t, service);
      t.is(await service.run(sum, [1, 2]), 3);
      t.not(service.actor.id, id);
    },
    {backend: 'thread'},
  ));

test('calls of every kind that are made after the death wait for the next incarnation', t =>
  withService({delay: 300}, async service => {
    const dead = service.actor.pid;
    await kill(t, service);
    const found = await Promise.all([
      service.run(pid),
      service.with({timeout: 60_000}).run(pid),
      service.openContext(meet).then(met => met.first),
      lastValueFrom(service.context(meet)).then(met => met.first),
      lastValueFrom(service.stream(pids, 2)),
      service.stream(pids, 1)[Symbol.asyncIterator]().next(),
      lastValueFrom(service.stream(pids, 1).mapAsync(value => of(value))),
      lastValueFrom(of(0).pipe(service.operator(plusPid))),
      new Promise<number>((resolve, reject) => service.stream(pids, 1).consume(resolve).catch(reject)),
    ]);
    const all = found.map(value => (typeof value === 'object' ? value.value : value));
    t.deepEqual(
      all,
      all.map(() => service.actor.pid),
    );
    t.not(service.actor.pid, dead);
  }));

test('an iterator that is left while it waits ends, and calls nothing', t =>
  withService(never, async service => {
    await kill(t, service);
    const iterator = service.stream(pids, 1)[Symbol.asyncIterator]();
    const waiting = t.throwsAsync(iterator.next(), {instanceOf: ContextCancelled});
    t.deepEqual(await iterator.return?.(), {done: true, value: undefined});
    await waiting;
  }));

test('T9: what is open when the actor dies ends with that death, and nothing of it goes on in the next incarnation', t =>
  withService(quick, async (service, nursery) => {
    const opened = await service.openContext(echo);
    const wire = opened.openStream();
    const received: number[] = [];
    const reading = (async () => {
      for await (const value of wire) received.push(value);
    })();
    await wire.send(1);
    const values: number[] = [];
    const stream = service.stream(endless).forEach(value => void values.push(value));
    const stage = service
      .operator(plusPid)(NEVER)
      .forEach(() => {});
    const ends = [opened.result(), reading, stream, stage].map(end => t.throwsAsync(end, {instanceOf: ActorDied}));
    const bothGive = async (): Promise<boolean> => {
      await service.run(pid);
      return received.length > 0 && values.length > 0;
    };
    await eventually(bothGive, 'a value of each', {pollMs: 1});
    const dead = service.actor.pid;
    await kill(t, service);
    await Promise.all(ends);
    const seen = [received.length, values.length];
    t.true(opened.signal.aborted);
    t.not(await service.run(pid), dead);
    t.is((await service.openContext(meet)).first, service.actor.pid);
    await t.throwsAsync(wire.send(2));
    t.deepEqual([received.length, values.length], seen);
    t.deepEqual([new Set(received), new Set(values)], [new Set([dead]), new Set([dead])]);
    t.false(nursery.signal.aborted);
  }));

test('retry on a stream goes on with the next incarnation', t =>
  withService(quick, async service => {
    const seen = await lastValueFrom(service.stream(dieAfter, 2).pipe(retry(1), toArray())).catch(error => error);
    t.true(seen instanceof ActorDied);
    const next = service.stream(pids, 1).pipe(map(value => value === service.actor.pid));
    t.true(await firstValueFrom(next));
  }));

test('a crash in a loop: the function delay gets 1, 2, 3 …, and after `times` the last death fails the nursery', async t => {
  const attempts: number[] = [];
  let service: Portal | undefined;
  const delay = (attempt: number): number => {
    attempts.push(attempt);
    return 0;
  };
  const failure = await t.throwsAsync(
    withService({times: 2, delay}, async portal => {
      service = portal;
      for (const code of [1, 2, 3]) await kill(t, portal, code);
    }),
    {instanceOf: ActorDied},
  );
  t.deepEqual(attempts, [1, 2]);
  t.is(failure.exit.code, 3);
  t.is(await service?.ended, failure);
});

test('T17: a portal that was given up says so: TransportClosed, whose cause is the last death', t =>
  openNursery(async outer => {
    let service: Portal | undefined;
    const failure = await t.throwsAsync(
      openNursery(async nursery => {
        service = await nursery.startActor('service', {expose, restart: {times: 0}});
        await kill(t, service);
      }),
      {instanceOf: ActorDied},
    );
    const late = service?.with({scope: outer}) as Portal;
    const closed = await t.throwsAsync(late.run(pid), {instanceOf: TransportClosed, message: /died \(exit code 9\)/});
    t.is(closed.cause, failure);
    await t.throwsAsync(lastValueFrom(late.stream(pids, 1)), {instanceOf: TransportClosed});
  }, patient));

test('a start that fails counts as a death, and the calls that wait get the one that works', async t => {
  const {file} = notesOf(t);
  const attempts: number[] = [];
  const delay = (attempt: number): number => {
    attempts.push(attempt);
    writeFileSync(file, attempt === 1 ? 'throw' : 'exit');
    if (attempt === 3) rmSync(file);
    return 0;
  };
  await withService(
    {delay},
    async service => {
      await kill(t, service);
      t.is(await service.run(pid), service.actor.pid);
      t.deepEqual(attempts, [1, 2, 3]);
    },
    {env: {FAULT_OF_IMPORT: file}, stdio: 'ignore'},
  );
});

test('whoever waits when the actor is given up gets the last SpawnFailed, and so does the nursery', async t => {
  const {file} = notesOf(t);
  let service: Portal | undefined;
  let death: ActorDied | undefined;
  let waiting: Promise<unknown> | undefined;
  const failure = await t.throwsAsync(
    withService(
      {times: 1, delay: 1},
      async portal => {
        service = portal;
        writeFileSync(file, 'throw');
        death = await kill(t, portal);
        waiting = portal.run(pid).catch(error => error);
        t.true((await lastValueFrom(portal.stream(pids, 1)).catch(error => error)) instanceof SpawnFailed);
        await waiting;
      },
      {env: {FAULT_OF_IMPORT: file}, stdio: 'ignore'},
    ),
    {instanceOf: SpawnFailed, message: /the module is broken/},
  );
  t.is(await waiting, failure);
  t.is(await service?.ended, death);
});

test('an actor that can never be started rejects startActor alone', async t => {
  const {file} = notesOf(t);
  writeFileSync(file, 'exit');
  const attempts: number[] = [];
  const delay = (attempt: number): number => attempts.push(attempt);
  await openNursery(
    async nursery => {
      const restart = {times: 2, delay};
      const options = {expose, restart, env: {FAULT_OF_IMPORT: file}, stdio: 'ignore'} as const;
      await t.throwsAsync(nursery.startActor('service', options), {instanceOf: SpawnFailed});
      t.deepEqual(attempts, [1, 2]);
      t.false(nursery.signal.aborted);
    },
    {...patient, logLevel: 'error'},
  );
});

test('X10: a signal and a time limit end the wait of a call, with their reasons', t =>
  withService(never, async (service, nursery) => {
    await kill(t, service);
    const stop = new AbortController();
    const signalled = t.throwsAsync(service.with({signal: stop.signal}).run(pid), {instanceOf: ContextCancelled});
    const subscribed = t.throwsAsync(lastValueFrom(service.with({signal: stop.signal}).stream(pids, 1)), {
      instanceOf: ContextCancelled,
    });
    stop.abort('enough');
    const {reason, cause} = await signalled;
    t.is(reason, 'requested');
    t.is(cause as unknown, 'enough');
    t.is((await subscribed).reason, 'requested');
    const late = await t.throwsAsync(service.with({timeout: 20}).run(pid), {instanceOf: ContextCancelled});
    t.is(late.reason, 'deadline');
    t.regex(late.message, /in service was cancelled before it began/);
    t.false(nursery.signal.aborted);
  }));

test('X10: a nursery that is cancelled while calls wait ends at once, and so do they', async t => {
  let service: Portal | undefined;
  await withService(never, async (portal, nursery) => {
    service = portal;
    await kill(t, portal);
    const waiting = t.throwsAsync(portal.run(pid), {instanceOf: ContextCancelled});
    const streaming = t.throwsAsync(lastValueFrom(portal.stream(pids, 1)), {instanceOf: ContextCancelled});
    await nursery.cancel('enough');
    await Promise.all([waiting, streaming]);
  });
  t.is(await service?.ended, undefined);
});

test('C12: a call that waits ends with the scope in which it was made', t =>
  withService(never, async (service, nursery) => {
    await kill(t, service);
    await t.throwsAsync(
      openNursery(async inner => {
        const waiting = service.run(pid).catch(error => error);
        inner.cancel();
        throw await waiting;
      }),
      {instanceOf: ContextCancelled, message: /pid in service was cancelled before it began \(scope\)/},
    );
    t.false(nursery.signal.aborted);
  }));

test('P4: a survey shows an actor that waits to be started again: how long ago it died, and the rest of its pause', t =>
  withService(never, async service => {
    const root = current()?.runtime as Actor;
    const shown = async (): Promise<string> => drawSurvey(await surveyOf(root));
    await kill(t, service);
    const picture = await shown();
    const [, since, left] =
      /^└─ service: died (\S+) s ago \(death 1\), waits to be started again in (\S+) s$/m.exec(picture) ?? [];
    t.true(Math.abs(Number(since) + Number(left) - 1e6) <= 0.2, picture);
    await service.cancelActor();
    t.notRegex(await shown(), /waits to be started/);
  }));

test('P4: an actor that was started again is in the picture once, before and after its next start, while observers learn of its end', t =>
  withService({delay: 500}, async service => {
    const root = current()?.runtime as Actor;
    const look = async (): Promise<{picture: string; ended: string[]}> => {
      const rows = await surveyOf(root);
      const ended = rows.filter(({state}) => state === 'ended').map(({actor}) => actor.id);
      return {picture: drawSurvey(rows).replace(/^.*\n/, ''), ended};
    };
    // From here on it is remembered who has ended.
    await look();
    const {id} = service.actor;
    await kill(t, service);
    const dead = await look();
    t.regex(dead.picture, /^└─ service: died .*$/);
    t.deepEqual(dead.ended, [id]);
    await service.run(pid);
    const again = await look();
    t.is(again.picture, `└─ service (pid ${service.actor.pid})`);
    t.deepEqual(again.ended, [id]);
    // One that nobody starts again is shown as ended.
    await service.cancelActor();
    t.regex((await look()).picture, /^└─ service \(pid \d+\): has ended$/);
  }));

test('T8: a nursery whose body ends while the actor is dead does not wait for it, and starts nothing more', async t => {
  const seen: unknown[] = [];
  await withService(never, async service => {
    await kill(t, service);
    service.stream(pids, 1).subscribe({error: error => seen.push(error), complete: () => seen.push('completed')});
  });
  t.deepEqual(seen, []);
  t.deepEqual(
    actorProcesses().filter(actor => actor.parent === process.pid),
    [],
  );
});

test('X8: cancelActor ends it for good, also while it is dead; ended is undefined', t =>
  withService(never, async (service, nursery) => {
    await kill(t, service);
    const waiting = t.throwsAsync(service.run(pid), {instanceOf: ContextCancelled});
    t.true(await service.cancelActor('enough'));
    t.is((await waiting).cause as unknown, 'enough');
    t.is(await service.ended, undefined);
    await t.throwsAsync(service.run(pid), {instanceOf: TransportClosed});
    const other = await nursery.startActor('other', {expose, restart: quick});
    t.true(await other.cancelActor());
    t.is(await other.ended, undefined);
    await t.throwsAsync(other.run(pid), {instanceOf: TransportClosed});
    t.false(nursery.signal.aborted);
  }));

test('a signal that aborts ends it for good, and prevents it when it was aborted before', async t => {
  const stop = new AbortController();
  await withService(
    never,
    async (service, nursery) => {
      await kill(t, service);
      stop.abort();
      t.is(await service.ended, undefined);
      await t.throwsAsync(nursery.startActor('other', {expose, restart: quick, signal: stop.signal}), {
        instanceOf: ContextCancelled,
      });
    },
    {signal: stop.signal},
  );
});

test('D4: its name finds the present incarnation, which has an id of its own', t =>
  withService({delay: 100}, async service => {
    const {id} = service.actor;
    await kill(t, service);
    t.is(await findActor('service'), undefined);
    await service.run(pid);
    const found = await findActor('service');
    t.is(found?.actor.id, service.actor.id);
    t.not(found?.actor.id, id);
  }));

test('T8: a daemon that is started again keeps its nursery open until it is ended', async t => {
  let started: Portal | undefined;
  let hasSettled = false;
  const open = openNursery(
    async nursery => {
      started = await nursery.startActor('service', {expose, restart: quick, daemon: true});
    },
    {...patient, logLevel: 'error'},
  ).then(() => {
    hasSettled = true;
  });
  const service = await eventually(() => started, 'the service', {pollMs: 1});
  for (const code of [1, 2]) {
    await kill(t, service, code);
    t.is(await service.run(pid), service.actor.pid);
    t.false(hasSettled);
  }
  await service.cancelActor();
  await open;
  t.true(hasSettled);
});

test('T6: a value that cannot be sent is refused while the call waits, and a value is sent as it was at the call', t =>
  withService({delay: 200}, async service => {
    await kill(t, service);
    await t.throwsAsync(service.run(sum, [Symbol('no')] as never), {instanceOf: Unserializable});
    const values = [1, 2];
    const added = service.run(sum, values);
    values.push(100);
    t.is(await added, 3);
  }));

test('T10: an incarnation that is ended because a task does not obey is followed by another, which is not counted', async t => {
  await openNursery(
    async nursery => {
      const restart = {times: 0};
      const service = await nursery.startActor('service', {expose: [deafUntilReleased, pid], restart});
      const {id} = service.actor;
      await openNursery(async inner => {
        const deaf = t.throwsAsync((await service.openContext(deafUntilReleased)).result(), {
          instanceOf: ContextCancelled,
        });
        await inner.cancel();
        await deaf;
      });
      t.is(await service.run(pid), service.actor.pid);
      t.not(service.actor.id, id);
      t.false(nursery.signal.aborted);
    },
    {timeouts: {...patient.timeouts, exit: 300}, logLevel: 'error'},
  );
});

for (const [what, start] of Object.entries<(nursery: Nursery) => Promise<unknown>>({
  'actor()': nursery => lastValueFrom(nursery.actor('service', {expose, restart: {}})),
  'openPool()': nursery => nursery.openPool(1, {expose, restart: {}}),
  'run()': nursery => nursery.with({restart: {}}).run(pid),
}))
  test(`${what} refuses restart with a TypeError that says what to use`, t =>
    openNursery(async nursery => {
      await t.throwsAsync(start(nursery), {instanceOf: TypeError, message: /restart is an option of startActor\(\)/});
      t.false(nursery.signal.aborted);
    }));

for (const restart of [true, null, {time: 3}, {times: -1}, {times: 1.5}, {within: Number.NaN}, {delay: '1s'}])
  test(`startActor() refuses restart: ${JSON.stringify(restart)}`, t =>
    openNursery(async nursery => {
      const options = {expose, restart: restart as unknown as RestartOptions};
      await t.throwsAsync(nursery.startActor('service', options), {instanceOf: TypeError, message: /restart/});
    }));

test('a function delay that throws, or gives no time, gives the actor up with that error', async t => {
  for (const [delay, expected] of [
    [() => Number.NaN, {instanceOf: TypeError, message: /delay/}],
    [
      () => {
        throw new RangeError('no delay');
      },
      {instanceOf: RangeError, message: 'no delay'},
    ],
  ] as const) {
    const failure = await t.throwsAsync(
      withService({delay}, async service => {
        await service.run(die, 9).catch(() => {});
        await service.ended;
      }),
      expected,
    );
    t.truthy(failure);
  }
});
