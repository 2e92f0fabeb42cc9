// Actors as cold Observables: one for each subscription, its errors the subscription's, and never two at once.
import {randomUUID} from 'node:crypto';
import {
  BehaviorSubject,
  defer,
  filter,
  finalize,
  firstValueFrom,
  lastValueFrom,
  mergeMap,
  NEVER,
  type Observable,
  of,
  retry,
  Subject,
  share,
  throwError,
  timer,
} from 'rxjs';
import {
  ActorDied,
  ContextCancelled,
  currentSignal,
  type Nursery,
  openNursery,
  type Portal,
  SpawnFailed,
  TransportClosed,
} from '../../lib/index.js';
import {ticks} from '../fixtures/endings.js';
import {holdThenFail} from '../fixtures/holder.js';
import {countTo} from '../fixtures/streams.js';
import {add, pidOf} from '../fixtures/tasks.js';
import {eventually} from '../kit/eventually.js';
import {patient} from '../kit/patient.js';
import {actorProcesses, isAlive, untilGone} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 3});

const options = {expose: [add, countTo, holdThenFail, pidOf, ticks]};
const childrenNamed = (name: string): number[] =>
  actorProcesses()
    .filter(actor => actor.parent === process.pid && actor.name === name)
    .map(actor => actor.pid);

/** Subscribes, and resolves with the first value and how to let go. */
function hold<T>(source: Observable<T>): Promise<{value: T; unsubscribe(): void}> {
  return new Promise((resolve, reject) => {
    const subscription = source.subscribe({
      next: value => setImmediate(() => resolve({value, unsubscribe: () => subscription.unsubscribe()})),
      error: reject,
    });
  });
}

test('X9: nothing is started before a subscription, and unsubscribing ends the actor', async t => {
  await openNursery(async nursery => {
    const cold = nursery.actor('cold-one', options);
    await nursery.run(pidOf);
    t.deepEqual(childrenNamed('cold-one'), []);
    const {value: portal, unsubscribe} = await hold(cold);
    t.is(await portal.run(add, 1, 2), 3);
    t.deepEqual(childrenNamed('cold-one'), [portal.actor.pid]);
    unsubscribe();
    t.is(await portal.ended, undefined);
    t.deepEqual(await untilGone([portal.actor.pid]), []);
    t.false(nursery.signal.aborted);
  });
});

test('use of an actor whose subscription has ended names startActor, while it ends and after that', async t => {
  await openNursery(async nursery => {
    const portal = await firstValueFrom(nursery.actor('brief', {...options, backend: 'inline'}));
    const expected = {instanceOf: ContextCancelled, message: /brief .*firstValueFrom.*nursery\.startActor\(\)/};
    for (let round = 0; round < 2; round++) {
      await t.throwsAsync(portal.run(add, 1, 2), expected);
      await t.throwsAsync(firstValueFrom(portal.stream(countTo, 2)), expected);
      await portal.ended;
    }
    t.false(nursery.signal.aborted);
  });
});

test('X9: unsubscribing while the actor is being spawned ends it, and the next subscription has one of its own', async t => {
  await openNursery(async nursery => {
    const cold = nursery.actor('brief', options);
    const seen: unknown[] = [];
    const early = cold.subscribe({next: value => seen.push(value), error: error => seen.push(error)});
    await eventually(() => childrenNamed('brief').length > 0, 'the process of the actor', {pollMs: 1});
    const [first = 0] = childrenNamed('brief');
    early.unsubscribe();
    // At once, and before anything was begun.
    cold.subscribe({next: value => seen.push(value), error: error => seen.push(error)}).unsubscribe();
    const {value: portal, unsubscribe} = await hold(cold);
    t.false(isAlive(first));
    t.not(portal.actor.pid, first);
    t.deepEqual(seen, []);
    unsubscribe();
  });
});

test('T9: a death is an error of the subscription, and not of the nursery', async t => {
  await openNursery(async nursery => {
    const error = await t.throwsAsync(
      lastValueFrom(
        nursery.actor('victim', options).pipe(
          mergeMap(async portal => {
            process.kill(portal.actor.pid, 'SIGKILL');
            await portal.ended;
          }),
        ),
      ),
      {instanceOf: ActorDied},
    );
    t.is(error.exit.signal, 'SIGKILL');
    t.false(nursery.signal.aborted);
    t.is(await nursery.run(add, 1, 2), 3);
  });
});

