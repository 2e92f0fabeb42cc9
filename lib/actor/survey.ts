/**
 * Asks the actors of a tree what they wait for: each tells of its own contexts, and asks the actors below it.
 * Floor 5: above `peer`. It is an ordinary call of a task that every actor exposes, so that the wire needs no message for it.
 */
import type {ActorId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {type Current, current} from '../base/current.js';
import {ContextCancelled} from '../base/errors.js';
import {hooks} from '../base/hooks.js';
import {packSurvey, readPacked, rowsOf, type SurveyPart, type SurveyPiece} from '../base/packed-survey.js';
import {isRuntimeName} from '../base/runtime-name.js';
import {Scope} from '../base/scope.js';
import {type RowState, type SurveyRow, surveyBounds} from '../base/tree-survey.js';
import {libraryVersion} from '../base/version.js';
import type {Endpoint} from '../channel/channel.js';
import {flowOf} from '../context/flow/options.js';
import {Caller} from '../context/protocol/caller.js';
import type {Link} from '../context/protocol/link.js';
import {contextRow} from '../context/protocol/row.js';
import {Kind} from '../msg/types.js';
import type {Actor, Departed} from './actor.js';
import {markOf} from './mark-table.js';
import {runtimeFunction} from './marks.js';
import {parentInActor} from './parent.js';
import type {Peer} from './peer.js';

/** Maximum silence of an actor, in ms. After it the actor counts as one that does not answer. */
const answerMs = 500;
/** An actor that has not answered after this time, in ms, is asked for a sign of life. */
const signMs = 100;
/** Maximum time for the answer of a whole tree, in ms, because a person waits for it. */
const treeMs = 2_000;
/** The time that each level keeps for its own answer, in ms, so that a late level below does not make it late too. */
const levelMs = 100;

/** The actor that is asked. */
const subjectHere = (): Actor => ((current() as Current).runtime as Actor).subject;

/** The question to an actor. */
export interface SurveyQuestion {
  /** The time in ms that the answer may take. */
  readonly budget: number;
  /** Whose contexts are wanted: those of all actors, of the one with this id, or none. */
  readonly contexts: 'all' | 'none' | (string & {});
}

/** The number is raised when the shape of the answer changes: an actor of another version does not know the function then. */
export const survey = runtimeFunction('task', 'window survey 2', async (question: Partial<SurveyQuestion>) =>
  packSurvey(await partsOf(subjectHere(), question)),
);

/** The survey of the whole tree, whichever of its actors is asked. */
export const treeSurvey = runtimeFunction('task', 'window tree 2', async (question: Partial<SurveyQuestion>) =>
  packSurvey(await treePartsOf(subjectHere(), question)),
);

/** The version of the library in an actor, for observers that cannot ask it anything else. It stays without a number. */
export const versionThere = runtimeFunction('task', 'window version', () => libraryVersion());

/** The whole tree of an actor. Rejects when an actor above has ended. */
export async function treeOf(actor: Actor, question: SurveyQuestion): Promise<SurveyRow[]> {
  return rowsOf(await treePartsOf(actor, question));
}

/** This actor and all actors below it, from the top down. Takes at most `budget` ms, and never rejects. */
export async function surveyOf(actor: Actor, question: Partial<SurveyQuestion> = {}): Promise<SurveyRow[]> {
  return rowsOf(await partsOf(actor, question));
}

async function treePartsOf(actor: Actor, question: Partial<SurveyQuestion>): Promise<readonly SurveyPart[]> {
  const parent = parentInActor(actor);
  return parent ? readPacked(await parent.run(treeSurvey, question)) : partsOf(actor, question);
}

async function partsOf(actor: Actor, question: Partial<SurveyQuestion>): Promise<readonly SurveyPart[]> {
  const budget = Math.min(Number(question.budget ?? treeMs) || 0, treeMs);
  const {contexts = 'all'} = question;
  const parts: SurveyPart[] = [];
  for (const piece of piecesOf(actor, {budget, contexts}, 0)) {
    if (typeof piece === 'function') parts.push(...piece());
    else if (piece instanceof Promise) parts.push(...(await piece));
    else parts.push(piece);
  }
  return parts;
}

/**
 * This actor and all below it, in the order of a survey. Actors of this process are read at once, and all other processes are asked at the
 * same time.
 *
 * @param depth how many levels the actor is below the one that was asked
 */
export function piecesOf(actor: Actor, question: SurveyQuestion, depth: number): SurveyPiece[] {
  actor.observedAt = plainClock.now();
  const below = [...actor.children].flatMap(child => child.survey(question, depth + 1));
  return [ownRow(actor, question.contexts, depth), ...below, () => departedFrom(actor, depth + 1)];
}

const ownRow = (actor: Actor, contexts: string, depth: number): SurveyRow => ({
  depth,
  actor: actor.id,
  state: '',
  prompted: actor.scope.clock.standsStill,
  since: actor.since,
  ...contextsOf(actor, contexts),
  ...(contexts !== 'none' && waitsOf(actor)),
});

/** The waits that no context tells of. */
function waitsOf(actor: Actor): Pick<SurveyRow, 'waits'> {
  const ofChildren = [...actor.children].flatMap(child => child.waits());
  const waits = [...(hooks.terminalWaits?.(actor.id.id) ?? []), ...ofChildren];
  return waits.length > 0 ? {waits: waits.slice(0, surveyBounds.waits)} : {};
}

function contextsOf(actor: Actor, contexts: string): Pick<SurveyRow, 'contexts' | 'more'> {
  const links = [...actor.channels]
    .flatMap(channel => [...channel.endpoints])
    .map(linkOf)
    .filter(isLink);
  const shown = links.filter(({role}) => !isRuntimeName(role.name));
  const isWanted = contexts === 'all' || contexts === actor.id.id;
  const rows = isWanted ? shown.slice(0, surveyBounds.contexts).map(contextRow) : [];
  return {contexts: rows, more: shown.length - rows.length};
}

const linkOf = (end: Endpoint & {readonly link?: Link}): Link | undefined => end.link;
const isLink = (link: Link | undefined): link is Link => link !== undefined;

/** The children that have ended. While its connection is being closed, a child is still among those that have not. */
function departedFrom(actor: Actor, depth: number): SurveyRow[] {
  const {departed} = actor;
  if (departed.length === 0) return [];
  const there = new Set([...actor.children].map(({id}) => id));
  return departed.filter(({actor: {id}}) => !there.has(id)).map(child => departedRow(child, depth));
}

const departedRow = ({actor, since, exit, isReplaced, isElsewhere}: Departed, depth: number): SurveyRow => ({
  depth,
  actor,
  state: 'ended',
  since,
  exit,
  ...(isReplaced && {isReplaced}),
  ...(isElsewhere && {isElsewhere}),
  contexts: [],
  more: 0,
});

/**
 * Asks a child about itself and the actors below it. Takes at most `budget` ms, and never rejects.
 *
 * @param depth how many levels the child is below the actor that was asked
 */
export async function askSurvey(
  peer: Peer,
  {budget, contexts}: SurveyQuestion,
  depth: number,
): Promise<readonly SurveyPart[]> {
  const {channel} = peer;
  const without = (state: RowState): SurveyPart[] => [
    {depth, actor: channel.peer as ActorId, state, since: 0, contexts: [], more: 0},
  ];
  const scope = new Scope('a survey');
  const mark = markOf(survey);
  const answer = new Promise<readonly SurveyPart[]>(resolve => {
    const caller = new Caller(channel, {
      kind: 'task',
      fn: peer.functions.refOf(mark),
      name: mark.name,
      args: [{budget: Math.max(answerMs + levelMs, budget - levelMs), contexts}],
      openedBy: 'subscription',
      scope,
      flow: flowOf({}),
      cancelBound: answerMs,
      understood: () => peer.functions.heard(mark),
    });
    caller.onOutcome(outcome =>
      resolve(outcome.kind === 'returned' ? readPacked(outcome.value, depth) : without('silent')),
    );
  }).catch(() => without('ending'));
  if (await isAnswered(answer, peer, budget)) return answer;
  scope.cancel(new ContextCancelled('the survey goes on without it', {canceller: undefined, reason: 'deadline'}));
  return without('silent');
}

/**
 * Whether an actor that was asked just now answers: within 500 ms, or within `budget` ms when it shows that it lives. Its answer waits for
 * the actors below it, and a Pong does not.
 */
export async function isAnswered(answer: Promise<unknown>, {channel}: Peer, budget: number): Promise<boolean> {
  const asked = plainClock.now();
  if (await plainClock.within(answer, signMs)) return true;
  channel.sendUrgent(Kind.Ping, 0);
  return (
    (await plainClock.within(answer, answerMs - signMs)) ||
    (channel.lastHeard >= asked && (await plainClock.within(answer, budget - answerMs)))
  );
}
