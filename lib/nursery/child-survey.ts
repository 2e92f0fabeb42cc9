/**
 * What observers are told of an actor that this one has started, and of the actors below it.
 * Floor 6: below `child-actor`.
 */
import {hostname} from 'node:os';
import {askSurvey, type SurveyQuestion, surveyOf} from '../actor/survey.js';
import type {ActorId} from '../base/actor-id.js';
import type {RowState, SurveyRow} from '../base/tree-survey.js';
import type {ActorPlan} from './actor-options.js';
import type {Spawned} from './backends/spawner.js';
import type {ChildConnection} from './child-connection.js';
import type {StartProgress} from './start-progress.js';

export interface SurveyedChild {
  readonly id: string;
  readonly plan: Pick<ActorPlan, 'name' | 'host'>;
  readonly phase: StartProgress['phase'];
  readonly connection: ChildConnection | undefined;
  readonly spawned: Spawned | undefined;
}

export async function surveyOfChild(child: SurveyedChild, question: SurveyQuestion): Promise<SurveyRow[]> {
  const {plan, connection} = child;
  const rows = await rowsOf(child, question);
  if (plan.host === undefined) return rows;
  // Only the placing actor knows for sure that they are elsewhere: two machines may have the same name.
  const host = connection?.peer.channel.peer?.host ?? '';
  return rows.map(row => ({...row, actor: {...row.actor, host}, isElsewhere: true}));
}

async function rowsOf(
  {id, plan, phase, connection, spawned}: SurveyedChild,
  question: SurveyQuestion,
): Promise<SurveyRow[]> {
  const actor = connection?.peer.channel.peer ?? notYetThere(id, plan.name);
  const row = (state: RowState): SurveyRow[] => [{depth: 0, actor, state, since: 0, contexts: [], more: 0}];
  if (phase !== 'serving') return row(phase === 'connect' ? (connection?.phase ?? 'connect') : phase);
  if (!connection || connection.isClosed) return row('ending');
  // The actor and the one that asks share an event loop: if that is blocked, nobody asks.
  const here = spawned?.actor;
  return here ? surveyOf(here, question) : askSurvey(connection.peer, question);
}

const notYetThere = (id: string, name: string): ActorId => ({name, id, pid: 0, host: hostname()});
