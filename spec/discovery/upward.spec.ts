// The news that an actor tells upwards of those below it: in order, of its own, and through what may be lost meanwhile.
import {AsyncLocalStorage} from 'node:async_hooks';
import {join} from 'node:path';
import {filter, firstValueFrom, lastValueFrom, ReplaySubject, Subject} from 'rxjs';
import {makePortal, type Portal} from '../../lib/actor/portal.js';
import {newActorId} from '../../lib/base/actor-id.js';
import {Names} from '../../lib/discovery/names.js';
import type {Reachability} from '../../lib/discovery/reachability.js';
import {
  type ActorEvent,
  type FoundPortal,
  findActor,
  listActors,
  NotExposed,
  openNursery,
  TransportClosed,
  waitForActor,
  watchActors,
} from '../../lib/index.js';
import {forAnybody, keep, lookFor, use} from '../fixtures/found.js';
import {eventually} from '../kit/eventually.js';
import {folderOf} from '../kit/folder.js';
import {test} from '../kit/limited.js';
import {newPair, type Pair, until} from '../kit/pair.js';

const reachability: Reachability = {secret: new Uint8Array(32), listen: []};
const nobody = {} as Portal;

/** The near actor of a pair is the root and has started the far one, which asks it over their channel. */
async function rootAndChild(): Promise<{pair: Pair; root: Names; child: Names}> {
  const pair = await newPair();
  const {near, far} = pair;
  const owner = {ended: new Promise<undefined>(() => {}), cancelActor: async () => false};
  const root = new Names(near.actor, reachability);
  const up = makePortal(far, {scope: far.actor.scope, ...owner});
  const child = new Names(far.actor, reachability, {portal: async () => up});
  await root.enter(far.actor.id, makePortal(near, {scope: near.actor.scope, ...owner}));
  return {pair, root, child};
}

test('D1: an actor that dies while it is being entered is not in the list once both are told', async t => {
  const {pair, root, child} = await rootAndChild();
  const [first, second] = [newActorId('brief'), newActorId('brief')];
  const entered = Promise.all([child.enter(first, nobody), child.enter(second, nobody)]);
  child.leave(first.id);
  // A later question is asked behind it.
  const found = child.find('brief');
  await entered;
  t.deepEqual(
    (await found).map(({actor}) => actor.id),
    [second.id],
  );
  await pair.quiet();
  t.deepEqual(
    (await root.list()).map(({name}) => name),
    ['near', 'far', 'brief'],
  );
});

test('D1: what is told leaves in its order, though the way up is found sooner for what came later', async t => {
  const {pair} = await rootAndChild();
  const ways: ((portal: Portal) => void)[] = [];
  const said: unknown[][] = [];
  const run = async (_fn: unknown, ...args: unknown[]): Promise<void> => void said.push(args);
  const portal = {with: () => ({run})} as unknown as Portal;
  const names = new Names(pair.far.actor, reachability, {portal: () => new Promise(resolve => ways.push(resolve))});
  const brief = newActorId('brief');
  const entered = names.enter(brief, nobody);
  names.leave(brief.id);
  await until(() => ways.length > 0);
  // From the last on: a way that nobody waits for yet is no way.
  for (let i = 0; i < 2; i++) {
    ways.pop()?.(portal);
    await until(() => said.length > i);
  }
  await entered;
  t.is(said.length, 2);
  t.true(Array.isArray(said[0]?.[0]));
  t.is(said[1]?.[0], brief.id);
});

test('G18: an actor can enter and take back those below it, and nobody else', async t => {
  const {pair, root, child} = await rootAndChild();
  const other = newActorId('other');
  await root.enter(other, nobody);
  const refused = {instanceOf: NotExposed, message: /only itself and those below it/};
  for (const actor of [other, {...other, name: 'mine'}, pair.near.actor.id])
    await t.throwsAsync(child.enter(actor, nobody), refused);
  t.is((await child.find('mine')).length, 0);
  child.leave(other.id);
  child.report('unresponsive', other.id);
  const seen: string[] = [];
  root.watch(
    ({type, actor}) => seen.push(`${type} ${actor.name}`),
    () => {},
  );
  await child.list();
  t.deepEqual(seen, ['present near', 'present far', 'present other']);
});

/** A root that keeps the list for others, at a path: who it knows, and how to end it. */
async function registrarAt(path: string): Promise<{events: ReplaySubject<ActorEvent>; end: () => Promise<void>}> {
  const events = new ReplaySubject<ActorEvent>();
  const over = new Subject<void>();
  const settled = outside(() =>
    openNursery(
      () => {
        watchActors().subscribe(events);
        return over;
      },
      {name: 'registrar', listen: [`unix:${path}`], secret},
    ),
  );
  await Promise.race([firstValueFrom(events), settled]);
  const end = (): Promise<void> => {
    over.complete();
    return settled;
  };
  return {events, end};
}
/** Where no runtime is: each of these is a root of its own. */
const outside = AsyncLocalStorage.snapshot();
const secret = 'known to both of them';

test('K16, K17, D1: a program whose registrar is lost goes on and starts actors; who watches and who waits is told; the next registrar is told all anew', async t => {
  const folder = folderOf(t);
  // Neither a listener nor the wait for a registrar keeps a process that does nothing else.
  const alive = setInterval(() => {}, 1e6);
  t.teardown(() => clearInterval(alive));
  const path = join(folder, 'registrar');
  const first = await registrarAt(path);
  await openNursery(
    async nursery => {
      const one = await nursery.startActor('one', {backend: 'inline', expose: forAnybody});
      const two = await one.openContext(keep, 'two', 'inline');
      t.deepEqual(
        (await listActors()).map(({name}) => name),
        ['registrar', 'member', 'one', 'two'],
      );
      const lost = {instanceOf: TransportClosed};
      const watches = t.throwsAsync(lastValueFrom(watchActors()), lost);
      const waits = [waitForActor('never'), one.run(use, 'never').catch(error => Promise.reject(error.cause))];
      const waited = Promise.all(waits.map(wait => t.throwsAsync(wait, lost)));
      await listActors();
      await one.run(lookFor, 'nobody');
      await first.end();
      await Promise.all([watches, waited]);
      await t.throwsAsync(findActor('one'), lost);
      const later = await nursery.startActor('later', {backend: 'inline', expose: forAnybody});
      await two.cancel();

      const second = await registrarAt(path);
      await firstValueFrom(second.events.pipe(filter(({actor}) => actor.name === 'later')));
      // It takes a moment until this side knows that it has been heard.
      const found = await untilFound('later');
      t.deepEqual(found.actor, later.actor);
      t.deepEqual(
        (await listActors()).map(({name}) => name),
        ['registrar', 'member', 'one', 'later'],
      );
      await second.end();
    },
    {name: 'member', registry: `unix:${path}`, secret},
  );
});

function untilFound(name: string): Promise<FoundPortal> {
  return eventually(() => findActor(name).catch(() => undefined), `an actor ${name}`, {pollMs: 1});
}
