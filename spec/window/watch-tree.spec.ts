// A running program, looked at from another process through its control socket.
import {existsSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {filter, firstValueFrom, lastValueFrom, type Observable, type Subscription, takeWhile, tap, toArray} from 'rxjs';
import {Actor} from '../../lib/actor/actor.js';
import {Peer} from '../../lib/actor/peer.js';
import {guestPortal} from '../../lib/actor/portal.js';
import {defaultTimeouts} from '../../lib/actor/tree-options.js';
import {newActorId} from '../../lib/base/actor-id.js';
import {connectToActor} from '../../lib/channel/connect-to-actor.js';
import {HandshakeRejected, NotExposed, openNursery, RemoteActorError, TransportClosed} from '../../lib/index.js';
import {messagePack} from '../../lib/msg/codec.js';
import {
  type ActorView,
  type TraceEvent,
  type TreeView,
  toPerfetto,
  traceTree,
  watchTree,
} from '../../lib/window/index.js';
import {type FoundRoot, findRoots} from '../../lib/window/roots.js';
import {rest} from '../fixtures/watched-tasks.js';
import {patient} from '../kit/patient.js';
import {type Program, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

/** Starts the program, and waits until its actors serve. */
async function start(t: ExecutionContext, env: Record<string, string> = {}): Promise<Program> {
  const program = startProgram(t, 'watched', {env, hears: true});
  await program.next();
  return program;
}

/** The root of a program; it opens itself a moment after its first child serves. */
function rootOf(watched: Program): Promise<FoundRoot> {
  return watched.until(() => findRoots().find(({pid}) => pid === watched.pid), 'a window');
}

/** The first view that fits. */
async function view(watched: Program, fits: (view: TreeView) => boolean = () => true): Promise<TreeView> {
  await rootOf(watched);
  return firstValueFrom(watchTree({root: String(watched.pid), every: 100, contexts: true}).pipe(filter(fits)));
}

const child = ({root}: TreeView, name: string): ActorView | undefined => root.children.find(each => each.name === name);

test('P5: another process sees the tree, with its processes and contexts, and the program ends as without it', async t => {
  const watched = await start(t);
  const hasLeaf = (seen: TreeView): boolean => child(seen, 'parent')?.children[0]?.state === 'serving';
  const seen = await view(watched, one => one.root.cpu !== undefined && hasLeaf(one));
  t.like(seen.root, {name: 'watched', pid: watched.pid, state: 'serving'});
  t.deepEqual(seen.root.children.map(({name}) => name).sort(), ['busy', 'mortal', 'parent']);
  t.like(child(seen, 'parent')?.children[0], {name: 'leaf', state: 'serving'});
  t.true((seen.root.rss ?? 0) > 1e7);
  t.like(
    seen.root.contexts.find(({fn}) => fn === 'rest'),
    {side: 'caller', caller: seen.root.id, callee: child(seen, 'mortal')?.id},
  );
  t.deepEqual(
    child(seen, 'mortal')?.contexts.map(({fn, side}) => `${fn} ${side}`),
    ['rest callee'],
  );
  const {socket} = await rootOf(watched);
  watched.say('end');
  t.is((await watched.exited).code, 0);
  t.false(existsSync(dirname(socket)), 'its folder is gone');
});

test('an actor in a busy loop is busy, one that dies is shown as ended once, with its exit', async t => {
  const watched = await start(t);
  await view(watched);
  watched.say('spin');
  const busy = child(await view(watched, seen => child(seen, 'busy')?.state === 'busy'), 'busy');
  t.true((busy?.cpu ?? 0) >= 0.05);
  const ended: string[] = [];
  // By its id: the actor has a restart, so another one of its name waits to be started.
  const {id} = child(await view(watched), 'mortal') as ActorView;
  const mortalIn = ({root}: TreeView): ActorView | undefined => root.children.find(each => each.id === id);
  const watching = watchTree({root: String(watched.pid), every: 50}).pipe(
    tap(seen => {
      const mortal = mortalIn(seen);
      if (mortal?.state === 'serving') watched.say('die');
      if (mortal?.state === 'ended') ended.push(JSON.stringify(mortal.exit));
    }),
    filter(seen => ended.length > 0 && mortalIn(seen) === undefined),
  );
  await firstValueFrom(watching);
  t.deepEqual(ended, ['{"code":7,"signal":null}']);
});

test('a root whose own loop is blocked is shown as busy, with the actors that are known below it', async t => {
  const watched = await start(t);
  await rootOf(watched);
  const before: string[] = [];
  const watching = watchTree({root: String(watched.pid), every: 50}).pipe(
    tap(({root}) => {
      if (root.state === 'serving' && before.length === 0) watched.say('block');
      before.push(root.state);
    }),
  );
  const blocked = await firstValueFrom(watching.pipe(filter(({root}) => root.state === 'busy')));
  t.is(before[0], 'serving');
  t.true(blocked.root.children.length >= 3);
  t.is((await view(watched, ({root}) => root.state === 'serving')).root.pid, watched.pid);
});

test('the end of the program is an error of the view', async t => {
  const watched = await start(t);
  await rootOf(watched);
  const watching = watchTree({root: String(watched.pid), every: 20}).pipe(tap(() => watched.say('end')));
  await t.throwsAsync(lastValueFrom(watching), {instanceOf: TransportClosed});
});

test('P5: the socket, the key and their folder are of this user alone; without the key nobody gets in', async t => {
  const {socket, key} = await rootOf(await start(t));
  const folder = dirname(socket);
  t.is(statSync(folder).mode & 0o777, 0o700);
  t.is(statSync(socket).mode & 0o777, 0o600);
  t.is(statSync(join(folder, 'window.key')).mode & 0o777, 0o600);
  t.is(key.length, 32);
  const [self, codec] = [newActorId('stranger'), messagePack];
  const address = {kind: 'unix', path: socket} as const;
  await t.throwsAsync(connectToActor(address, {self, codec, secret: new Uint8Array(32), timeout: 5_000}), {
    instanceOf: HandshakeRejected,
  });
});

test('P5: with the key of the window no function of a user may be called, and no other one of the runtime', async t => {
  const {socket, key} = await rootOf(await start(t));
  const [self, codec] = [newActorId('stranger'), messagePack];
  const address = {kind: 'unix', path: socket} as const;
  const {transport, peer} = await connectToActor(address, {self, codec, secret: key, timeout: 5_000});
  const tree = {treeId: 'spec', depth: 0, logLevel: 'silent', timeouts: defaultTimeouts} as const;
  const actor = new Actor({id: self, root: true, codec, tree});
  const over = new Peer(actor, transport, 'connected', {}, peer);
  t.teardown(() => over.channel.destroy());
  const portal = guestPortal(over, actor.scope);
  const {askList} = await import('../../lib/discovery/name-functions.js');
  for (const fn of [rest, askList]) {
    const error = await t.throwsAsync(portal.run(fn as typeof rest), {instanceOf: RemoteActorError});
    t.true(error?.cause instanceof NotExposed);
  }
});

test('P5: RXTRACTOR_WINDOW=0 keeps a program closed whose code opens it', async t => {
  const {pid} = await start(t, {RXTRACTOR_WINDOW: '0'});
  await new Promise(resolve => setTimeout(resolve, 500));
  t.false(findRoots().some(found => found.pid === pid));
  await t.throwsAsync(firstValueFrom(watchTree({root: String(pid)})), {
    instanceOf: TransportClosed,
    message: /no tree of actors with the pid or id/,
  });
});

test('openNursery opens nothing unless it is asked to; inside a runtime the own tree is watched', async t => {
  const left: Subscription[] = [];
  const own = (root: boolean | undefined) =>
    openNursery(
      async nursery => {
        await nursery.startActor('child', {expose: [rest]});
        const seen = await firstValueFrom(watchTree());
        t.is(seen.root.pid, process.pid);
        t.deepEqual(
          seen.root.children.map(({name, state}) => `${name} ${state}`),
          ['child serving'],
        );
        // Left open: the end of the nursery ends them, else their timers would keep this process alive.
        left.push(watchTree().subscribe(), traceTree().subscribe());
        await new Promise(resolve => setTimeout(resolve, 500));
        return findRoots().filter(({pid}) => pid === process.pid).length;
      },
      {...patient, ...(root !== undefined && {window: root})},
    );
  t.is(await own(undefined), 0);
  t.is(await own(true), 1);
  t.deepEqual(
    left.map(({closed}) => closed),
    [true, true, true, true],
  );
  t.false(findRoots().some(({pid}) => pid === process.pid));
});

test('a trace has both ends of a call, and the actors of the whole tree', async t => {
  const watched = await start(t);
  await rootOf(watched);
  const events = await recorded(traceTree({root: String(watched.pid)}), watched);
  const [call, begun] = ['call', 'task'].map(type =>
    events.find(event => event.type === type && event.fn === 'numbers'),
  );
  t.is(call?.context, begun?.context);
  t.not(call?.actor, begun?.actor);
  t.true((call?.us as number) <= (begun?.us as number));
  t.deepEqual(
    events
      .filter(({type}) => type === 'actor')
      .map(({name}) => name)
      .sort(),
    ['busy', 'leaf', 'mortal', 'parent', 'watched'],
  );
  t.true(events.some(({type, rss}) => type === 'counters' && Number(rss) > 1e7));
  const {traceEvents} = toPerfetto(events);
  t.true((traceEvents as {ph: string}[]).filter(({ph}) => ph === 'e').length >= 2);
});

/** Everything up to the end of a call, which is made when all actors listen. */
function recorded(trace: Observable<TraceEvent>, watched: Program): Promise<TraceEvent[]> {
  let actors = 0;
  const follow = (event: TraceEvent): void => {
    if (event.type === 'actor' && ++actors === 5) watched.say('call');
  };
  return lastValueFrom(
    trace.pipe(
      tap(follow),
      takeWhile(event => !(event.type === 'call ended' && event.fn === 'numbers'), true),
      toArray(),
    ),
  );
}
