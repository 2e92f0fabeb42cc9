/**
 * How many actors a tree may have: the root counts them, and every actor asks before it starts one.
 * Floor 5: above `portal`, through which an actor asks its parent; used by `child-actor`. docs/decisions/0012 says why the
 * root counts.
 */
import {Attached} from '../base/attached.js';
import {current} from '../base/current.js';
import type {Actor} from './actor.js';
import {runtimeFunction} from './marks.js';
import {parentInActor} from './parent.js';

interface ActorCount {
  /** At the root: how many actors the tree has, the root not counted. */
  all: number;
  /** Elsewhere: how many actors have been counted below each child, by the id of the child. */
  readonly below: Map<string, number>;
}

const counts = new Attached<ActorCount>();
const countOf = (actor: Actor): ActorCount => counts.orMake(actor, () => ({all: 0, below: new Map()}));

/** Counts an actor that is to be started. Returns the limit of the tree when the tree is full. */
export async function countActor(actor: Actor, signal: AbortSignal): Promise<number | undefined> {
  actor.exposed.allow(count);
  actor.exposed.allow(uncount);
  const parent = parentInActor(actor);
  if (parent) return parent.with({signal}).run(count, actor.id.id);
  const known = countOf(actor);
  if (known.all >= actor.maxActors) return actor.maxActors;
  known.all++;
  return undefined;
}

/** A child has ended, and everybody below it with it: none of them counts any more. */
export function uncountChild(actor: Actor, child: string): void {
  const {below} = countOf(actor);
  const belowChild = below.get(child) ?? 0;
  below.delete(child);
  giveBack(actor, 1 + belowChild);
}

function giveBack(actor: Actor, freed: number): void {
  const parent = parentInActor(actor);
  // This actor does not wait for the call. A failure is ignored, because without a parent there is no count to correct.
  if (parent) parent.run(uncount, actor.id.id, freed).catch(() => {});
  else countOf(actor).all -= freed;
}

const count = runtimeFunction('task', 'count an actor', async (child: string): Promise<number | undefined> => {
  const {scope, runtime} = current() as NonNullable<ReturnType<typeof current>>;
  const actor = runtime as Actor;
  const limit = await countActor(actor, scope.signal);
  if (limit !== undefined) return limit;
  const {below} = countOf(actor);
  // The child may have died meanwhile: then nobody else would ever give back what was counted for it.
  if ([...actor.children].some(({id}) => id === child)) below.set(child, (below.get(child) ?? 0) + 1);
  else giveBack(actor, 1);
  return undefined;
});

const uncount = runtimeFunction('task', 'uncount actors', (child: string, asked: number): void => {
  const actor = current()?.runtime as Actor;
  const {below} = countOf(actor);
  const known = below.get(child) ?? 0;
  const freed = Math.min(known, Math.max(0, Number(asked) || 0));
  if (freed === 0) return;
  below.set(child, known - freed);
  giveBack(actor, freed);
});
