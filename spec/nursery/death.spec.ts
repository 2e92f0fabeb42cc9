// Actors that end without being asked to, and who is told what.
import {
  ActorDied,
  ContextCancelled,
  type Logger,
  openNursery,
  type Portal,
  RemoteActorError,
  TransportClosed,
} from '../../lib/index.js';
import {throwLater} from '../fixtures/careless.js';
import {neverStarts, open, returnThenExit, silent} from '../fixtures/endings.js';
import {sabotage} from '../fixtures/sabotage.js';
import {add, exit, hang, pidOf} from '../fixtures/tasks.js';
import {eventually} from '../kit/eventually.js';
import {patient} from '../kit/patient.js';
import {isAlive} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 6});

test('T17: a kill -9 rejects everything that waits on the actor at once, with exit code and signal', async t => {
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('victim', {expose: [hang, neverStarts, open, pidOf, silent]});
      const context = await portal.openContext(open);
      const opened = context.openStream();
      const waiting = [
        portal.run(hang),
        portal.openContext(neverStarts),
        context.result(),
        opened[Symbol.asyncIterator]().next(),
        portal.stream(silent)[Symbol.asyncIterator]().next(),
      ];
      // Answered behind all of these.
      process.kill(await portal.run(pidOf), 'SIGKILL');
      const exit = {code: null, signal: 'SIGKILL'};
      for (const outcome of await Promise.allSettled(waiting)) {
        if (outcome.status === 'fulfilled') return t.fail('a call of a dead actor was answered');
        t.true(outcome.reason instanceof ActorDied, String(outcome.reason));
        t.deepEqual(outcome.reason.exit, exit);
        t.is(outcome.reason.actor?.name, 'victim');
      }
      t.deepEqual((await portal.ended)?.exit, exit as never);
    }),
    {instanceOf: ActorDied},
  );
  t.deepEqual(failure.exit, {code: null, signal: 'SIGKILL'});
  t.regex(failure.message, /victim.*killed by SIGKILL/);
});

test('T12: process.exit(n) in an actor is ActorDied with that code, for its calls and its nursery', async t => {
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('leaver', {expose: [exit]});
      const error = await t.throwsAsync(portal.run(exit, 3), {instanceOf: ActorDied});
      t.deepEqual(error.exit, {code: 3, signal: null});
    }),
    {instanceOf: ActorDied},
  );
  t.deepEqual(failure.exit, {code: 3, signal: null});
});

test('T12: an exit with code 0 that nobody asked for is a death all the same', async t => {
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('leaver', {expose: [exit]});
      await portal.run(exit, 0);
    }),
    {instanceOf: ActorDied},
  );
  t.deepEqual(failure.exit, {code: 0, signal: null});
});

test('T12: a result of 5 MB is flushed before an exit', async t => {
  const size = 5 * 1024 * 1024;
  await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('leaver', {expose: [returnThenExit]});
      const bytes = await portal.run(returnThenExit, size, 4);
      t.is(bytes.length, size);
      t.true(bytes.every(byte => byte === 7));
      t.deepEqual((await portal.ended)?.exit, {code: 4, signal: null});
    }),
    {instanceOf: ActorDied},
  );
});

for (const kind of ['exception', 'rejection'] as const) {
  test(`T13: an uncaught ${kind} in a child is relayed: the error first, the exit with it`, async t => {
    const failure = await t.throwsAsync(
      openNursery(async nursery => {
        const portal = await nursery.startActor('careless', {expose: [throwLater], stdio: 'ignore'});
        const error = await t.throwsAsync(portal.run(throwLater, kind), {instanceOf: ActorDied});
        t.deepEqual(error.exit, {code: 1, signal: null});
        t.regex(error.message, /nobody caught this/);
        t.true(error.cause instanceof RemoteActorError && error.cause.is(RangeError));
      }),
      {instanceOf: RemoteActorError, message: /nobody caught this/},
    );
    t.true(failure.cause instanceof RangeError);
    t.is(failure.origin.name, 'careless');
    const [death] = failure.suppressed;
    t.true(death instanceof ActorDied);
    t.deepEqual((death as ActorDied).exit, {code: 1, signal: null});
  });
}

const dies = test.macro({
  async exec(t, act: string, signal: NodeJS.Signals | undefined, message: RegExp, execArgv: string[] = []) {
    const failure = await t.throwsAsync(
      openNursery(async nursery => {
        const portal = await nursery.startActor('saboteur', {expose: [sabotage], stdio: 'ignore', execArgv});
        await t.throwsAsync(portal.run(sabotage, act), {instanceOf: ActorDied});
        t.false(isAlive(portal.actor.pid));
      }),
      {instanceOf: ActorDied, message},
    );
    if (signal) t.is(failure.exit.signal, signal);
  },
  title: (_, act) => `an actor whose code happens to ${act} has died, and is said to have`,
});

test(dies, 'abort', 'SIGABRT', /killed by SIGABRT/);
test(dies, 'fill the heap', 'SIGABRT', /its heap was out of memory/, ['--max-old-space-size=24']);
test(dies, 'close the channel', undefined, /saboteur.*died/);

test('T10: an actor that has removed all listeners of its process is ended all the same', async t => {
  let pid = 0;
  await openNursery(async nursery => {
    const portal = await nursery.startActor('saboteur', {expose: [pidOf, sabotage]});
    pid = await portal.run(pidOf);
    const running = t.throwsAsync(portal.run(sabotage, 'remove all listeners'), {instanceOf: ContextCancelled});
    t.is(await portal.run(pidOf), pid);
    await nursery.cancel();
    await running;
  });
  t.false(isAlive(pid));
});