test('T17: a portal whose actor died while its subscription is retried says that, and not that it was let go', t =>
  openNursery(async nursery => {
    const portals = new BehaviorSubject<Portal | undefined>(undefined);
    const again = new Subject<void>();
    const watched = nursery.actor('service', options).pipe(retry({delay: () => again}));
    const subscription = watched.subscribe(portal => portals.next(portal));
    const portal = (await firstValueFrom(portals.pipe(filter(Boolean)))) as Portal;
    process.kill(portal.actor.pid, 'SIGKILL');
    t.is((await portal.ended)?.exit.signal, 'SIGKILL');
    const error = await t.throwsAsync(portal.run(add, 1, 2), {
      instanceOf: TransportClosed,
      message: /service \(pid \d+\) died \(killed by SIGKILL\); its subscription is being retried/,
    });
    t.true(error.cause instanceof ActorDied);
    again.next();
    const next = (await firstValueFrom(portals.pipe(filter(found => found !== portal)))) as Portal;
    t.is(await next.run(add, 1, 2), 3);
    subscription.unsubscribe();
  }, patient));

test('an actor that cannot be started is SpawnFailed, and a bad option TypeError, as errors of the subscription', async t => {
  await openNursery(async nursery => {
    const broken = nursery.actor('broken', {expose: [new URL('../fixtures/throws-at-import.js', import.meta.url)]});
    await t.throwsAsync(lastValueFrom(broken), {instanceOf: SpawnFailed});
    const wrong = nursery.actor('wrong', {...options, stdio: 'loud' as never});
    await t.throwsAsync(lastValueFrom(wrong), {instanceOf: TypeError});
    // The failure has left no turn taken.
    await t.throwsAsync(lastValueFrom(wrong.pipe(retry(2))), {instanceOf: TypeError});
    await t.throwsAsync(lastValueFrom(broken), {instanceOf: SpawnFailed});
    t.false(nursery.signal.aborted);
  });
});

test('X9: with `use` it gives what that gives, completes when that does, and ends the actor', async t => {
  let pid = 0;
  await openNursery(async nursery => {
    const counted = nursery.actor('user', options, portal => {
      pid = portal.actor.pid;
      return portal.stream(countTo, 3);
    });
    t.is(await lastValueFrom(counted), 3);
    t.deepEqual(await untilGone([pid]), []);
    const thrown = nursery.actor('user', options, () => {
      throw new RangeError('use threw');
    });
    await t.throwsAsync(lastValueFrom(thrown), {instanceOf: RangeError, message: 'use threw'});
  });
  t.false(isAlive(pid));
});

/** An address that the system frees when its process is gone, and not before. */
const freshAddress = (): string => `\0rxtractor-${randomUUID()}`;

test.long('X9: retry never has two of them: each gets the address that the one before held to its end', async t => {
  const address = freshAddress();
  const pids: number[] = [];
  await openNursery(async nursery => {
    const failing = nursery.actor('holder', options, portal => portal.stream(holdThenFail, address));
    const alive: number[] = [];
    const error = await new Promise<unknown>(resolve => {
      failing.pipe(retry(4)).subscribe({
        next: pid => {
          alive.push(...pids.filter(isAlive));
          pids.push(pid);
        },
        error: resolve,
      });
    });
    t.regex(String(error), /failed after it had the address/);
    t.deepEqual(alive, []);
    t.is(new Set(pids).size, 5);
    t.false(nursery.signal.aborted);
  });
});

test('X9: two that subscribe at a time have an actor each', async t => {
  await openNursery(async nursery => {
    const cold = nursery.actor('twin', options);
    const twins = await Promise.all([hold(cold), hold(cold)]);
    const pids = await Promise.all(twins.map(({value: portal}) => portal.run(pidOf)));
    t.is(new Set(pids).size, 2);
    for (const {unsubscribe} of twins) unsubscribe();
  });
});

test('retry with a delay waits before it starts another, and gives up with the last error', async t => {
  await openNursery(async nursery => {
    const deaths: number[] = [];
    const delays: number[] = [];
    const pids: number[] = [];
    const kill = (portal: Portal): Observable<never> => {
      if (deaths.length > 0) delays.push(performance.now() - (deaths.at(-1) ?? 0));
      pids.push(portal.actor.pid);
      process.kill(portal.actor.pid, 'SIGKILL');
      return NEVER;
    };
    const supervised = nursery.actor('victim', options, kill).pipe(
      retry({
        count: 2,
        delay: () => {
          deaths.push(performance.now());
          return timer(150);
        },
      }),
    );
    const last = await t.throwsAsync(lastValueFrom(supervised), {instanceOf: ActorDied});
    t.is(new Set(pids).size, 3);
    t.is(last.actor?.pid, pids[2]);
    t.is(delays.length, 2);
    // Timers of Node may be a millisecond early.
    for (const delay of delays) t.true(delay >= 149, `${delay} ms`);
    t.false(nursery.signal.aborted);
  });
});

