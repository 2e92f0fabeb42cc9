/**
 * Asks the actors of a tree what they wait for: each tells of its own contexts, and asks the actors below it.
 * Floor 5: above `peer`. It is an ordinary call of a task that every actor exposes, so that the wire needs no message for it.
 */
import {formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {ContextCancelled} from '../base/errors.js';
import {isRuntimeName} from '../base/runtime-name.js';
import {Scope} from '../base/scope.js';
import {readSurvey, type SurveyRow, surveyBounds} from '../base/tree-survey.js';
import type {Endpoint} from '../channel/channel.js';
import {flowOf} from '../context/flow/options.js';
import {Caller} from '../context/protocol/caller.js';
import {describeWait} from '../context/protocol/explain.js';
import type {Link} from '../context/protocol/link.js';
import {Kind} from '../msg/types.js';
import type {Actor} from './actor.js';
import {markOf} from './mark-table.js';
import {runtimeFunction} from './marks.js';
import type {Peer} from './peer.js';

/** Maximum silence of an actor, in ms. After it the actor counts as one that does not answer. */
const answerMs = 500;
/** Maximum time for the answer of a whole tree, in ms, because a person waits for it. */
const treeMs = 2_000;
/** The time that each level keeps for its own answer, in ms, so that a late level below does not make it late too. */
const levelMs = 100;

export const survey = runtimeFunction('task', 'survey', (budget: number) =>
  surveyOf(current()?.runtime as Actor, Math.min(Number(budget) || 0, treeMs)),
);

/** This actor and all actors below it, from the top down. Takes at most `budget` ms, and never rejects. */
export async function surveyOf(actor: Actor, budget = treeMs): Promise<SurveyRow[]> {
  const links = [...actor.channels]
    .flatMap(channel => [...channel.endpoints])
    .map(linkOf)
    .filter(isLink);
  const shown = links.filter(({role}) => !isRuntimeName(role.name));
  const own: SurveyRow = {
    depth: 0,
    actor: formatActor(actor.id),
    state: '',
    waits: shown.slice(0, surveyBounds.waits).map(describeWait),
    more: Math.max(0, shown.length - surveyBounds.waits),
  };
  const children = await Promise.all([...actor.children].map(child => child.survey(budget)));
  const below = children.flat().map(row => ({...row, depth: row.depth + 1}));
  return [own, ...below].slice(0, surveyBounds.rows);
}

const linkOf = (end: Endpoint & {readonly link?: Link}): Link | undefined => end.link;
const isLink = (link: Link | undefined): link is Link => link !== undefined;

/** Asks a child about itself and the actors below it. Takes at most `budget` ms, and never rejects. */
export async function askSurvey(peer: Peer, name: string, budget: number): Promise<SurveyRow[]> {
  const {channel} = peer;
  const silent = (state: string): SurveyRow[] => [
    {depth: 0, actor: channel.peer ? formatActor(channel.peer) : name, state, waits: [], more: 0},
  ];
  const scope = new Scope('a survey');
  const mark = markOf(survey);
  const asked = plainClock.now();
  const answer = new Promise<SurveyRow[]>(resolve => {
    const caller = new Caller(channel, {
      kind: 'task',
      fn: peer.functions.refOf(mark),
      name: mark.name,
      args: [Math.max(answerMs + levelMs, budget - levelMs)],
      openedBy: 'subscription',
      scope,
      flow: flowOf({}),
      cancelBound: answerMs,
      understood: () => peer.functions.heard(mark),
    });
    caller.onOutcome(outcome =>
      resolve(outcome.kind === 'returned' ? readSurvey(outcome.value) : silent('does not answer')),
    );
    // Its answer waits for the actors below it. A Pong shows earlier that it lives.
    channel.sendUrgent(Kind.Ping, 0);
  }).catch(() => silent('has ended'));
  const answered =
    (await plainClock.within(answer, answerMs)) ||
    (channel.lastHeard >= asked && (await plainClock.within(answer, budget - answerMs)));
  if (!answered)
    scope.cancel(new ContextCancelled('the survey goes on without it', {canceller: undefined, reason: 'deadline'}));
  return answered ? answer : silent(`does not answer within ${answerMs} ms`);
}
