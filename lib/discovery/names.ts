/**
 * What an actor knows of names: the root keeps the list, every other actor asks its parent, which asks its own.
 * Floor 6: above `registrar`; a set of functions that every actor offers, so that no message of the wire is about names.
 *
 * Every actor keeps a list of those below it, to hold each child to its own (rule D1). A program that has joined another's
 * registrar (`registry`) does the same at its root: it asks over a link, and says its list again when the link was lost.
 */
import type {Actor} from '../actor/actor.js';
import {scopeKey} from '../actor/call-options.js';
import {type Directory, directories} from '../actor/directory.js';
import {runtimeFunction} from '../actor/marks.js';
import {parentInActor} from '../actor/parent.js';
import type {Peer} from '../actor/peer.js';
import {guestPortal, type Portal} from '../actor/portal.js';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {Attached} from '../base/attached.js';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {ActorDied, NoRuntime, NotExposed, TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {rxjs} from '../context/rx/rxjs.js';
import type {Folder} from '../transport/folder.js';
import type {Links, Roads} from './links.js';
import {type ActorEvent, type Entry, Registrar} from './registrar.js';
import {asItself, isEnd, parentUpstream, type Upstream} from './upstream.js';

const namesOfActors = new Attached<Names>();

/** @throws NoRuntime outside `main`, `openNursery` and spawned actors */
export function namesHere(what: string): Names {
  const actor = current()?.runtime as Actor | undefined;
  const names = actor && namesOfActors.of(actor);
  if (!names)
    throw new NoRuntime(
      `${what} was called outside a runtime: call it within main(), openNursery() or a remote function`,
    );
  return names;
}

function namesOf(): Names {
  return namesHere('a function of the runtime');
}

export class Names implements Directory {
  readonly actor: Actor;
  /** This actor and those below it; at a root that is the registrar also all that have joined it. */
  readonly #registrar = new Registrar();
  readonly #upstream: Upstream | undefined;
  readonly #roads: Roads;
  readonly #children = new Map<string, Portal>();
  #links: Promise<Links> | undefined;
  #madeLinks: Links | undefined;
  #folder: Promise<Folder> | undefined;

  /** @param upstream absent at the root that keeps the list for all */
  constructor(actor: Actor, roads: Roads, upstream?: Upstream) {
    this.actor = actor;
    this.#roads = roads;
    this.#upstream = upstream;
    for (const fn of offered) actor.exposed.allow(fn);
    this.#registrar.enter({actor: actor.id, road: []});
    upstream?.onReached?.(portal => this.#sayAgain(portal));
    namesOfActors.attach(actor, this);
    directories.attach(actor, this);
  }

  async enter(actor: ActorId, portal: Portal): Promise<void> {
    this.#children.set(actor.id, portal);
    await this.take({actor, road: [actor.id]});
  }

  leave(id: string, death?: ActorDied): void {
    this.#children.delete(id);
    this.drop(id, death && withoutWords(death));
  }

  report(type: 'unresponsive' | 'responsive', id: string): void {
    this.#registrar.report(type, id);
    this.#tellUp(portal => portal.run(reportNames, type, id));
  }

  /** An actor below this one, or below one that has joined it. */
  async take(entry: Entry): Promise<void> {
    this.#registrar.enter(entry);
    if (!this.#upstream) return;
    try {
      await this.#askUp(portal => portal.run(enterNames, [[entry.actor, [this.actor.id.id, ...entry.road]]]));
    } catch (error) {
      // Its own root has it: the registrar of another program is told when it is reached again.
      if (this.actor.root && error instanceof TransportClosed) return;
      this.#registrar.leave(entry.actor.id);
      throw error;
    }
  }

  drop(id: string, death?: ActorDied): void {
    this.#registrar.leave(id, death);
    this.#tellUp(portal => portal.run(leaveNames, id, death));
  }

  /**
   * How an actor of this tree died; undefined when it lives, was asked to end, or nobody knows. Whoever sees its channel
   * end may be sooner than its parent, who is given a moment.
   */
  async deathOf(id: string): Promise<ActorDied | undefined> {
    if (this.#upstream && !this.actor.root) return this.#askUp(portal => portal.run(deathNames, id));
    let stop = (): void => {};
    const left = new Promise<void>(resolve => {
      if (!this.#registrar.entry(id)) resolve();
      stop = this.#registrar.watch(event => event.type === 'ended' && event.actor.id === id && resolve());
    });
    await plainClock.within(left, deathMs);
    stop();
    return this.#registrar.death(id);
  }

  /** Those of a name, the latest first. Rejects with TransportClosed while a registrar elsewhere cannot be reached. */
  async find(name: string): Promise<readonly Entry[]> {
    if (this.#upstream) return this.#askUp(portal => portal.run(findNames, name));
    return this.#registrar.find(name, maxFound);
  }

  async list(): Promise<ActorId[]> {
    if (this.#upstream) return this.#askUp(portal => portal.run(listNames));
    return this.#registrar.list();
  }

  /**
   * Those that are there, then every change. Returns how to stop.
   *
   * @param failed told when whoever knows of the changes is lost: nothing comes after it
   */
  watch(watcher: (event: ActorEvent) => void, failed: (error: unknown) => void): () => void {
    if (!this.#upstream) return this.#registrar.watch(watcher);
    let stopped = false;
    let stop = (): void => {};
    const begin = async (portal: Portal): Promise<void> => {
      if (stopped) return;
      const subscription = portal
        .stream(watchNames)
        .subscribe({next: watcher, error: error => failed(asItself(error))});
      stop = () => subscription.unsubscribe();
    };
    this.#askUp(begin).catch(failed);
    return () => {
      stopped = true;
      stop();
    };
  }

  /**
   * Where an actor of any tree is reached; it listens from now on. Empty when it has ended. Rejects with TransportClosed
   * when it is there and does not say: a busy actor is not struck from the list.
   */
  async addressesOf(id: string): Promise<string[]> {
    if (this.#upstream) return this.#askUp(portal => portal.run(addressNames, id));
    const entry = this.#registrar.entry(id);
    if (!entry) return [];
    const who = formatActor(entry.actor);
    // Nobody cancels it: an actor that does not obey a cancel in time is ended, and this one may only be busy.
    const walking = this.#walks.get(id) ?? this.walk(entry.road).finally(() => this.#walks.delete(id));
    this.#walks.set(id, walking);
    try {
      if (await plainClock.within(walking, walkMs)) return await walking;
    } catch (error) {
      const why = asItself(error);
      if (!isEnd(why)) throw new TransportClosed(`${who} cannot be reached now`, {kind: 'closed', cause: why});
      // Whoever should lead there is gone, and has not said so.
      log('runtime', `${who} cannot be reached, and is struck from the list`, {error});
      this.#registrar.leave(id);
      return [];
    }
    throw new TransportClosed(`${who} cannot be reached now: it has not answered in ${walkMs} ms`, {kind: 'heartbeat'});
  }

  /** Those that have not answered yet: asked again, an actor is not told again. */
  readonly #walks = new Map<string, Promise<string[]>>();

  /** Down the tree to the actor at the end of a road, which says where it is reached. */
  async walk(road: readonly string[]): Promise<string[]> {
    const [next, ...rest] = road;
    if (next === undefined) return (await this.links()).addresses();
    const child = this.#children.get(next) ?? this.#joined.get(next)?.portal;
    if (!child) throw new TransportClosed('an actor on the way has ended', {kind: 'closed'});
    return child.with({scope: {[scopeKey]: this.actor.scope}}).run(walkNames, rest);
  }

  /** The roots of other programs that have joined this one's registrar, each with a portal over its link. */
  readonly #joined = new Map<string, {readonly peer: Peer; readonly portal: Portal}>();

  /**
   * A program has joined: its actors are reached through its root, over its link. It leaves with that. At once, because
   * what it enters and what it takes back must not overtake one another.
   */
  join(id: string): void {
    if (this.#children.has(id)) return;
    const peer = this.#madeLinks?.to(id);
    if (!peer) throw new NotExposed('only a child, or a program that is linked, can enter actors');
    if (this.#joined.get(id)?.peer === peer) return;
    this.#joined.set(id, {peer, portal: guestPortal(peer, this.actor.scope)});
    peer.onEnded(() => {
      if (this.#joined.get(id)?.peer !== peer) return;
      this.#joined.delete(id);
      this.drop(id);
    });
  }

  /** Whether somebody may speak of an actor: of its own, and of no other's. */
  mayChange(id: string, caller: string): boolean {
    const entry = this.#registrar.entry(id);
    return entry === undefined || entry.road[0] === caller;
  }

  child(id: string): Portal | undefined {
    return this.#children.get(id);
  }

  /** This actor and those below it: not those of other programs. */
  get tree(): Entry[] {
    return this.#registrar.entries.filter(({road: [first]}) => first === undefined || this.#children.has(first));
  }

  /** Tells of every change of those. Returns how to stop. */
  watchTree(changed: () => void): () => void {
    return this.#registrar.watch(changed);
  }

  /** Made when it is first needed: most actors are never looked for. */
  links(): Promise<Links> {
    this.#links ??= import('./links.js').then(({Links: LinksOf}) => {
      this.#madeLinks = new LinksOf(this.actor, this.#roads, this);
      return this.#madeLinks;
    });
    return this.#links;
  }

  unlisten(): void {
    this.#madeLinks?.unlisten();
  }

  /** The folder of this tree's sockets: made by its root. */
  async folder(): Promise<string> {
    const parent = parentInActor(this.actor);
    if (parent) return parent.run(folderNames);
    this.#folder ??= import('../transport/folder.js').then(({makeFolder}) =>
      makeFolder({treeId: this.actor.tree.treeId}),
    );
    return (await this.#folder).path;
  }

  closed = false;

  /** At the end of this actor: others reach it no more. */
  async close(): Promise<void> {
    this.closed = true;
    namesOfActors.detach(this.actor);
    this.#upstream?.close?.();
    await (await this.#links)?.close();
    if (this.actor.root) (await this.#folder)?.remove();
  }

  /** A path for a Unix socket, in the private folder of the tree. */
  async socketPath(): Promise<string> {
    const path = await this.folder();
    const {Folder} = await import('../transport/folder.js');
    return new Folder(path).newSocketPath();
  }

  /** Nobody waits for it: what cannot be reached now will be told all anew. */
  #tellUp(tell: (portal: Portal) => Promise<unknown>): void {
    if (!this.#upstream) return;
    this.#askUp(tell).catch(error => log('runtime', 'what happened to an actor could not be told', {error}));
  }

  #asked: Promise<unknown> = Promise.resolve();

  /**
   * Asks upwards. What is asked leaves in the order of these calls: an actor that dies while it is being entered is
   * entered first and taken back then, at every level; and whoever sees it end finds it no more.
   */
  #askUp<T>(ask: (portal: Portal) => Promise<T>): Promise<T> {
    const scope = {[scopeKey]: this.actor.scope};
    // In a box: the next need not wait for this answer.
    const asked = this.#asked
      .then(() => (this.#upstream as Upstream).portal())
      .then(portal => [ask(portal.with({scope}))] as const);
    this.#asked = asked.catch(() => {});
    return asked
      .then(([answer]) => answer)
      .catch(error => {
        throw asItself(error);
      });
  }

  async #sayAgain(portal: Portal): Promise<void> {
    const own = this.actor.id.id;
    const entries = this.#registrar.entries.map(({actor, road}): [ActorId, string[]] => [actor, [own, ...road]]);
    await portal.run(enterNames, entries);
  }
}

/** Names in a spawned actor. @param roads as its parent has handed them down */
export function openNames(actor: Actor, roads: Roads | undefined): Names | undefined {
  return roads && new Names(actor, roads, parentUpstream(actor));
}

export async function closeNames(actor: Actor): Promise<void> {
  await namesOfActors.of(actor)?.close();
}

/** For the `exit` handler: what the actor has made in the file system is taken away. */
export function unlisten(actor: Actor): void {
  namesOfActors.of(actor)?.unlisten();
}

function callerHere(): string {
  return current()?.caller?.id ?? '';
}

/** So many of one name are looked at: the latest. */
const maxFound = 64;
/** An actor that does not answer in this time is not found by this search; it stays in the list. */
const walkMs = 2_000;
/** How long the parent of one that died may take to see it, from when a peer has. */
const deathMs = 500;

/** Without what it wrote: that is its parent's, and much. */
function withoutWords({message, exit, actor}: ActorDied): ActorDied {
  return new ActorDied(message, {exit, actor});
}

const enterNames = runtimeFunction('task', 'enter', async (entries: [ActorId, string[]][]): Promise<void> => {
  const names = namesOf();
  const caller = callerHere();
  names.join(caller);
  // An actor speaks for itself and those below it, and for nobody else's.
  for (const [actor, road] of entries)
    if (road[0] !== caller || road.at(-1) !== actor.id || !names.mayChange(actor.id, caller))
      throw new NotExposed('an actor can enter only itself and those below it');
  // All of them before anything else is read: what is taken back next must be there.
  await Promise.all(entries.map(([actor, road]) => names.take({actor, road})));
});

const leaveNames = runtimeFunction('task', 'leave', (id: string, death?: ActorDied): void => {
  const names = namesOf();
  if (names.mayChange(id, callerHere())) names.drop(id, death instanceof ActorDied ? death : undefined);
});

const deathNames = runtimeFunction(
  'task',
  'death',
  (id: string): Promise<ActorDied | undefined> => namesOf().deathOf(id),
);

const reportNames = runtimeFunction('task', 'report', (type: 'unresponsive' | 'responsive', id: string): void => {
  const names = namesOf();
  if (names.mayChange(id, callerHere())) names.report(type, id);
});

const findNames = runtimeFunction('task', 'find', (name: string): Promise<readonly Entry[]> => namesOf().find(name));

const listNames = runtimeFunction('task', 'list', (): Promise<ActorId[]> => namesOf().list());

const addressNames = runtimeFunction('task', 'address', (id: string): Promise<string[]> => namesOf().addressesOf(id));

const walkNames = runtimeFunction('task', 'walk', (road: string[]): Promise<string[]> => namesOf().walk(road));

const folderNames = runtimeFunction('task', 'folder', (): Promise<string> => namesOf().folder());

const watchNames = runtimeFunction('stream', 'watch', () => {
  const names = namesOf();
  const {Observable} = rxjs();
  return new Observable<ActorEvent>(subscriber =>
    names.watch(
      event => subscriber.next(event),
      error => subscriber.error(error),
    ),
  );
});

const offered = [
  enterNames,
  leaveNames,
  deathNames,
  reportNames,
  findNames,
  listNames,
  addressNames,
  walkNames,
  folderNames,
  watchNames,
];
