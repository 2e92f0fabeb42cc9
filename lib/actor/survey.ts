/**
 * Asks the actors of a tree what they wait for: each tells of its own contexts, and asks the actors below it.
 * Floor 5: above `peer`. It is an ordinary call of a task that every actor exposes, so that the wire needs no message for it.
 */
import type {ActorId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {type Current, current} from '../base/current.js';
import {ContextCancelled} from '../base/errors.js';
import {hooks} from '../base/hooks.js';
import {isRuntimeName} from '../base/runtime-name.js';
import {Scope} from '../base/scope.js';
import {type RowState, readSurvey, type SurveyRow, surveyBounds} from '../base/tree-survey.js';
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
  /** Whose contexts are wanted: those of all actors, of the one with this id, or none. Default: those of all. */
  readonly contexts?: 'all' | 'none' | (string & {});
}

/** The number is raised when the shape of the answer changes: an actor of another version does not know the function then. */
export const survey = runtimeFunction('task', 'window survey 1', (question: SurveyQuestion) =>
  surveyOf(subjectHere(), question),
);

/** The survey of the whole tree, whichever of its actors is asked. */
export const treeSurvey = runtimeFunction('task', 'window tree 1', (question: SurveyQuestion) =>
  treeOf(subjectHere(), question),
);

/** The version of the library in an actor, for observers that cannot ask it anything else. It stays without a number. */
export const versionThere = runtimeFunction('task', 'window version', () => libraryVersion());

/** The whole tree of an actor. Rejects when an actor above has ended. */
export function treeOf(actor: Actor, question: SurveyQuestion): Promise<SurveyRow[]> {
  const parent = parentInActor(actor);
  return parent ? parent.run(treeSurvey, question).then(readSurvey) : surveyOf(actor, question);
}

/** This actor and all actors below it, from the top down. Takes at most `budget` ms, and never rejects. */
export async function surveyOf(actor: Actor, question: Partial<SurveyQuestion> = {}): Promise<SurveyRow[]> {
  const budget = Math.min(Number(question.budget ?? treeMs) || 0, treeMs);
  const {contexts = 'all'} = question;
  actor.observedAt = plainClock.now();
  const own: SurveyRow = {
    depth: 0,
    actor: actor.id,
    state: '',
    prompted: actor.scope.clock.standsStill,
    since: actor.since,
    ...contextsOf(actor, contexts),
    ...(contexts !== 'none' && waitsOf(actor)),
  };
  const children = await Promise.all([...actor.children].map(child => child.survey({budget, contexts})));
  const below = children.flat().map(row => ({...row, depth: row.depth + 1}));
  // While its connection is being closed a child is still among the children.
  const there = new Set([...actor.children].map(({id}) => id));
  const departed = actor.departed.filter(({actor: {id}}) => !there.has(id));
  return cut([own, ...below, ...departed.map(departedRow)]);
}

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

/** Leaves out what is too much, and counts it. */
function cut(rows: readonly SurveyRow[]): SurveyRow[] {
  let left = surveyBounds.allContexts;
  return rows.slice(0, surveyBounds.rows).map(row => {
    const contexts = row.contexts.slice(0, left);
    left -= contexts.length;
    return {...row, contexts, more: row.more + row.contexts.length - contexts.length};
  });
}

const departedRow = ({actor, since, exit, isReplaced, isElsewhere}: Departed): SurveyRow => ({
  depth: 1,
  actor,
  state: 'ended',
  since,
  exit,
  ...(isReplaced && {isReplaced}),
  ...(isElsewhere && {isElsewhere}),
  contexts: [],
  more: 0,
});

/** Asks a child about itself and the actors below it. Takes at most `budget` ms, and never rejects. */
export async function askSurvey(peer: Peer, {budget, contexts}: SurveyQuestion): Promise<SurveyRow[]> {
  const {channel} = peer;
  const without = (state: RowState): SurveyRow[] => [
    {depth: 0, actor: channel.peer as ActorId, state, since: 0, contexts: [], more: 0},
  ];
  const scope = new Scope('a survey');
  const mark = markOf(survey);
  const answer = new Promise<SurveyRow[]>(resolve => {
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
    caller.onOutcome(outcome => resolve(outcome.kind === 'returned' ? readSurvey(outcome.value) : without('silent')));
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
