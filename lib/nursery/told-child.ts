/**
 * Tells of an actor on the channels of `base/events`: its start, its birth, its silence, its end.
 * Floor 6: below `child-actor`, which knows when.
 */
import type {Actor, Departed} from '../actor/actor.js';
import type {ActorId} from '../base/actor-id.js';
import {ContextCancelled, type Exit} from '../base/errors.js';
import {actorEvents, type SpawnEvent, spawnEvents, Told, tell} from '../base/events.js';
import {platform} from '../base/platform.js';
import type {ActorPlan} from './actor-options.js';
import type {StartProgress} from './start-progress.js';

/** Tells of a start while it runs. */
export async function tellSpawn<T>(
  actor: Actor,
  child: {readonly id: string; readonly plan: ActorPlan; readonly attempt: number; readonly progress: StartProgress},
  start: () => Promise<T>,
): Promise<T> {
  if (!spawnEvents.hasSubscribers) return start();
  const {id, plan, attempt, progress} = child;
  const {name, backend} = plan;
  const event = {name, id, backend, host: hostOf(plan), attempt, actor: actor.id, phases: progress.steps};
  const told = new Told<SpawnEvent>(spawnEvents, event);
  const starting = told.startWith(start);
  told.left();
  try {
    const served = await starting;
    told.returned();
    return served;
  } catch (error) {
    told.failed(error instanceof ContextCancelled ? 'cancelled' : 'failed', error);
    throw error;
  }
}

/** @param actor undefined when it has never said who it is: then its spawn has told that it failed */
export function tellLife(
  parent: Actor,
  actor: ActorId | undefined,
  type: 'born' | 'unresponsive' | 'responsive',
): void {
  if (actor) tell(actorEvents, () => ({type, actor, parent: parent.id}));
}

export function tellEnd(
  parent: Actor,
  {actor, ...life}: Pick<Departed, 'actor' | 'since' | 'isElsewhere'>,
  end: {readonly exit: Exit; readonly asked: boolean},
): void {
  parent.remember({actor, ...life, exit: end.exit});
  tell(actorEvents, () => ({type: 'ended', actor, parent: parent.id, ...end}));
}

/** Where it is to be started. The host that will be chosen is not known yet. */
function hostOf({host}: ActorPlan): string {
  if (host === undefined) return platform.host();
  return typeof host === 'string' ? host : '';
}