test('T17: a call that is made after the end of the channel, and before the verdict, waits for the verdict', t =>
  openNursery(async nursery => {
    // Its process goes on without its channel: the verdict comes a quarter of a second after the end of the channel.
    // The death goes to the subscription, so that the nursery lives on.
    const portal = await new Promise<Portal>((resolve, reject) => {
      nursery.actor('saboteur', {expose: [add, hang, sabotage]}).subscribe({next: resolve, error: reject});
    });
    void portal.run(sabotage, 'close the channel').catch(() => {});
    let isOver = false;
    void portal.ended.then(() => {
      isOver = true;
    });
    const calls: Promise<unknown>[] = [];
    const callOn = (): boolean => {
      if (!isOver) calls.push(portal.run(add, 1, 2).then(String, error => error));
      return isOver;
    };
    await eventually(callOn, 'the verdict', {pollMs: 5});
    const outcomes = await Promise.all(calls);
    const failures = outcomes.filter(outcome => outcome !== '3');
    t.true(failures.length > 10);
    for (const failure of failures) t.true(failure instanceof ActorDied, String(failure));
    const late = await t.throwsAsync(portal.run(add, 1, 2), {instanceOf: TransportClosed});
    t.is(late.kind, 'closed');
    t.true(late.cause instanceof ActorDied);
  }, patient));

test('T9: the death of an actor of run() fails the call alone, when somebody asked for it', async t => {
  await openNursery(async nursery => {
    for (const code of [0, 1, 3]) {
      const death = await t.throwsAsync(nursery.run(exit, code), {instanceOf: ActorDied});
      t.deepEqual(death.exit, {code, signal: null});
    }
    const crash = await t.throwsAsync(nursery.run(throwLater, 'exception'), {instanceOf: ActorDied});
    t.true(crash.cause instanceof RemoteActorError && crash.cause.is(RangeError));
    t.is(await nursery.run(add, 1, 2), 3);
    t.false(nursery.signal.aborted);
  }, patient);
});

test('T9: the death of an actor of run() that nobody asked for fails the nursery, once', async t => {
  const failure = await t.throwsAsync(
    openNursery(nursery => {
      void nursery.run(exit, 3);
      return nursery.run(hang);
    }),
    {instanceOf: ActorDied},
  );
  t.is(failure.exit.code, 3);
});

test('T9: a nursery without a body logs its failure at once', async t => {
  const logged: {text: string; error: unknown}[] = [];
  const ignore = (): void => {};
  const note = (record: {error?: unknown}, text: string): unknown => logged.push({text, error: record.error});
  const logger = {debug: ignore, info: ignore, warn: ignore, error: note as Logger['error']};
  const nursery = await openNursery({name: 'web', logger, ...patient});
  const worker = await nursery.startActor('worker', {expose: [exit]});
  await worker.run(exit, 3).catch(() => {});
  t.is(logged.length, 1);
  t.regex(logged[0]?.text ?? '', /^web has failed.*worker \(pid \d+\) died \(exit code 3\)/);
  const failure = await t.throwsAsync(async () => nursery[Symbol.asyncDispose](), {instanceOf: ActorDied});
  t.is(logged[0]?.error, failure);
  t.is(logged.length, 1);
});

const terms = test.macro({
  async exec(t, _what: string, call: (portal: Portal) => Promise<unknown> | undefined) {
    const failure = await t.throwsAsync(
      openNursery(
        async nursery => {
          const portal = await nursery.startActor('told', {expose: [hang, open, pidOf, silent]});
          const waiting = call(portal)?.catch(error => error);
          process.kill(await portal.run(pidOf), 'SIGTERM');
          if (waiting) t.true((await waiting) instanceof ActorDied, String(await waiting));
          const death = await portal.ended;
          t.deepEqual(death?.exit, {code: 143, signal: null});
          const cause = death?.cause as ContextCancelled;
          t.true(cause instanceof ContextCancelled);
          t.is(cause.reason, 'shutdown');
          t.is(cause.cause as unknown, 'SIGTERM');
          // A task that hangs has the whole of this time.
        },
        {timeouts: {...patient.timeouts, exit: 1_000}},
      ),
      {instanceOf: ActorDied, message: /told .*died \(exit code 143\): actor told got SIGTERM/},
    );
    t.is(failure.exit.code, 143);
  },
  title: (_, what) => `T17: after SIGTERM from outside the parent is told ActorDied with code 143: ${what}`,
});

test(terms, 'nothing waits', () => undefined);
test(terms, 'a task waits', portal => portal.run(hang));
test(terms, 'a context waits', portal => portal.openContext(open).then(context => context.result()));
test(terms, 'an iterator waits', portal => portal.stream(silent)[Symbol.asyncIterator]().next());

test('T9: the death of an actor that nobody waits for fails the nursery and rejects what else is pending', async t => {
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const [victim, other] = await Promise.all([
        nursery.startActor('victim', {expose: [pidOf]}),
        nursery.startActor('other', {expose: [hang]}),
      ]);
      process.kill(await victim.run(pidOf), 'SIGKILL');
      await other.run(hang);
    }),
    {instanceOf: ActorDied},
  );
  t.is(failure.actor?.name, 'victim');
});

test('T10: an actor that was asked to end has not died: ended is undefined and the nursery is well', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('obedient', {expose: [add]});
    t.true(await portal.cancelActor());
    t.is(await portal.ended, undefined);
    t.false(nursery.signal.aborted);
  });
});
