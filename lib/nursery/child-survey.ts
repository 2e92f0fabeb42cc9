/**
 * What observers are told of an actor that this one has started, and of the actors below it.
 * Floor 6: below `child-actor`.
 */
import {askSurvey, piecesOf, type SurveyQuestion} from '../actor/survey.js';
import {futureActorId} from '../base/actor-id.js';
import {rowsOf, type SurveyPiece} from '../base/packed-survey.js';
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

/** @param depth how many levels the child is below the actor that was asked */
export function surveyOfChild(child: SurveyedChild, question: SurveyQuestion, depth: number): readonly SurveyPiece[] {
  const {plan, connection} = child;
  const pieces = piecesOfChild(child, question, depth);
  if (plan.host === undefined) return pieces;
  // Only the placing actor knows for sure that they are elsewhere: two machines may have the same name.
  const host = connection?.peer.channel.peer?.host ?? '';
  return pieces.map(piece => changed(piece, row => ({...row, actor: {...row.actor, host}, isElsewhere: true})));
}

function piecesOfChild(
  {id, plan, phase, connection, spawned}: SurveyedChild,
  question: SurveyQuestion,
  depth: number,
): readonly SurveyPiece[] {
  const actor = connection?.peer.channel.peer ?? futureActorId(plan.name, id);
  const row = (state: RowState): SurveyRow[] => [{depth, actor, state, since: 0, contexts: [], more: 0}];
  if (phase !== 'serving') return row(phase === 'connect' ? (connection?.phase ?? 'connect') : phase);
  if (!connection || connection.isClosed) return row('ending');
  // The actor and the one that asks share an event loop: if that is blocked, nobody asks.
  const here = spawned?.actor;
  return here ? piecesOf(here, question, depth) : [askSurvey(connection.peer, question, depth)];
}

function changed(piece: SurveyPiece, change: (row: SurveyRow) => SurveyRow): SurveyPiece {
  if (typeof piece === 'function') return () => piece().map(change);
  return piece instanceof Promise ? piece.then(parts => rowsOf(parts).map(change)) : change(piece);
}
