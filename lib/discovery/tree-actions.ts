/**
 * Ends an actor because an observer of the tree asks for it.
 * Floor 6: beside `tree-events`, and exposed by every actor as that is. The way down the tree is given by the observer, who sees it.
 */
import type {Actor} from '../actor/actor.js';
import {runtimeFunction} from '../actor/marks.js';
import {parentOf} from '../actor/parent.js';
import {formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {type Current, current} from '../base/current.js';
import {ContextCancelled, NotExposed} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {log} from '../base/log.js';
import {nameAnswers} from './name-functions.js';

/** How a cancel went. */
export interface CancelAnswer {
  /** Whether the actor was there. */
  readonly found: boolean;
  /** Whether it has ended by itself. Otherwise it was killed. */
  readonly byItself: boolean;
  /** How long it took, in ms. */
  readonly ms: number;
}

const notFound: CancelAnswer = {found: false, byItself: false, ms: 0};

/** Cancels an actor of the tree. Only the face of a root exposes it. @param path the ids from a child of the root down to the actor */
export const cancelInTree = runtimeFunction('task', 'window cancel 1', (path: readonly string[]) => {
  const {runtime, task} = current() as Current;
  return cancelAt((runtime as Actor).subject, path, task ? formatActor(task.peer) : 'an observer');
});

/** Cancels an actor below the one that is asked. Every actor exposes it to its parent. @param by who has asked, for the log */
export const cancelBelow = runtimeFunction('task', 'window cancel below 1', (path: readonly string[], by: string) => {
  const {runtime, task} = current() as Current;
  const actor = runtime as Actor;
  if (task?.peer.id !== parentOf(actor)?.actor.id)
    throw new NotExposed('only the parent of an actor may ask it for that');
  return cancelAt(actor, path, by);
});

async function cancelAt(actor: Actor, [id, ...below]: readonly string[], by: string): Promise<CancelAnswer> {
  if (below.length > 0) {
    const branch = [...(nameAnswers.of(actor)?.children() ?? [])].find(([each]) => each === id);
    return branch ? branch[1].run(cancelBelow, below, by) : notFound;
  }
  const child = [...actor.children].find(each => each.id === id);
  if (!child) return notFound;
  const asker = escapeText(String(by).slice(0, 200));
  log('warn', `the actor ${child.plan.name} is cancelled, because ${asker} has asked for it`, {event: 'cancelled', by});
  const why = new ContextCancelled(`actor ${child.plan.name} was cancelled by ${asker}, who observes the tree`, {
    canceller: actor.id,
    reason: 'actor',
  });
  const begun = plainClock.now();
  const byItself = await child.cancelActor(why);
  return {found: true, byItself, ms: Math.round(plainClock.now() - begun)};
}
