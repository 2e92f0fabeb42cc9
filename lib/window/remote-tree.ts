/**
 * A tree as its observers ask it: that of the actor in which they run, or another one over its control socket or an address.
 * Floor 7: above `roots`; `watch-tree` and the command ask here.
 */
import {hostname} from 'node:os';
import {dirname} from 'node:path';
import {catchError, from, Observable, switchMap} from 'rxjs';
import {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import {guestPortal, type Portal} from '../actor/portal.js';
import {isAnswered, type SurveyQuestion, treeOf, treeSurvey, versionThere} from '../actor/survey.js';
import {defaultTimeouts} from '../actor/tree-options.js';
import {type ActorId, newActorId, newId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, NotExposed, TransportClosed} from '../base/errors.js';
import {causeOf} from '../base/foreign.js';
import {readPacked, rowsOf} from '../base/packed-survey.js';
import type {SurveyRow} from '../base/tree-survey.js';
import {libraryVersion} from '../base/version.js';
import {connectToActor} from '../channel/connect-to-actor.js';
import {type CancelAnswer, cancelInTree} from '../discovery/tree-actions.js';
import {allEventsOf, eventsFrom, eventsOfTree, type TraceEvent} from '../discovery/tree-events.js';
import {type Mark, type MarksQuestion, marksFrom, marksInTree} from '../discovery/tree-marks.js';
import {messagePack} from '../msg/codec.js';
import {type Address, parseAddress} from '../transport/address.js';
import {hasPidsOfHere} from '../transport/folder.js';
import type {TlsOptions} from '../transport/tls.js';
import {processesOf} from './processes.js';
import {type FoundRoot, findRoots, readKey} from './roots.js';

/** A tree that can be asked. */
export interface AskedTree {
  /** Whether its processes have the same numbers here, so that the system can be asked about them. */
  readonly sharesPids: boolean;
  /** The id of the actor that asks, where it is an actor of this tree. */
  readonly self?: string;
  survey(question: SurveyQuestion): Promise<readonly SurveyRow[]>;
  events(): Observable<TraceEvent>;
  close(): void;
}

/** A tree that was reached over a connection. */
export interface RemoteTree extends AskedTree {
  /** Cancels an actor, and resolves when it is gone. @param path the ids from a child of the root down to it */
  cancel(path: readonly string[]): Promise<CancelAnswer>;
  /** The values that go through the streams of an actor. */
  marks(question: MarksQuestion): Observable<readonly Mark[]>;
}

/** The tree of an actor of this process. */
export function ownTree(actor: Actor): AskedTree {
  return {
    sharesPids: true,
    self: actor.id.id,
    survey: question => treeOf(actor, question),
    events: () => allEventsOf(actor),
    close: () => {},
  };
}

/**
 * Connects to another tree. A root of this host may be too busy to greet: until it does, the system tells of its processes.
 *
 * @param root a pid, the id of a tree or its beginning, `unix:…`, `tls://…`. Default: the only tree there is
 * @throws TransportClosed when there is none, TypeError when there are several, and what `connectToActor` throws
 */
export async function connectToTree(root?: string, tls?: TlsOptions): Promise<RemoteTree> {
  const place = placeOf(root);
  const connecting = greet(place, tls);
  const {found} = place;
  if (!found || (await plainClock.within(connecting, answerMs))) return connecting;
  return new LateTree(found, connecting, () => greet(place));
}

async function greet({address, secret, sharesPids}: Place, tls?: TlsOptions): Promise<RemoteTree> {
  const codec = messagePack;
  const self = newActorId('observer');
  const tree = {treeId: newId(), depth: 0, logLevel: 'silent', timeouts: defaultTimeouts} as const;
  const actor = new Actor({id: self, root: true, codec, tree});
  const timeout = defaultTimeouts.handshake;
  const {transport, peer: id} = await connectToActor(address, {self, codec, secret, tls, timeout}).catch(advised);
  const peer = new Peer(actor, transport, 'connected', {}, id);
  const portal = guestPortal(peer, actor.scope);
  return {
    sharesPids,
    survey: asking(peer, question =>
      toldOfVersion(portal, portal.run(treeSurvey, question)).then(told => rowsOf(readPacked(told))),
    ),
    events: () =>
      eventsFrom(portal, eventsOfTree).pipe(catchError(error => toldOfVersion(portal, Promise.reject(error)))),
    cancel: path => toldOfVersion(portal, portal.run(cancelInTree, path)),
    marks: question =>
      marksFrom(portal, marksInTree, question).pipe(catchError(error => toldOfVersion(portal, Promise.reject(error)))),
    close: () => peer.channel.close(),
  };
}

/** A tree whose root has not greeted in time. */
class LateTree implements RemoteTree {
  readonly sharesPids: boolean;
  readonly #found: FoundRoot;
  readonly #greet: () => Promise<RemoteTree>;
  #tree: Promise<RemoteTree>;
  #isClosed = false;

  constructor(found: FoundRoot, tree: Promise<RemoteTree>, greet: () => Promise<RemoteTree>) {
    this.#found = found;
    this.sharesPids = found.sharesPids;
    this.#greet = greet;
    this.#tree = tree;
  }

  async survey(question: SurveyQuestion): Promise<readonly SurveyRow[]> {
    try {
      if (await plainClock.within(this.#tree, answerMs)) return await (await this.#tree).survey(question);
    } catch (error) {
      if (!(error instanceof HandshakeRejected && error.reason === 'timeout')) throw error;
      if (!this.#isClosed) this.#greetAgain();
    }
    return rowsFromSystem(this.#found);
  }

  /** The next survey may come long after this has failed. Until then nobody waits for it. */
  #greetAgain(): void {
    this.#tree = this.#greet();
    this.#tree.catch(() => {});
  }

  events(): Observable<TraceEvent> {
    return from(this.#tree).pipe(switchMap(tree => tree.events()));
  }

  async cancel(path: readonly string[]): Promise<CancelAnswer> {
    return (await this.#tree).cancel(path);
  }

  marks(question: MarksQuestion): Observable<readonly Mark[]> {
    return from(this.#tree).pipe(switchMap(tree => tree.marks(question)));
  }

  close(): void {
    this.#isClosed = true;
    this.#tree.then(
      tree => tree.close(),
      () => {},
    );
  }
}

/** The tree that `connectToTree` reaches, once. Unsubscribing closes it, or gives up the connecting. */
export function reachTree(root?: string, tls?: TlsOptions): Observable<RemoteTree> {
  return new Observable(subscriber => {
    connectToTree(root, tls).then(
      tree => {
        subscriber.add(() => tree.close());
        subscriber.next(tree);
      },
      error => subscriber.error(error),
    );
  });
}

/** The processes of a tree, as their arguments tell. */
async function rowsFromSystem({pid, tree, sharesPids}: FoundRoot): Promise<SurveyRow[]> {
  const processes = sharesPids ? await processesOf(tree) : [];
  const rowOf = (actor: ActorId, depth: number): SurveyRow => ({
    depth,
    actor,
    state: 'silent',
    since: 0,
    contexts: [],
    more: 0,
  });
  const below = (parent: number, depth: number): SurveyRow[] =>
    processes
      .filter(each => each.parent === parent)
      .flatMap(({pid, id, name}) => [rowOf({id, name, pid, host: hostname()}, depth), ...below(pid, depth + 1)]);
  return [rowOf({id: `pid ${pid}`, name: 'root', pid, host: hostname()}, 0), ...below(pid, 1)];
}

/** Maximum silence of a root, in ms. After it the root counts as one that does not answer. */
const answerMs = 500;

/**
 * Asks a root, which may be busy itself: after 500 ms of silence the answer is that it is silent. The question stays open then, and
 * the next one waits for the same answer.
 */
function asking(
  peer: Peer,
  ask: (question: SurveyQuestion) => Promise<SurveyRow[]>,
): (question: SurveyQuestion) => Promise<SurveyRow[]> {
  let open: Promise<SurveyRow[]> | undefined;
  return async question => {
    const answer = open ?? ask(question);
    open = answer;
    answer.catch(() => {});
    // The root gives the actors below it the budget, and then needs some time itself.
    if (!(await isAnswered(answer, peer, question.budget + answerMs))) {
      const actor = peer.channel.peer as ActorId;
      return [{depth: 0, actor, state: 'silent', since: 0, contexts: [], more: 0}];
    }
    open = undefined;
    return answer;
  };
}

interface Place {
  readonly address: Address;
  readonly secret: Uint8Array | undefined;
  readonly sharesPids: boolean;
  /** A root of this host, by whose folder it was found. */
  readonly found?: FoundRoot;
}

function placeOf(root: string | undefined): Place {
  if (root !== undefined && /^(?:unix:|tls:|tcp:)/.test(root)) {
    const address = parseAddress(root);
    if (address.kind !== 'unix') return {address, secret: undefined, sharesPids: false};
    const folder = dirname(address.path);
    return {address, secret: readKey(folder), sharesPids: hasPidsOfHere(folder)};
  }
  const found = chooseRoot(findRoots(), root);
  return {address: {kind: 'unix', path: found.socket}, secret: found.key, sharesPids: found.sharesPids, found};
}

/** @throws TransportClosed when there is none, TypeError when there are several */
export function chooseRoot(roots: readonly FoundRoot[], wanted: string | undefined): FoundRoot {
  const fitting = roots.filter(
    ({pid, tree}) => wanted === undefined || String(pid) === wanted || wanted.startsWith(tree),
  );
  const [only, another] = fitting;
  if (!only) {
    const which = wanted === undefined ? 'no tree of actors' : `no tree of actors with the pid or id ${wanted}`;
    throw new TransportClosed(
      `${which} can be observed here: a root under main() opens itself when its first actor serves (option window)`,
      {kind: 'closed'},
    );
  }
  if (another)
    throw new TypeError(`${fitting.length} trees of actors run here: say which one, by its pid or the id of its tree`);
  return only;
}

/** For an observer whose version differs from that of the program. */
const advice = 'look with the rxtractor that is installed with the program: npx rxtractor in its folder';

/** A root that speaks another version of the protocol refuses to greet. */
function advised(error: unknown): never {
  if (!(error instanceof HandshakeRejected && error.reason === 'version')) throw error;
  throw new HandshakeRejected(`${error.message}: ${advice}`, {reason: 'version', cause: error});
}

/** An actor of another version does not know the function. Both versions are named, where it tells its own. */
async function toldOfVersion<T>(portal: Portal, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(causeOf(error) instanceof NotExposed)) throw error;
    const theirs = await portal.run(versionThere).catch(() => 'another version');
    const own = libraryVersion();
    const text =
      theirs === own
        ? `${portal.actor.name} lets observers who come over this address only look`
        : `${portal.actor.name} runs ${theirs} of rxtractor, and this observer is ${own}: ${advice}`;
    throw new NotExposed(text, {cause: error});
  }
}
