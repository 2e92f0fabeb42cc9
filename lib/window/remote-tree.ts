/**
 * A tree as its observers ask it: that of the actor in which they run, or another one over its control socket or an address.
 * Floor 7: above `roots`; `watch-tree` and the command ask here.
 */
import {dirname} from 'node:path';
import type {Observable} from 'rxjs';
import {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import {guestPortal} from '../actor/portal.js';
import {type SurveyQuestion, treeOf, treeSurvey} from '../actor/survey.js';
import {defaultTimeouts} from '../actor/tree-options.js';
import {type ActorId, newActorId, newId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {NotExposed, TransportClosed} from '../base/errors.js';
import {causeOf} from '../base/foreign.js';
import {readSurvey, type SurveyRow} from '../base/tree-survey.js';
import {connectToActor} from '../channel/connect-to-actor.js';
import {allEventsOf, eventsFrom, eventsOfTree, type TraceEvent} from '../discovery/tree-events.js';
import {messagePack} from '../msg/codec.js';
import {Kind} from '../msg/types.js';
import {type Address, parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {type FoundRoot, findRoots, readKey} from './roots.js';

/** A tree that can be asked. */
export interface AskedTree {
  survey(question: SurveyQuestion): Promise<readonly SurveyRow[]>;
  events(): Observable<TraceEvent>;
  close(): void;
}

/** The tree of an actor of this process. */
export function ownTree(actor: Actor): AskedTree {
  return {
    survey: question => treeOf(actor, question),
    events: () => allEventsOf(actor),
    close: () => {},
  };
}

/**
 * Connects to another tree.
 *
 * @param root a pid, the id of a tree or its beginning, `unix:…`, `tls://…`. Default: the only tree there is
 * @throws TransportClosed when there is none, TypeError when there are several, and what `connectToActor` throws
 */
export async function connectToTree(root?: string, tls?: TlsOptions): Promise<AskedTree> {
  const {address, secret} = placeOf(root);
  const codec = messagePack;
  const self = newActorId('observer');
  const tree = {treeId: newId(), depth: 0, logLevel: 'silent', timeouts: defaultTimeouts} as const;
  const actor = new Actor({id: self, root: true, codec, tree});
  const timeout = defaultTimeouts.handshake;
  const {transport, peer: id} = await connectToActor(address, {self, codec, secret, tls, timeout});
  const peer = new Peer(actor, transport, 'connected', {}, id);
  const portal = guestPortal(peer, actor.scope);
  return {
    survey: asking(peer, question => toldOfVersion(id.name, portal.run(treeSurvey, question)).then(readSurvey)),
    events: () => eventsFrom(portal, eventsOfTree),
    close: () => peer.channel.close(),
  };
}

/** Maximum silence of a root, in ms. After it the root counts as one that does not answer. */
const answerMs = 500;

/**
 * Asks a root, which may be busy itself: after 500 ms of silence the answer is that it is silent. The question stays open then, and
 * the next one waits for the same answer.
 */
function asking(
  {channel}: Peer,
  ask: (question: SurveyQuestion) => Promise<SurveyRow[]>,
): (question: SurveyQuestion) => Promise<SurveyRow[]> {
  let open: Promise<SurveyRow[]> | undefined;
  return async question => {
    const asked = plainClock.now();
    const answer = open ?? ask(question);
    open = answer;
    answer.catch(() => {});
    channel.sendUrgent(Kind.Ping, 0);
    // Its answer waits for the actors below it. A Pong shows earlier that it lives.
    const isThere =
      (await plainClock.within(answer, answerMs)) ||
      (channel.lastHeard >= asked && (await plainClock.within(answer, question.budget)));
    if (!isThere) return [{depth: 0, actor: channel.peer as ActorId, state: 'silent', since: 0, contexts: [], more: 0}];
    open = undefined;
    return answer;
  };
}

function placeOf(root: string | undefined): {readonly address: Address; readonly secret: Uint8Array | undefined} {
  if (root !== undefined && /^(?:unix:|tls:|tcp:)/.test(root)) {
    const address = parseAddress(root);
    return {address, secret: address.kind === 'unix' ? readKey(dirname(address.path)) : undefined};
  }
  const {socket, key} = chooseRoot(findRoots(), root);
  return {address: {kind: 'unix', path: socket}, secret: key};
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
  if (another) throw new TypeError(`${fitting.length} trees of actors run here: say which one, by its pid`);
  return only;
}

/** An actor of another version does not know the function. */
async function toldOfVersion<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(causeOf(error) instanceof NotExposed)) throw error;
    throw new NotExposed(`${name} runs another version of rxtractor, which this observer cannot ask`, {cause: error});
  }
}
