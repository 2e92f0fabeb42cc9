import {concat, finalize, firstValueFrom, from, map, NEVER, of, Subject} from 'rxjs';
import {
  ContextCancelled,
  type Nursery,
  NurseryError,
  openNursery,
  type Portal,
  RemoteActorError,
  sleep,
  task,
} from '../../lib/index.js';
import {talk} from '../fixtures/contexts.js';
import {ticks} from '../fixtures/endings.js';
import {neverStarts} from '../fixtures/failing-contexts.js';
import {keep, keepTogether} from '../fixtures/finalizers.js';
import {busy, deaf} from '../fixtures/stubborn.js';
import {add, double, hang, nap, pidOf} from '../fixtures/tasks.js';
import {throwRange} from '../fixtures/throwers.js';
import {notesOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 8});

test('T8: one-shot actors that nobody awaited are awaited when the body ends', async t => {
  let late: number | undefined;
  const value = await openNursery(async nursery => {
    void nursery.run(double, 21).then(result => {
      late = result;
    });
    return 'body';
  });
  t.is(value, 'body');
  t.is(late, 42);
});

test('T8: the result of a context that a verb opened is awaited when the body ends, its streams completed', async t => {
  let count: number | undefined;
  await openNursery(async nursery => {
    const portal = await nursery.startActor('talker', {expose: [talk]});
    const context = await portal.openContext(talk);
    const wire = context.openStream();
    await wire.send('one');
    await wire.send('two');
    void context.result().then(result => {
      count = result;
    });
  });
  t.is(count, 2);
});

test('T8: what a subscription opened is unsubscribed when the body ends, and its subscriber sees nothing', async t => {
  const seen: unknown[] = [];
  await openNursery(async nursery => {
    const portal = await nursery.startActor('ticker', {expose: [ticks]});
    const first = new Subject<void>();
    portal.stream(ticks, 1).subscribe({
      next: () => first.next(),
      error: error => seen.push(error),
      complete: () => seen.push('complete'),
    });
    await firstValueFrom(first);
  });
  t.deepEqual(seen, []);
});

test('T8: service actors are ended with the body', async t => {
  const pid = await openNursery(async nursery => (await nursery.startActor('service', {expose: [pidOf]})).run(pidOf));
  t.false(isAlive(pid));
});

test('T8: a daemon keeps the nursery open until it is cancelled', async t => {
  let open: number | undefined;
  const nursery = openNursery(async inner => {
    const portal = await inner.startActor('daemon', {expose: [add], daemon: true});
    setImmediate(() => {
      void portal.run(add, 20, 22).then(async sum => {
        open = sum;
        await portal.cancelActor();
      });
    });
    return 'body';
  });
  t.is(await nursery, 'body');
  t.is(open, 42);
});

test('T8: a body may return an Observable: its last value is the result', async t => {
  t.is(await openNursery(nursery => from(nursery.run(double, 4)).pipe(map(value => value + 1))), 9);
  t.is(await openNursery(() => concat(of(1), of(2))), 2);
  t.is<unknown, unknown>(await openNursery(() => from([])), undefined);
});

test('T8: a body of which the Observable fails rejects the nursery with that error', async t => {
  const error = await t.throwsAsync(
    openNursery(nursery => from(nursery.run(throwRange, 'inside'))),
    {
      instanceOf: RemoteActorError,
    },
  );
  t.true(error.is(RangeError));
});

test('T9: a failure that the body caught is told to nobody else', async t => {
  const value = await openNursery(async nursery => {
    const portal = await nursery.startActor('thrower', {expose: [throwRange, add]});
    const error = await t.throwsAsync(portal.run(throwRange, 'caught'), {instanceOf: RemoteActorError});
    t.true(error.is(RangeError));
    t.false(nursery.signal.aborted);
    return portal.run(add, 1, 1);
  });
  t.is(value, 2);
});

test('T9: a failure that nobody asked for fails the nursery, and a later await gets the same error', async t => {
  let later: unknown;
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('thrower', {expose: [throwRange]});
      const unasked = portal.run(throwRange, 'unasked');
      const why = await t.throwsAsync(sleep(1e9), {instanceOf: ContextCancelled});
      t.true(nursery.signal.aborted);
      t.true(why.cause instanceof RemoteActorError);
      later = await t.throwsAsync(unasked);
      throw why;
    }),
    {instanceOf: RemoteActorError, message: /unasked/},
  );
  t.is(later, failure);
});

