// Names and keys that every object has are names and keys like any other, wherever users or peers give them (G6, G7, G8).
import {
  ActorError,
  findActor,
  listActors,
  openNursery,
  openShared,
  RemoteActorError,
  Unserializable,
} from '../../lib/index.js';
import {echo, expose, fail, named, nameHere, names, notExposed, ownKeys, prototypes} from '../fixtures/names.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

const before = ownKeys();

for (const backend of ['process', 'inline'] as const)
  test(`G6, G7, G8: names that every object has are found where they were given, and nowhere else: ${backend}`, async t => {
    await openNursery(async nursery => {
      for (const name of names) t.is(await findActor(name), undefined, name);
      const portals = await Promise.all(names.map(name => nursery.startActor(name, {expose, backend})));
      t.deepEqual(
        (await listActors())
          .map(({name}) => name)
          .slice(1)
          .sort(),
        [...names].sort(),
      );
      for (const [i, name] of names.entries()) {
        const portal = portals[i] as (typeof portals)[number];
        await using found = await findActor(name);
        t.is(await found?.run(nameHere), name);
        t.is(await portal.run(named[i] as (typeof named)[number]), `${name} was called`);
        const error = await t.throwsAsync(portal.run(notExposed[i] as (typeof named)[number]));
        t.is((error?.cause as ActorError | undefined)?.code, 'ERR_NOT_EXPOSED', name);
      }
      const [portal] = portals;
      t.deepEqual(await portal?.run(prototypes), before);
    }, patient);
    t.deepEqual(ownKeys(), before);
  });

test('G8: keys that every object has cross as they are; __proto__ is refused where it is sent', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('echo', {expose});
    for (const name of names) {
      const value = JSON.parse(`{${JSON.stringify(name)}: {"polluted": true}}`);
      if (name === '__proto__') await t.throwsAsync(portal.run(echo, value), {instanceOf: Unserializable});
      else t.deepEqual(await portal.run(echo, value), value);
      const key = new Map([[name, 1]]);
      t.deepEqual(await portal.run(echo, key), key);
      const failure = await t.throwsAsync(portal.run(fail, name), {instanceOf: RemoteActorError});
      const cause = failure.cause as Error;
      t.true(cause instanceof Error && !(cause instanceof ActorError), name);
      t.is(Object.getPrototypeOf(cause), Error.prototype, name);
      t.is(cause.message, 'with names');
    }
    t.is(({} as {polluted?: boolean}).polluted, undefined);
    t.deepEqual(await portal.run(prototypes), before);
  }, patient);
  t.deepEqual(ownKeys(), before);
});

test('G6: a shared resource may have such a name as its key', async t => {
  await openNursery(async () => {
    for (const name of names) {
      const first = await openShared(name, async () => ({name, [Symbol.asyncDispose]: async () => {}}));
      t.true(first.fresh, name);
      t.is(first.value.name, name);
    }
  }, patient);
});
