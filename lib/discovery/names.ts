/**
 * The names that an actor knows: the root keeps the list of all actors, and every other actor asks its parent, which asks its own.
 * Floor 6: above `registrar`, `branches`, `address-search` and `name-functions`; `lookup` asks it, the nursery tells it of children.
 *
 * Every actor also keeps a list of the actors below it, so that each child can change only its own part (rule D1: an actor speaks
 * only for itself and for what is below it). A program that has joined the registrar of another program (`registry`) does the same
 * at its root: it asks over a connection, and announces its actors again after the connection was lost.
 */
import type {Actor} from '../actor/actor.js';
import {scopeKey} from '../actor/call-options.js';
import {type Directory, directories} from '../actor/directory.js';
import {parentInActor} from '../actor/parent.js';
import type {Portal} from '../actor/portal.js';
import type {ActorId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {deferred} from '../base/deferred.js';
import {ActorDied, NotExposed, TransportClosed} from '../base/errors.js';
import {Lazy, lazyPart} from '../base/lazy.js';
import {log} from '../base/log.js';
import {hostFunctions} from '../fleet/hosts-in-tree.js';
import type {Folder} from '../transport/folder.js';
import {networkHere} from '../transport/network.js';
import type {StreamSocket} from '../transport/socket.js';
import {AddressSearch} from './address-search.js';
import {Branches} from './branches.js';
import * as remote from './name-functions.js';
import type {PeerConnections} from './peer-connections.js';
import {type Reachability, throughParent} from './reachability.js';
import {type ActorEvent, Registrar, type Registration} from './registrar.js';
import {cancelBelow} from './tree-actions.js';
import {eventsBelow, eventsOfTree} from './tree-events.js';
import {marksBelow} from './tree-marks.js';
import type {Tunnels} from './tunnels.js';
import {originalError, parentUpstream, type Upstream, UpstreamQueue} from './upstream.js';

/** Maximum number of actors of one name that a lookup tries, the latest ones. */
const maxFound = 64;
/**
 * Timeout in ms for the parent of a dead actor to report the death, because a peer may see the end of a connection sooner. On a
 * machine without a core to spare a parent takes more than half a second to see the exit of a child.
 */
const deathMs = 2_000;

/** Loaded when this process is first linked to another actor, because most actors are never looked for. */
const loadConnections = lazyPart('a link', () => import('./peer-connections.js'));
const loadTunnels = lazyPart('a link', () => import('./tunnels.js'));
const loadFolder = lazyPart('a link', () => import('../transport/folder.js'));

/** The names of the current actor. @throws NoRuntime outside `main`, `openNursery` and spawned actors */
export function namesHere(what: string): Names {
  return remote.nameAnswersHere(what) as Names;
}

/** Opens the names of a spawned actor. @param reachability as its parent has handed it down; undefined: it cannot be found */
export function openNames(actor: Actor, reachability: Reachability | undefined): Names | undefined {
  if (reachability) return new Names(actor, reachability, parentUpstream(actor));
  exposeToTree(actor);
  return undefined;
}

/**
 * Lets the parent and the children of an actor call the functions of the runtime in it. An actor without names needs them too, because
 * observers of the actors below it, and their questions for hosts, pass through it.
 */
function exposeToTree(actor: Actor): void {
  for (const fn of [...hostFunctions, eventsBelow, eventsOfTree, cancelBelow, marksBelow]) actor.exposed.allow(fn);
}

export async function closeNames(actor: Actor): Promise<void> {
  await namesOf(actor)?.close();
}

/** For the `exit` handler: removes the sockets that the actor has made. */
export function unlisten(actor: Actor): void {
  namesOf(actor)?.unlisten();
}

/** The folder for the sockets of the tree of a root. */
export async function folderOf(root: Actor): Promise<string> {
  const names = namesOf(root);
  if (!names) throw new TransportClosed('the actor has ended', {kind: 'closed'});
  return names.folder();
}

const namesOf = (actor: Actor): Names | undefined => remote.nameAnswers.of(actor) as Names | undefined;

export class Names implements Directory, remote.NameAnswers {
  readonly actor: Actor;
  isClosed = false;
  /** This actor and the actors below it; at the root of a registrar also the actors of all programs that have joined it. */
  readonly #registrar = new Registrar();
  readonly #branches: Branches;
  readonly #search: AddressSearch;
  readonly #upstream: Upstream | undefined;
  readonly #questions: UpstreamQueue | undefined;
  readonly #reachability: Reachability;
  /** Opened when they are first needed. */
  readonly #opening = new Lazy(() => this.#openConnections());
  #connections: PeerConnections | undefined;
  /** Roads through the tree that begin here, pass, or end here. */
  readonly #tunnels = new Lazy(() => this.#openTunnels());
  /** The folder of the tree, at its root. */
  readonly #folder = new Lazy(async (): Promise<Folder> => {
    const {makeFolder} = await loadFolder();
    return makeFolder({treeId: this.actor.tree.treeId});
  });

  /** @param upstream absent at the root that keeps the list of all */
  constructor(actor: Actor, reachability: Reachability, upstream?: Upstream) {
    this.actor = actor;
    this.#reachability = reachability;
    this.#upstream = upstream;
    this.#questions = upstream && new UpstreamQueue(actor, upstream);
    this.#branches = new Branches(actor);
    this.#search = new AddressSearch(this.#registrar, path => this.addressesAlong(path));
    exposeToTree(actor);
    for (const fn of remote.nameFunctions) actor.exposed.allow(fn);
    this.#registrar.enter({actor: actor.id, path: []});
    upstream?.onReached?.(portal => this.#announce(portal));
    remote.nameAnswers.attach(actor, this);
    directories.attach(actor, this);
  }

  async enter(actor: ActorId, portal: Portal): Promise<void> {
    this.#branches.addChild(actor.id, portal);
    await this.enterBelow({actor, path: [actor.id]});
  }

  leave(id: string, death?: ActorDied): void {
    this.#branches.removeChild(id);
    this.leaveBelow(id, death && withoutOutput(death));
  }

  report(type: 'unresponsive' | 'responsive', id: string): void {
    this.#registrar.report(type, id);
    this.#tell(portal => portal.run(remote.reportActor, type, id));
  }

  /** Enters an actor that is below this one, also of a program that has joined, here and at every level above. */
  async enterBelow(registration: Registration): Promise<void> {
    this.#registrar.enter(registration);
    if (!this.#questions) return;
    const {actor, path} = registration;
    try {
      await this.#questions.ask(portal => portal.run(remote.enterActors, [[actor, [this.actor.id.id, ...path]]]));
    } catch (error) {
      // The root of this program knows it. The registrar of another program is told when it is reached again.
      if (this.actor.root && error instanceof TransportClosed) return;
      this.#registrar.leave(actor.id);
      throw error;
    }
  }

  /** Removes an actor and the actors below it, here and at every level above. */
  leaveBelow(id: string, death?: ActorDied): void {
    this.#registrar.leave(id, death);
    this.#tell(portal => portal.run(remote.leaveActor, id, death));
  }

  /**
   * How an actor of this tree died; undefined when it lives, was asked to end, or when nobody knows. The caller has seen the end
   * of its connection, which may be sooner than the actor's parent, so the parent gets a moment to report the death.
   */
  async deathOf(id: string): Promise<ActorDied | undefined> {
    if (this.#questions && !this.actor.root) return this.#questions.ask(portal => portal.run(remote.askDeath, id));
    const left = deferred();
    if (!this.#registrar.registration(id)) left.resolve();
    const stop = this.#registrar.watch(event => {
      if (event.type === 'ended' && event.actor.id === id) left.resolve();
    });
    await plainClock.within(left.promise, deathMs);
    stop();
    return this.#registrar.death(id);
  }

  /** The actors of a name, the latest first. Rejects with TransportClosed while the registrar of another program is lost. */
  async find(name: string): Promise<readonly Registration[]> {
    if (this.#questions) return this.#questions.ask(portal => portal.run(remote.askActors, name));
    return this.#registrar.find(name, maxFound);
  }

  /** All actors, in the order of their start. Rejects as `find`. */
  async list(): Promise<ActorId[]> {
    if (this.#questions) return this.#questions.ask(portal => portal.run(remote.askList));
    return this.#registrar.list();
  }

  /**
   * Calls the watcher with the actors that are there, then with every change. Returns how to stop.
   *
   * @param failed called when the actor that reports the changes is lost; no event comes after it
   */
  watch(watcher: (event: ActorEvent) => void, failed: (error: unknown) => void): () => void {
    if (!this.#questions) return this.#registrar.watch(watcher);
    let hasStopped = false;
    let stop = (): void => {};
    const begin = async (portal: Portal): Promise<void> => {
      if (hasStopped) return;
      const subscription = portal
        .stream(remote.watchEvents)
        .subscribe({next: watcher, error: error => failed(originalError(error))});
      stop = () => subscription.unsubscribe();
    };
    this.#questions.ask(begin).catch(failed);
    return () => {
      hasStopped = true;
      stop();
    };
  }

  /**
   * The addresses of an actor of any tree, which listens from now on. Empty when it has ended. Rejects with TransportClosed when it
   * is on the list and does not answer.
   */
  async addressesOf(id: string): Promise<string[]> {
    if (this.#questions) return this.#questions.ask(portal => portal.run(remote.askAddresses, id));
    return this.#search.addressesOf(id);
  }

  /** The addresses of the actor at the end of a path: passes the question on to the next actor of the path. */
  async addressesAlong(path: readonly string[]): Promise<string[]> {
    const [next, ...rest] = path;
    if (next === undefined) return this.isElsewhere ? [throughParent] : (await this.connections()).addresses();
    const branch = this.#branches.portal(next);
    if (!branch) throw new TransportClosed('an actor on the way has ended', {kind: 'closed'});
    return branch.with({scope: {[scopeKey]: this.actor.scope}}).run(remote.askAddressesAlong, rest);
  }

  /** Whether this actor runs on another host than its root, so that it is reached through its parent. */
  get isElsewhere(): boolean {
    return this.#reachability.secret === undefined;
  }

  /** Opens a road through the tree. Rejects as `Tunnels.open`. */
  async roadTo(id: string): Promise<StreamSocket> {
    return (await this.#tunnels.get()).open(id);
  }

  async tunnel(ctx: remote.TunnelEnd, to: string, from: string): Promise<void> {
    return (await this.#tunnels.get()).take(ctx, to, from);
  }

  async #openTunnels(): Promise<Tunnels> {
    const {Tunnels: Opened} = await loadTunnels();
    const [actor, registrar, branches] = [this.actor, this.#registrar, this.#branches];
    return new Opened({actor, registrar, branches, connections: () => this.connections()});
  }

  /** This is synchronous, because messages of the program that enter and remove actors must not pass one another. */
  join(id: string): void {
    if (this.#branches.child(id)) return;
    const peer = this.#connections?.peer(id);
    if (!peer) throw new NotExposed('only a child, or a program that is linked, can enter actors');
    this.#branches.addProgram(id, peer, () => this.leaveBelow(id));
  }

  canChange(id: string, caller: string): boolean {
    const registration = this.#registrar.registration(id);
    return registration === undefined || registration.path[0] === caller;
  }

  child(id: string): Portal | undefined {
    return this.#branches.child(id);
  }

  /** This actor and the actors below it, without those of other programs. */
  get tree(): Registration[] {
    return this.#registrar.registrations.filter(
      ({path: [first]}) => first === undefined || this.#branches.child(first) !== undefined,
    );
  }

  children(): Iterable<[id: string, portal: Portal]> {
    return this.#branches.children;
  }

  /** Calls `changed` for each actor that is there, then after every change. Returns how to stop. */
  watchTree(changed: () => void): () => void {
    return this.#registrar.watch(changed);
  }

  connections(): Promise<PeerConnections> {
    return this.#opening.get();
  }

  async #openConnections(): Promise<PeerConnections> {
    const {PeerConnections: Connections} = await loadConnections();
    this.#connections = new Connections(this.actor, this.#reachability, this);
    return this.#connections;
  }

  unlisten(): void {
    this.#connections?.unlisten();
  }

  /** The folder for the sockets of this tree, which the root makes. */
  async folder(): Promise<string> {
    const parent = parentInActor(this.actor);
    if (parent) return parent.run(remote.askFolder);
    return (await this.#folder.get()).path;
  }

  /** A path for a Unix socket, in the private folder of the tree. */
  async socketPath(): Promise<string> {
    const network = networkHere();
    if (network) return network.socketPath(this.actor.tree.treeId);
    const path = await this.folder();
    const {Folder} = await loadFolder();
    return new Folder(path).newSocketPath();
  }

  /** At the end of this actor: it cannot be reached any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    remote.nameAnswers.detach(this.actor);
    this.#upstream?.close?.();
    await (await this.#opening.known())?.close();
    if (this.actor.root) (await this.#folder.known())?.remove();
  }

  /** Tells the upstream something. Nobody waits for it: when the upstream is lost now, everything is announced again later. */
  #tell(question: (portal: Portal) => Promise<unknown>): void {
    this.#questions
      ?.ask(question)
      .catch(error => log('runtime', 'what happened to an actor could not be told', {error}));
  }

  /** Enters this actor and all actors below it at the registrar of another program. */
  async #announce(portal: Portal): Promise<void> {
    const own = this.actor.id.id;
    const all = this.#registrar.registrations.map(({actor, path}): [ActorId, string[]] => [actor, [own, ...path]]);
    await portal.run(remote.enterActors, all);
  }
}

/** Without the output of the actor, because that can be large and belongs to its parent. */
function withoutOutput({message, exit, actor, lost}: ActorDied): ActorDied {
  return new ActorDied(message, {exit, actor, lost});
}