test('T9: a failure rejects all pending operations of a busy body and ends all children', async t => {
  const pids: number[] = [];
  await t.throwsAsync(
    openNursery(async nursery => {
      const [thrower, other] = await Promise.all([
        nursery.startActor('thrower', {expose: [throwRange]}),
        nursery.startActor('other', {expose: [hang, talk, ticks]}),
      ]);
      pids.push(thrower.actor.pid, other.actor.pid);
      const context = await other.openContext(talk);
      void thrower.run(throwRange, 'unasked');
      const outcomes = await Promise.allSettled([
        other.run(hang),
        context.result(),
        context.openStream()[Symbol.asyncIterator]().next(),
        sleep(1e9),
      ]);
      for (const outcome of outcomes)
        t.true(outcome.status === 'rejected' && outcome.reason instanceof ContextCancelled);
      t.deepEqual(await untilGone(pids), [], 'children were not ended while the body was busy');
    }),
    {instanceOf: RemoteActorError},
  );
});

test('T9: promises of the library that nobody holds raise no unhandledRejection', async t => {
  await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('thrower', {expose: [throwRange, talk, hang]});
      const context = await portal.openContext(talk);
      void context.result();
      void portal.run(hang);
      void portal.run(throwRange, 'unasked');
      await sleep(1e9);
    }),
    {instanceOf: RemoteActorError},
  );
});

test('T9: the own error of a body rejects the nursery as itself, and its children are ended', async t => {
  let pid = 0;
  const mine = new TypeError('mine');
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('child', {expose: [pidOf, hang]});
      pid = await portal.run(pidOf);
      void portal.run(hang);
      throw mine;
    }),
  );
  t.is(failure, mine);
  t.false(isAlive(pid));
});

test('T9: a body that leaves with the cancellation rejects the nursery with it', async t => {
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      void nursery.cancel('enough');
      await sleep(1e9);
    }),
    {instanceOf: ContextCancelled},
  );
  t.is(failure.reason, 'requested');
  t.is(failure.cause as unknown, 'enough');
});

test('T9: a nursery whose signal aborts cancels its body with the reason', async t => {
  const failure = await t.throwsAsync(
    openNursery(() => sleep(1e9), {signal: AbortSignal.abort('from outside')}),
    {instanceOf: ContextCancelled},
  );
  t.is(failure.cause as unknown, 'from outside');
});

const ownCancels: Record<string, (nursery: Nursery, portal: Portal, signal: AbortSignal) => Promise<unknown>> = {
  'an aborted signal': (_, portal, signal) => portal.with({signal}).run(nap, 1e9),
  'an aborted signal, of a one-shot actor': (nursery, _, signal) => nursery.with({signal}).run(nap, 1e9),
  'an aborted signal, before started': (_, portal, signal) => portal.with({signal}).openContext(neverStarts, 'wait'),
  'cancelActor(), of a task': (_, portal) => portal.run(nap, 1e9),
  'cancelActor(), of a context': (_, portal) => portal.openContext(talk),
};
for (const [how, call] of Object.entries(ownCancels)) {
  test(`X5: a cancel that this actor asked for is no failure of its nursery, though nobody awaits what it ended: ${how}`, async t => {
    const value = await openNursery(async nursery => {
      const [portal, other] = await Promise.all(
        ['one', 'other'].map(name => nursery.startActor(name, {expose: [nap, neverStarts, talk, add]})),
      );
      if (!portal || !other) throw new Error('two actors were started');
      const controller = new AbortController();
      void call(nursery, portal, controller.signal);
      await portal.run(add, 1, 1);
      if (how.startsWith('cancelActor')) await portal.cancelActor();
      else controller.abort('enough');
      t.is(await other.run(add, 1, 1), 2, 'its sibling was cancelled');
      return 'body';
    });
    t.is(value, 'body');
  });
}

test('E5: a failure and another error of the body leave as one NurseryError', async t => {
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('thrower', {expose: [throwRange]});
      void portal.run(throwRange, 'unasked');
      await sleep(1e9).catch(() => {
        throw new TypeError('of the body');
      });
    }),
    {instanceOf: NurseryError},
  );
  t.deepEqual(failure.errors.map(error => (error as Error).message).sort(), ['RangeError: unasked', 'of the body']);
});

test('T10: clean-up in a child is run and awaited before the nursery settles', async t => {
  const {file, lines} = notesOf(t);
  await openNursery(async nursery => {
    const portal = await nursery.startActor('keeper', {expose: [keep]});
    await portal.openContext(keep, file, 1, 'idle');
    await nursery.cancel();
  }, patient);
  t.deepEqual(lines(), ['begin 1', 'end 1']);
});

test('T10: clean-up runs at every level of a tree of three, each before its parent has gone', async t => {
  const {file, lines} = notesOf(t);
  let pids: readonly number[] = [];
  await openNursery(async nursery => {
    const portal = await nursery.startActor('level-3', {expose: [keep]});
    pids = (await portal.openContext(keep, file, 3, 'idle')).first;
    await nursery.cancel();
  }, patient);
  t.is(pids.length, 3);
  t.deepEqual(pids.filter(isAlive), []);
  t.deepEqual(lines().sort(), ['begin 1', 'begin 2', 'begin 3', 'end 1', 'end 2', 'end 3']);
});

