/**
 * Asks a tree of actors what it waits for: each tells of its own contexts, and asks those below it.
 * Floor 5: an ordinary call of a task that every actor exposes, so that the wire has no message of its own for it.
 */
import {formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {ContextCancelled} from '../base/errors.js';
import {Scope} from '../base/scope.js';
import {readSurvey, type SurveyRow, surveyBounds} from '../base/tree-survey.js';
import {flowOf} from '../context/flow/options.js';
import {Caller} from '../context/protocol/caller.js';
import {describeWait} from '../context/protocol/explain.js';
import {Link} from '../context/protocol/link.js';
import {Kind} from '../msg/types.js';
import type {Actor} from './actor.js';
import {isRuntimeName, markOf, runtimeFunction} from './marks.js';
import type {Peer} from './peer.js';

/** An actor that has said nothing at all for so long does not answer. */
const answerMs = 500;
/** For the answer of a whole tree; each level leaves the one above it time to say so. */
const treeMs = 2_000;
const levelMs = 100;

export const survey = runtimeFunction('task', 'survey', (budget: number) =>
  surveyOf(current()?.runtime as Actor, Math.min(Number(budget) || 0, treeMs)),
);

/** This actor and all below it, each before those below it. Takes at most `budget` ms, and never rejects. */
export async function surveyOf(actor: Actor, budget = treeMs): Promise<SurveyRow[]> {
  const links = [...actor.channels].flatMap(channel => [...channel.endpoints]).filter(end => end instanceof Link);
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

/** What a child tells of itself and those below it. */
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
      fn: peer.refOf(mark),
      name: mark.name,
      args: [Math.max(answerMs + levelMs, budget - levelMs)],
      openedBy: 'subscription',
      scope,
      flow: flowOf({}),
      cancelBound: answerMs,
      understood: () => peer.heard(mark),
    });
    caller.onOutcome(outcome =>
      resolve(outcome.kind === 'returned' ? readSurvey(outcome.value) : silent('does not answer')),
    );
    // Its own answer waits for those below it: that it lives at all is seen by this.
    channel.sendUrgent(Kind.Ping, 0);
  }).catch(() => silent('has ended'));
  const answered =
    (await plainClock.within(answer, answerMs)) ||
    (channel.lastHeard >= asked && (await plainClock.within(answer, budget - answerMs)));
  if (!answered)
    scope.cancel(new ContextCancelled('the survey goes on without it', {canceller: undefined, reason: 'deadline'}));
  return answered ? answer : silent(`does not answer within ${answerMs} ms`);
}
