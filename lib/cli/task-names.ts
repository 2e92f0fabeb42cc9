/**
 * Names the tasks of a tree: `resize in images (pid 12)` for a function that runs, `images (pid 12)` for the body of an actor.
 * Floor 10: below the commands that print tasks; pure.
 */
import {actorsIn} from '../window/find-waits.js';
import type {ActorView, ContextView, TreeView} from '../window/types.js';
import {shown} from './format.js';

export interface TaskName {
  /** The name of its actor, and the process of that. */
  readonly actor: string;
  readonly pid: number;
  /** The id of its actor. */
  readonly id: string;
  /** The function. Absent: the body of the actor. */
  readonly fn?: string;
}

/** By the name that the finder gives a task: the `uid` of its context, or the id of an actor. */
export type TaskNames = ReadonlyMap<string, TaskName>;

export function taskNames({root}: TreeView): TaskNames {
  const actors = [...actorsIn(root)];
  const byId = new Map(actors.map(({id, name, pid}): [string, TaskName] => [id, {actor: name, pid, id}]));
  const names = new Map(byId);
  // The end of the function knows its name best, so it comes last.
  const contexts = actors
    .flatMap(actor => actor.contexts)
    .sort((a, b) => Number(a.side === 'callee') - Number(b.side === 'callee'));
  for (const {uid, fn, callee} of contexts) {
    const where = byId.get(callee);
    if (where) names.set(uid, {...where, fn});
  }
  return names;
}

/** Safe to print. A task of another program has no name here. */
export function nameOf(task: string, names: TaskNames): string {
  const name = names.get(task);
  if (!name) return `a task elsewhere (${shown(task)})`;
  const {actor, pid, fn} = name;
  return `${fn === undefined ? '' : `${shown(fn)} in `}${shown(actor)}${pid > 0 ? ` (pid ${pid})` : ''}`;
}

/** `calls count in worker (pid 12): started, waits for values`. */
export function describeContext({side, uid, fn, caller, state}: ContextView, names: TaskNames): string {
  const doing = side === 'caller' ? `calls ${nameOf(uid, names)}` : `runs ${shown(fn)} for ${nameOf(caller, names)}`;
  return `${doing}: ${shown(state)}`;
}

/** All tasks that run in an actor. */
export function tasksOf({id, contexts}: ActorView): ReadonlySet<string> {
  return new Set([id, ...contexts.filter(({side}) => side === 'callee').map(({uid}) => uid)]);
}
