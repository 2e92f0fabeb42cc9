// Actors that find one another, asked of processes, threads and inline actors alike: who is there, who is there no more,
// and that what was found is a portal like any other.
import {filter, firstValueFrom, ReplaySubject, type Subscription, take, toArray} from 'rxjs';
import type {Actor} from '../../lib/actor/actor.js';
import {type Current, current} from '../../lib/base/current.js';
import {
  type ActorEvent,
  type ActorId,
  addresses,
  type Backend,
  ContextCancelled,
  connect,
  type FoundPortal,
  findActor,
  listActors,
  NoRuntime,
  type Nursery,
  openNursery,
  type Portal,
  RemoteActorError,
  TransportClosed,
  waitForActor,
  watchActors,
} from '../../lib/index.js';
import {everyWay, useInEveryWay} from '../fixtures/every-way.js';
import {forAnybody, keep, list, lookFor, use, useFamily} from '../fixtures/found.js';
import {obedient} from '../fixtures/obedient.js';
import {add, exit} from '../fixtures/tasks.js';
import {eventually} from '../kit/eventually.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 3});

const backends: readonly Backend[] = ['process', 'thread', 'inline'];
/** Time enough for clean-up on a loaded machine, where the bounds are not what is tested. */
const patient = {name: 'root', timeouts: {spawn: 60_000, handshake: 30_000, exit: 30_000, cancelAck: 10_000}};