test.long('T10: a busy leaf is killed by its own parent, and the clean-up of the healthy levels is run', async t => {
  const {file, lines} = notesOf(t);
  let pids: readonly number[] = [];
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('level-3', {expose: [keep]});
      pids = (await portal.openContext(keep, file, 3, 'busy')).first;
      await nursery.cancel();
    },
    {timeouts: {exit: 10_000, cancelAck: 3_000}},
  );
  t.deepEqual(pids.filter(isAlive), []);
  t.deepEqual(lines().sort(), ['begin 2', 'begin 3', 'end 2', 'end 3']);
});

for (const [what, fn] of [
  ['that does not obey', deaf],
  ['in a busy loop', busy],
] as const) {
  test(`T10: a child ${what} is ended when its time is over`, async t => {
    let pid = 0;
    const begun = performance.now();
    await openNursery(async nursery => {
      const portal = await nursery.startActor('stubborn', {expose: [fn]});
      pid = (await portal.openContext(fn)).first;
      await nursery.cancel();
      t.false(isAlive(pid), 'cancel() resolved before the child was gone');
    });
    t.true(performance.now() - begun < 15_000);
    t.false(isAlive(pid));
  });

  test(`T10: cancelActor() of a child ${what} resolves once it is gone, false where it was killed`, async t => {
    await openNursery(async nursery => {
      const portal = await nursery.startActor('stubborn', {expose: [fn]});
      const context = await portal.openContext(fn);
      const result = t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
      // One that has its loop gives up by itself, a moment before it would be killed.
      const wentByItself = await portal.cancelActor();
      if (fn === busy) t.false(wentByItself);
      t.false(isAlive(context.first));
      await result;
      t.is(await portal.ended, undefined);
    });
  });
}

for (const stubborn of [1, 3]) {
  // The logger is the process's: no other tree may run beside.
  test(`T10: an actor in which ${stubborn} tasks run, none of which obeyed, is killed without being given time again`, async t => {
    const logged: string[] = [];
    const note = (_: object, text: string): void => void logged.push(text);
    await openNursery(
      async nursery => {
        const portal = await nursery.startActor('stubborn', {expose: [hang, add]});
        await portal.run(add, 1, 2);
        await openNursery(async inner => {
          const calls = portal.with({scope: inner});
          for (let i = 0; i < stubborn; i++) calls.run(hang).catch(() => {});
          await sleep(0);
          await inner.cancel();
        });
        t.is(await portal.ended, undefined);
      },
      // Its time is over soon, that of its actor would not be.
      {timeouts: {exit: 500}, logLevel: 'cancel', logger: {debug: note, info: note, warn: note, error: note}},
    );
    t.is(logged.filter(text => /^killing stubborn .*: nothing runs in it but what did not obey$/.test(text)).length, 1);
    t.is(logged.filter(text => /^killing stubborn .*: it did not end in time/.test(text)).length, 0);
  });
}

test.long(
  'T10: where something else runs beside a task that did not obey, it is given time for its clean-up',
  async t => {
    const {file, lines} = notesOf(t);
    await openNursery(
      async nursery => {
        const portal = await nursery.startActor('keeper', {expose: [hang, keep]});
        const kept = await portal.openContext(keep, file, 1, 'idle');
        const result = t.throwsAsync(kept.result(), {instanceOf: ContextCancelled});
        await openNursery(async inner => {
          portal
            .with({scope: inner})
            .run(hang)
            .catch(() => {});
          await sleep(0);
          await inner.cancel();
        });
        await result;
      },
      // Two ends of 2.5 s each may be explained by a warning on a busy machine.
      {timeouts: {exit: 2_500, cancelAck: 10_000, explain: 60_000}},
    );
    t.deepEqual(lines(), ['begin 1', 'end 1']);
  },
);

test('T10: many children are cancelled concurrently', async t => {
  const {file, lines} = notesOf(t);
  const count = 6;
  await openNursery(async nursery => {
    const portals = await Promise.all(
      Array.from({length: count}, (_, i) => nursery.startActor(`keeper-${i}`, {expose: [keepTogether]})),
    );
    await Promise.all(portals.map(portal => portal.openContext(keepTogether, file, count)));
    await nursery.cancel();
  }, patient);
  t.deepEqual(lines().sort(), [...Array(count).fill('begin'), ...Array(count).fill('end')]);
});

test('T10: a context whose function never lets go of its loop is given up unacknowledged, and its actor ended', async t => {
  let pid = 0;
  const controller = new AbortController();
  await openNursery(async nursery => {
    const portal = await nursery.startActor('blocked', {expose: [busy]});
    const context = await portal.with({signal: controller.signal}).openContext(busy);
    pid = context.first;
    controller.abort('too long');
    const error = await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
    t.false(error.acked);
    t.is(error.cause as unknown, 'too long');
    t.true(context.cancelCalled);
    t.false(context.cancelAcked);
  });
  t.false(isAlive(pid));
});

