// tests/test_pubsub.py: topics, published by one actor and subscribed to by many.
// One test after the other: each starts several processes.
import {lastValueFrom} from 'rxjs';
import {ActorDied, NotExposed, openNursery, type Portal, RemoteActorError, sleep} from '../../lib/index.js';
import {subscribe, upstream} from '../fixtures/publisher.js';
import {listen} from '../fixtures/subscriber.js';
import {add, noStream, plain} from '../fixtures/tasks.js';
import {liveTopics} from '../fixtures/topics.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

type Streams = typeof noStream;
for (const [what, fn] of Object.entries({
  'a function that is not marked': plain as unknown as Streams,
  'a function of another kind': add as unknown as Streams,
})) {
  test(`pubsub/test_type_checks: what is no stream is refused as a source with a TypeError before anything is sent (T6) [${what}]`, async t => {
    await openNursery(async nursery => {
      const portal = await nursery.startActor('publisher', {expose: [add]});
      let answered = false;
      const asked = portal.run(add, 1, 1).then(() => {
        answered = true;
      });
      await t.throwsAsync(lastValueFrom(portal.stream(fn)), {instanceOf: TypeError});
      t.false(answered, 'no other process was asked');
      await asked;
      t.is(await portal.run(add, 1, 2), 3);
    });
  });
}

test('pubsub/test_type_checks: a source that gives no stream fails with a TypeError, and its actor serves on (T6, C11)', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('publisher', {expose: [add, noStream]});
    const error = await t.throwsAsync(portal.stream(noStream).iterate().next(), {instanceOf: RemoteActorError});
    t.true(error.is(TypeError));
    t.is(await portal.run(add, 1, 2), 3);
  });
});

type Open = (portal: Portal) => Promise<unknown>;
const untyped = (portal: Portal): {openContext: (...args: unknown[]) => Promise<unknown>} => portal as never;
const required = test.macro({
  async exec(t, open: Open, Class: new (...args: never[]) => Error) {
    await openNursery(async nursery => {
      const portal = await nursery.startActor('publisher', {expose: [subscribe]});
      const error: unknown = await t.throwsAsync(open(portal));
      t.true(error instanceof Class || (error instanceof RemoteActorError && error.is(Class)), String(error));
    });
  },
  title: what => `pubsub/test_required_args: a subscription ${what} is refused (T5, T6)`,
});
test('without a function', required, portal => untyped(portal).openContext(), TypeError);
test('without topics', required, portal => untyped(portal).openContext(subscribe), TypeError);
test('to what is not published', required, portal => portal.run(liveTopics), NotExposed);
test('pubsub/test_required_args: a subscription with all that it needs gets its topic (C1, S1)', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('publisher', {expose: [subscribe]});
    const ctx = await portal.openContext(subscribe, ['even']);
    t.is(ctx.first, 'subscribed');
    t.deepEqual(await ctx.openStream().iterate().next(), {done: false, value: 0});
    t.true(await ctx.cancel());
  }, patient);
});

/** The next values of an iterator. */
async function take(values: AsyncIterator<number>, count: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < count) taken.push((await values.next()).value);
  return taken;
}

/** Resolves when the topics that somebody wants are these: they go when their last subscriber has been let go. */
async function untilTopics(topics: () => Promise<string[]> | string[], expected: readonly string[]): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (String(await topics()) === String(expected)) return;
    await sleep(5);
  }
  throw new Error(`the topics are ${await topics()}`);
}

for (const publisher of ['root', 'streamer']) {
  test(`pubsub/test_multi_actor_subs_arbiter_pub: each subscribing actor gets its own topics only, and a topic goes with its last subscriber (C9, X8) [published by ${publisher}]`, async t => {
    await openNursery(
      async nursery => {
        const streamer = {expose: [subscribe, liveTopics]};
        upstream.portal = publisher === 'root' ? undefined : await nursery.startActor('streamer', streamer);
        const topics = (): Promise<string[]> | string[] => upstream.portal?.run(liveTopics) ?? liveTopics();
        const evens = await nursery.startActor('evens', {expose: [listen]});
        const died: unknown[] = [];
        const odds = await new Promise<Portal>(next => {
          nursery.actor('odds', {expose: [listen]}).subscribe({next, error: error => died.push(error)});
        });
        const even = evens.stream(listen, ['even']).iterate();
        const odd = odds.stream(listen, ['odd']).iterate();
        t.deepEqual([...new Set((await take(even, 10)).map(n => n % 2))], [0]);
        t.deepEqual([...new Set((await take(odd, 10)).map(n => n % 2))], [1]);
        t.deepEqual(await topics(), ['even', 'odd']);
        t.true(await evens.cancelActor());
        await untilTopics(topics, ['odd']);
        t.deepEqual([...new Set((await take(odd, 10)).map(n => n % 2))], [1]);
        // One that cannot take its leave.
        process.kill(odds.actor.pid, 'SIGKILL');
        await untilTopics(topics, []);
        await t.throwsAsync(take(odd, 1e9), {instanceOf: ActorDied});
        t.is(died.length, 1);
      },
      {...patient, expose: [subscribe]},
    );
  });
}

test('pubsub/test_single_subactor_pub_multitask_subs: tasks of one actor subscribe, subscribe anew and leave, and one that closes breaks none of the others (C11, S2)', async t => {
  await openNursery(async nursery => {
    const streamer = await nursery.startActor('streamer', {expose: [subscribe, liveTopics]});
    const closed = await streamer.openContext(subscribe, ['even']);
    const first = closed.openStream();
    const task = async (leave: 'complete' | 'close' | 'cancel'): Promise<void> => {
      const ctx = await streamer.openContext(subscribe, ['even']);
      const wire = ctx.openStream();
      const values = wire.iterate();
      t.true((await take(values, 5)).every(n => n % 2 === 0));
      await wire.send(['odd']);
      while ((await take(values, 1)).every(n => n % 2 === 0));
      t.true((await take(values, 5)).every(n => n % 2 === 1));
      if (leave === 'cancel') t.true(await ctx.cancel());
      else if (leave === 'close') await wire.close();
      else {
        wire.complete();
        t.is(await ctx.result(), undefined);
      }
    };
    const early = task('complete');
    await take(first.iterate(), 1);
    await first.close();
    await Promise.all([early, task('close'), task('cancel'), task('complete')]);
    await untilTopics(() => streamer.run(liveTopics), []);
  });
});