test('C12: what a retry starts runs in the scope of the subscription', async t => {
  await openNursery(async outer => {
    await openNursery(async nursery => {
      const own = currentSignal();
      const seen: boolean[] = [];
      const source = outer.actor('again', options, portal => {
        seen.push(currentSignal() === own);
        if (seen.length === 3) return of('done');
        process.kill(portal.actor.pid, 'SIGKILL');
        return NEVER;
      });
      t.is(await lastValueFrom(source.pipe(retry(2))), 'done');
      t.deepEqual(seen, [true, true, true]);
      t.false(nursery.signal.aborted);
    });
  });
});

test('share() gives several subscribers one actor, which ends with the last of them', async t => {
  await openNursery(async nursery => {
    const shared = nursery
      .actor('shared-one', options)
      .pipe(share({connector: () => new Subject(), resetOnRefCountZero: true}));
    const [one, two] = await Promise.all([hold(shared), hold(shared)]);
    t.is(one.value, two.value);
    t.deepEqual(childrenNamed('shared-one').length, 1);
    one.unsubscribe();
    t.is(await two.value.run(add, 1, 1), 2);
    two.unsubscribe();
    t.deepEqual(await untilGone([two.value.actor.pid]), []);
  });
});

test('T8: a nursery that is left ends it in silence, and is not kept open by a retry', async t => {
  const seen: unknown[] = [];
  let pid = 0;
  await openNursery(async nursery => {
    const watch = {
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('completed'),
    };
    // One that serves, one that streams, one that is being spawned.
    nursery.actor('stream', options, portal => portal.stream(ticks, 1)).subscribe(watch);
    const portal = await new Promise<Portal>(resolve => {
      nursery
        .actor('serving', options)
        .pipe(retry())
        .subscribe({...watch, next: resolve});
    });
    pid = portal.actor.pid;
    nursery.actor('late', options).pipe(retry()).subscribe(watch);
  });
  t.deepEqual(seen, []);
  t.false(isAlive(pid));
  t.deepEqual([...childrenNamed('stream'), ...childrenNamed('late')], []);
});

test('T9: a nursery that is cancelled errors it, and a retry without an end does not keep the loop from turning', async t => {
  const finalized: string[] = [];
  await openNursery(async nursery => {
    nursery
      .actor('endless', options)
      .pipe(
        retry(),
        finalize(() => finalized.push('endless')),
      )
      .subscribe();
    const held = lastValueFrom(nursery.actor('held', options).pipe(finalize(() => finalized.push('held'))), {
      defaultValue: undefined,
    });
    await firstValueFrom(nursery.actor('other', options));
    void nursery.cancel('enough');
    await t.throwsAsync(held, {instanceOf: ContextCancelled});
    t.true(finalized.includes('held'));
  });
  t.deepEqual([...childrenNamed('endless'), ...childrenNamed('held')], []);
});

test('an end that was asked for with cancelActor() or a signal is ContextCancelled for its subscription', async t => {
  await openNursery(async nursery => {
    const ended = nursery.actor('asked', options, async portal => {
      await portal.cancelActor('please');
      await new Promise(() => {});
    });
    const error = await t.throwsAsync(lastValueFrom(ended), {instanceOf: ContextCancelled});
    t.is(error.cause as unknown, 'please');
    const stop = new AbortController();
    const signalled = nursery.actor('signalled', {...options, signal: stop.signal}, () => {
      stop.abort();
      return NEVER;
    });
    await t.throwsAsync(lastValueFrom(signalled), {instanceOf: ContextCancelled});
    t.false(nursery.signal.aborted);
  });
});

test('C12: a nursery that has been left starts none: ContextCancelled with reason scope', async t => {
  let left: Nursery | undefined;
  await openNursery(async outer => {
    await openNursery(async nursery => {
      left = nursery;
    });
    const error = await t.throwsAsync(lastValueFrom((left as Nursery).actor('late', options)), {
      instanceOf: ContextCancelled,
    });
    t.is(error.reason, 'scope');
    t.false(outer.signal.aborted);
  });
});

test('nursery.with() gives actor() its defaults', async t => {
  await openNursery(async nursery => {
    const {actor} = nursery.with({expose: [pidOf], stdio: 'ignore'});
    const pid = await lastValueFrom(actor('given', {} as never, portal => defer(() => portal.run(pidOf))));
    t.deepEqual(await untilGone([pid]), []);
    await t.throwsAsync(lastValueFrom(actor('given', {} as never, () => throwError(() => new RangeError('mine')))), {
      instanceOf: RangeError,
    });
  });
});