test('T10: nursery.cancel() may be called again and in the middle of it', async t => {
  await openNursery(async nursery => {
    await nursery.startActor('child', {expose: [add]});
    await Promise.all([nursery.cancel(), nursery.cancel('again')]);
    await nursery.cancel();
  });
  t.pass();
});

test('T10: a cancelled nursery starts nothing more', async t => {
  await openNursery(async nursery => {
    await nursery.cancel();
    await t.throwsAsync(nursery.startActor('late', {expose: [add]}), {instanceOf: ContextCancelled});
    await t.throwsAsync(nursery.run(add, 1, 2), {instanceOf: ContextCancelled});
  });
});

test('a nursery that is left by its await using block ends what is in it', async t => {
  let pid = 0;
  {
    await using nursery = await openNursery();
    const portal = await nursery.startActor('child', {expose: [pidOf]});
    pid = await portal.run(pidOf);
  }
  t.false(isAlive(pid));
});

test('a nursery in a nursery ends with its own body, and leaves the outer one as it is', async t => {
  await openNursery(async outer => {
    const kept = await outer.startActor('kept', {expose: [add]});
    const pid = await openNursery(async inner => {
      const portal = await inner.startActor('inner', {expose: [pidOf]});
      return portal.run(pidOf);
    });
    t.false(isAlive(pid));
    t.is(await kept.run(add, 1, 1), 2);
  });
});

test('T8: an inner nursery that nobody awaits is awaited when the body ends', async t => {
  let pid = 0;
  let value: number | undefined;
  await openNursery(async () => {
    void openNursery(async inner => {
      const portal = await inner.startActor('inner', {expose: [pidOf, double]});
      pid = await portal.run(pidOf);
      value = await portal.run(double, 21);
    });
  });
  t.is(value, 42);
  t.false(isAlive(pid));
});

test('T9: an inner nursery that nobody awaits ends before the error of the body leaves the outer one', async t => {
  let pid = 0;
  const mine = new TypeError('mine');
  const failure = await t.throwsAsync(
    openNursery(async () => {
      await new Promise<void>(resolve => {
        void openNursery(async inner => {
          const portal = await inner.startActor('inner', {expose: [pidOf]});
          pid = await portal.run(pidOf);
          resolve();
          await sleep(1e9);
        });
      });
      throw mine;
    }),
  );
  t.is(failure, mine);
  t.false(isAlive(pid));
});

test('T9: the failure of an inner nursery that nobody awaits is that of the outer one', async t => {
  const failure = await t.throwsAsync(
    openNursery(async () => {
      void openNursery(async inner => inner.run(throwRange, 'inside'));
      await sleep(1e9);
    }),
    {instanceOf: RemoteActorError},
  );
  t.true(failure.is(RangeError));
});

test('a failure in an inner nursery that is caught does not reach the outer one', async t => {
  await openNursery(async outer => {
    const kept = await outer.startActor('kept', {expose: [add]});
    await t.throwsAsync(
      openNursery(async inner => {
        const portal = await inner.startActor('thrower', {expose: [throwRange]});
        void portal.run(throwRange, 'unasked');
        await sleep(1e9);
      }),
      {instanceOf: RemoteActorError},
    );
    t.false(outer.signal.aborted);
    t.is(await kept.run(add, 1, 1), 2);
  });
});

test('nursery.run gives each call an actor of its own, which is gone with the answer', async t => {
  await openNursery(async nursery => {
    const [first, second] = await Promise.all([nursery.run(pidOf), nursery.run(pidOf)]);
    t.not(first, second);
    t.false(isAlive(first));
    t.false(isAlive(second));
  });
});

test('nursery.run under a timeout ends its actor', async t => {
  await openNursery(async nursery => {
    const error = await t.throwsAsync(nursery.with({timeout: 300, name: 'slow'}).run(nap, 1e9), {
      instanceOf: ContextCancelled,
    });
    t.is(error.reason, 'deadline');
    t.false(nursery.signal.aborted);
  });
});

test('T8: an Observable body is unsubscribed when the nursery is cancelled', async t => {
  let stopped = false;
  await t.throwsAsync(
    openNursery(nursery => {
      void nursery.cancel('enough');
      return NEVER.pipe(
        finalize(() => {
          stopped = true;
        }),
      );
    }),
    {instanceOf: ContextCancelled},
  );
  t.true(stopped);
});

test('task functions can be called locally', t => {
  t.is(add(1, 2), 3);
  t.is(task((n: number) => n + 1)(1), 2);
});
