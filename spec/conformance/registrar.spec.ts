import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {filter, firstValueFrom, type Observable, ReplaySubject} from 'rxjs';
import {
  type ActorEvent,
  type ActorId,
  findActor,
  listActors,
  type Nursery,
  openNursery,
  type RootOptions,
  sleep,
  watchActors,
} from '../../lib/index.js';
import {talk} from '../fixtures/contexts.js';
import {forAnybody, use} from '../fixtures/found.js';
import {add, exit} from '../fixtures/tasks.js';
import {folderOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

/** Options of a root that joins a program of its own. */
async function joining(t: ExecutionContext): Promise<RootOptions> {
  const folder = folderOf(t);
  const registry = `unix:${join(folder, 'registrar')}`;
  await startProgram(t, 'registrar', {args: [registry]}).next();
  return {...patient, name: 'root', registry, secret: 'known to both of them'};
}
const alone = async (): Promise<RootOptions> => ({...patient, name: 'root'});
const names = async (): Promise<string[]> => (await listActors()).map(({name}) => name);

/** Every event from now on, for whoever asks later. */
function watched(): Observable<ActorEvent> {
  const events = new ReplaySubject<ActorEvent>();
  watchActors().subscribe(events);
  return events;
}
const ended = (events: Observable<ActorEvent>, {id}: ActorId): Promise<ActorEvent> =>
  firstValueFrom(events.pipe(filter(({type, actor}) => type === 'ended' && actor.id === id)));

test('registrar/test_reg_then_unreg_maddr: an actor of a program that joined another by its address is listed there while it lives, and no longer (D1)', async t => {
  await openNursery(
    async nursery => {
      const actor = await nursery.startActor('actor', {expose: [add]});
      t.deepEqual(await names(), ['registrar', 'root', 'actor']);
      await actor.cancelActor();
      t.deepEqual(await names(), ['registrar', 'root']);
      t.is(await findActor('actor'), undefined);
    },
    await joining(t),
  );
});

test('registrar/test_trynamic_trio: two actors find each other by name, and each calls the other (D1, D3)', async t => {
  await openNursery(async nursery => {
    const [donny, gretchen] = await Promise.all(
      ['donny', 'gretchen'].map(name => nursery.startActor(name, {expose: forAnybody})),
    );
    const met = await Promise.all([donny?.run(use, 'gretchen'), gretchen?.run(use, 'donny')]);
    t.deepEqual(
      met.map(each => each?.actor),
      [gretchen?.actor, donny?.actor],
    );
    for (const each of met) t.deepEqual(each?.used.threw, [each?.actor, 1]);
  });
});

const leaves: readonly [string, (nursery: Nursery) => Promise<unknown>][] = [
  ['nursery.cancel()', nursery => nursery.cancel()],
  ['an error of the body', () => Promise.reject(new RangeError('mine'))],
];
/** One actor with an open stream, one without: neither is listed once their nursery has been left. */
async function unregister(t: ExecutionContext, leave: (nursery: Nursery) => Promise<unknown>): Promise<void> {
  const events = watched();
  const started: ActorId[] = [];
  const inner = openNursery(async nursery => {
    const idle = await nursery.startActor('actor-idle', {expose: [talk], daemon: true});
    const streaming = await nursery.startActor('actor-streaming', {expose: [talk], daemon: true});
    started.push(idle.actor, streaming.actor);
    await (await streaming.openContext(talk)).openStream().send('hello');
    t.deepEqual((await names()).slice(-2), ['actor-idle', 'actor-streaming']);
    await leave(nursery);
  });
  await inner.catch(() => {});
  await Promise.all(started.map(actor => ended(events, actor)));
  t.deepEqual(await names(), before(await names()));
}
const before = (all: string[]): string[] => all.filter(name => !name.startsWith('actor'));

for (const [how, leave] of leaves) {
  test(`registrar/test_subactors_unregister_on_cancel: actors leave the list with their nursery, open streams or none (D1, T9) [${how}]`, async t => {
    await openNursery(() => unregister(t, leave), {name: 'root'});
  });
  test(`registrar/test_subactors_unregister_on_cancel_remote_daemon: they leave the list that another program keeps likewise (D1, T9) [${how}]`, async t => {
    await openNursery(() => unregister(t, leave), await joining(t));
  });
}

for (const [how, root] of [
  ['its own list', alone],
  ['that of another program', joining],
] as const)
  test(`registrar/test_close_channel_explicit: an actor that goes in the middle of a stream, which its caller had closed, leaves the list (D1, T12) [${how}]`, async t => {
    await openNursery(
      async nursery => {
        const events = watched();
        const inner = openNursery(async own => {
          const actor = await own.startActor('brief', {expose: [talk, exit]});
          const talking = await actor.openContext(talk);
          await talking.openStream().close();
          void actor.run(exit, 3).catch(() => {});
          await ended(events, actor.actor);
          t.is(await findActor('brief'), undefined);
          await sleep(0);
        });
        await inner.catch(() => {});
        t.false((await names()).includes('brief'));
        t.falsy(nursery.signal.aborted);
      },
      await root(t),
    );
  });