/** The events that have been told since it was made, kept for whoever waits for it later. */
class Watch {
  readonly #events = new ReplaySubject<ActorEvent>();
  readonly subscription: Subscription = watchActors().subscribe(this.#events);

  async until(type: ActorEvent['type'], actor: Pick<ActorId, 'id'>): Promise<void> {
    await firstValueFrom(this.#events.pipe(filter(event => event.type === type && event.actor.id === actor.id)));
  }
}

function channelsHere(): (string | undefined)[] {
  const {runtime} = current() as Current;
  return [...(runtime as Actor).channels].map(({peer}) => peer?.name).sort();
}

/** The answer of `useInEveryWay` about an actor. */
const everything = (actor: ActorId) => ({
  sum: 3,
  said: 'HELLO',
  talks: 1,
  values: [2, 3, 4],
  cancelled: true,
  threw: [actor, 1],
});

/** A tree three levels deep: who is at each, and what keeps the lower two. */
async function grow(nursery: Nursery, backend: Backend) {
  const one = await nursery.startActor('one', {backend, expose: forAnybody});
  const two = await one.openContext(keep, 'two', backend);
  const foundTwo = await waitForActor('two');
  const three = await foundTwo.openContext(keep, 'three', backend);
  // That they end is what the specs are about.
  for (const kept of [two, three]) void kept.result().catch(() => {});
  return {one, two, foundTwo, three};
}

for (const backend of backends) {
  const run = backend === 'thread' ? test.long : test;
  run(
    `D1, D2, D3, C10: ${backend}: whoever is started is found by all, at each depth, used directly in every way, and not found once it has ended`,
    async t => {
      await openNursery(
        async nursery => {
          const watch = new Watch();
          const cousin = await nursery.startActor('cousin', {backend, expose: forAnybody});
          const {one, two, foundTwo, three} = await grow(nursery, backend);
          t.deepEqual(await cousin.run(lookFor, 'three'), three.first);
          t.deepEqual(await cousin.run(list), ['root', 'cousin', 'one', 'two', 'three']);
          t.deepEqual(await listActors(), await Promise.all(['root', 'cousin', 'one', 'two', 'three'].map(who)));
          t.is(await findActor('nobody'), undefined);
          t.is(await cousin.run(lookFor, 'nobody'), undefined);

          const far = await cousin.run(use, 'three');
          t.deepEqual(far, {actor: three.first, used: everything(three.first), peers: ['root', 'three']});
          const found = await waitForActor('three');
          t.deepEqual(await useInEveryWay(found), everything(three.first));
          // Nobody but its parent is a way to an actor that is near.
          const family = await found.run(useFamily);
          t.deepEqual(
            family.map(({actor, used}) => [actor.name, used]),
            ['three', 'two', 'a child'].map((name, i) => [name, everything(family[i]?.actor as ActorId)]),
          );
          for (const {peers} of family)
            t.deepEqual(
              peers.filter(name => name === 'two' || name === 'a child'),
              ['a child', 'two'],
            );

          // Its usual bound may be short on a loaded machine.
          const long = {timeout: 60_000};
          t.true(await three.cancel(undefined, long));
          // The answer came by another way than the end of this connection, which is all that this side knows by itself.
          await found.ended;
          t.is(await findActor('three'), undefined);
          await watch.until('ended', three.first);
          if (backend !== 'inline') {
            const again = await one.openContext(keep, 'again', backend);
            void again.result().catch(() => {});
            await t.throwsAsync((await waitForActor('again')).run(exit, 3), {instanceOf: TransportClosed});
            await watch.until('ended', again.first);
            t.is(await cousin.run(lookFor, 'again'), undefined);
          }
          t.true(await two.cancel(undefined, long));
          await foundTwo.ended;
          t.is(await one.run(lookFor, 'two'), undefined);
          await one.cancelActor();
          t.is(await findActor('one'), undefined);
          t.deepEqual(
            (await listActors()).map(({name}) => name),
            ['root', 'cousin'],
          );
        },
        {...patient, expose: everyWay},
      );
    },
  );
}

async function who(name: string): Promise<ActorId | undefined> {
  return (await findActor(name))?.actor;
}

test('D1, K88: process: of two of one name the latest is found; killed, the one before is found again', async t => {
  await openNursery(async nursery => {
    const watch = new Watch();
    const one = await nursery.startActor('one', {backend: 'inline', expose: forAnybody});
    const older = await nursery.startActor('twin', {backend: 'inline', expose: [add]});
    const latest = await one.openContext(keep, 'twin', 'process');
    void latest.result().catch(() => {});
    t.deepEqual(await who('twin'), latest.first);
    t.deepEqual(await one.run(lookFor, 'twin'), latest.first);
    process.kill(latest.first.pid, 'SIGKILL');
    await watch.until('ended', latest.first);
    t.deepEqual(await who('twin'), older.actor);
    t.deepEqual(await one.run(lookFor, 'twin'), older.actor);
  }, patient);
});

test('D2: waitForActor waits until there is one, or until its signal or its scope is cancelled, and leaves nothing behind', async t => {
  await openNursery(async nursery => {
    const one = await nursery.startActor('one', {backend: 'inline', expose: forAnybody});
    const waits = [waitForActor('late').then(({actor}) => actor), one.run(use, 'late').then(({actor}) => actor)];
    const stop = new AbortController();
    const stopped = waitForActor('never', {signal: stop.signal});
    stop.abort('enough');
    const {reason, cause} = (await t.throwsAsync(stopped, {instanceOf: ContextCancelled})) as ContextCancelled;
    t.deepEqual([reason, cause], ['requested', 'enough']);
    await t.throwsAsync(waitForActor('never', {signal: stop.signal}), {instanceOf: ContextCancelled});
    for (const start of [() => waitForActor('never'), () => firstValueFrom(watchActors().pipe(filter(() => false)))]) {
      const inner = openNursery(async own => {
        setImmediate(() => own.cancel());
        await t.throwsAsync(start(), {instanceOf: ContextCancelled});
      });
      await inner;
    }
    const waiting = one.with({timeout: 200}).run(use, 'never');
    t.is((await t.throwsAsync(waiting, {instanceOf: ContextCancelled}))?.reason, 'deadline');
    const late = await one.openContext(keep, 'late', 'inline');
    t.deepEqual(await Promise.all(waits), [late.first, late.first]);
    await late.cancel();
  }, patient);
});

test('D1, T8: watchActors tells of those that are there, that come and that end, until its scope ends', async t => {
  await openNursery(async nursery => {
    const seen: string[] = [];
    const one = await nursery.startActor('one', {backend: 'inline', expose: forAnybody});
    let inner!: Subscription;
    await openNursery(async () => {
      inner = watchActors().subscribe(({type, actor}) => seen.push(`${type} ${actor.name}`));
      const two = await one.openContext(keep, 'two', 'inline');
      await two.cancel(undefined, {timeout: 60_000});
      await firstValueFrom(watchActors().pipe(filter(({actor}) => actor.name === 'root')));
    });
    t.true(inner.closed);
    const later = await firstValueFrom(watchActors().pipe(take(2), toArray()));
    t.deepEqual(
      later.map(({type, actor}) => `${type} ${actor.name}`),
      ['present root', 'present one'],
    );
    await (await one.openContext(keep, 'three', 'inline')).cancel(undefined, {timeout: 60_000});
    t.deepEqual(seen, ['present root', 'present one', 'registered two', 'ended two']);
  }, patient);
});

test('D2, H1: process: an actor that has stopped is told of, is not struck from the list, and is found again when it goes on', async t => {
  await openNursery(
    async nursery => {
      const watch = new Watch();
      const one = await nursery.startActor('one', {backend: 'inline', expose: forAnybody});
      const cousin = await nursery.startActor('cousin', {backend: 'inline', expose: forAnybody});
      const still = await one.openContext(keep, 'still', 'process');
      void still.result().catch(() => {});
      process.kill(still.first.pid, 'SIGSTOP');
      const message = /still.* cannot be reached now/;
      await Promise.all([
        t.throwsAsync(findActor('still'), {instanceOf: TransportClosed, message}),
        t.throwsAsync(cousin.run(lookFor, 'still'), {instanceOf: RemoteActorError, message}),
      ]);
      await watch.until('unresponsive', still.first);
      t.true((await listActors()).some(({id}) => id === still.first.id));
      process.kill(still.first.pid, 'SIGCONT');
      await watch.until('responsive', still.first);
      t.deepEqual(await who('still'), still.first);
      await still.cancel();
    },
    // An actor that does not obey a cancel is killed after the usual 1.6 s: looking for it must not be what kills it.
    {...patient, timeouts: {heartbeat: 200}},
  );
});

test('D3, C11, C12: what a found portal opens belongs to its scope; letting go of it cancels nothing, and closes the connection once nothing runs', async t => {
  await openNursery(async nursery => {
    const one = await nursery.startActor('one', {backend: 'inline', expose: forAnybody});
    const two = await one.openContext(keep, 'two', 'inline');
    void two.result().catch(() => {});
    const found = await waitForActor('two');
    let waiting!: Awaited<ReturnType<typeof opened>>;
    const opened = (portal: Portal) => portal.openContext(obedient);
    await t.throwsAsync(
      openNursery(async () => {
        waiting = await opened(found);
        throw new RangeError('of the body');
      }),
      {instanceOf: RangeError},
    );
    t.true(waiting.cancelAcked);
    const outlives = await opened(found);
    await found[Symbol.asyncDispose]();
    await found[Symbol.asyncDispose]();
    t.deepEqual(channelsHere(), ['one', 'two']);
    const refusal = {instanceOf: TransportClosed, message: /two.* was disposed of.*: find the actor again/};
    for (const portal of [found, found.with({timeout: 1_000})]) await t.throwsAsync(portal.run(add, 1, 2), refusal);
    const near = (await findActor('one')) as FoundPortal;
    await near[Symbol.asyncDispose]();
    await t.throwsAsync(near.run(add, 1, 2), {instanceOf: TransportClosed});
    t.is(await one.run(add, 1, 2), 3);
    t.false(outlives.signal.aborted);
    t.true(await outlives.cancel());
    await gone('two');
    // Nobody waited for it: its scope has ended by then.
    let late: Promise<Portal | undefined> | undefined;
    await openNursery(async () => {
      late = findActor('two');
    });
    const settled = (await late) as Portal;
    await t.throwsAsync(settled.run(add, 1, 2), refusal);
    await gone('two');
    t.deepEqual(await who('two'), two.first);
    await two.cancel(undefined, {timeout: 60_000});
  }, patient);
});

/** Turns until no channel leads there. */
async function gone(name: string): Promise<void> {
  await eventually(() => !channelsHere().includes(name), `the end of the channel to ${name}`, {pollMs: 1});
}

test('D1: outside a runtime nobody is found: NoRuntime, for each way to look', async t => {
  for (const look of [
    () => findActor('x'),
    () => waitForActor('x'),
    () => listActors(),
    () => firstValueFrom(watchActors()),
    () => connect('unix:/x'),
    () => addresses(),
  ])
    await t.throwsAsync(look(), {instanceOf: NoRuntime});
});
