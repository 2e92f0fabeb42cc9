/**
 * How many actors a tree has: counted at its root, which every actor asks before it starts one.
 * Floor 5: above `portal`, by which an actor asks its parent; used by `child-actor`. docs/decisions/0012 says why so.
 */
import {current} from '../base/current.js';
import type {Actor} from './actor.js';
import {runtimeFunction} from './marks.js';
import {parentInActor} from './portal.js';

/** What an actor knows: at the root how many seats are taken, elsewhere how many of them are below each child. */
interface Seats {
  taken: number;
  readonly below: Map<string, number>;
}

const seatsOf = new WeakMap<Actor, Seats>();
function seats(actor: Actor): Seats {
  const known = seatsOf.get(actor) ?? {taken: 0, below: new Map()};
  seatsOf.set(actor, known);
  return known;
}

/** Takes a seat for an actor that is to be started. Gives the tree's limit where all are taken. */
export async function takeSeat(actor: Actor, signal: AbortSignal): Promise<number | undefined> {
  actor.exposed.allow(take);
  actor.exposed.allow(free);
  const parent = parentInActor(actor);
  if (parent) return parent.with({signal}).run(take, actor.id.id);
  const known = seats(actor);
  if (known.taken >= actor.maxActors) return actor.maxActors;
  known.taken++;
  return undefined;
}

/** A child is gone, and with it all that were below it. */
export function freeSeats(actor: Actor, child: string): void {
  const known = seats(actor);
  const below = known.below.get(child) ?? 0;
  known.below.delete(child);
  giveBack(actor, 1 + below);
}

function giveBack(actor: Actor, count: number): void {
  const parent = parentInActor(actor);
  // Nobody waits for it; a parent that is gone has nothing to count any more.
  if (parent) parent.run(free, actor.id.id, count).catch(() => {});
  else seats(actor).taken -= count;
}

const take = runtimeFunction('task', 'take a seat', async (child: string): Promise<number | undefined> => {
  const {scope, runtime} = current() as NonNullable<ReturnType<typeof current>>;
  const actor = runtime as Actor;
  const full = await takeSeat(actor, scope.signal);
  if (full !== undefined) return full;
  const {below} = seats(actor);
  // It may have died meanwhile: then nobody would ever give the seat back.
  if ([...actor.children].some(({id}) => id === child)) below.set(child, (below.get(child) ?? 0) + 1);
  else giveBack(actor, 1);
  return undefined;
});

const free = runtimeFunction('task', 'free seats', (child: string, count: number): void => {
  const actor = current()?.runtime as Actor;
  const {below} = seats(actor);
  const held = below.get(child) ?? 0;
  const freed = Math.min(held, Math.max(0, Number(count) || 0));
  if (freed === 0) return;
  below.set(child, held - freed);
  giveBack(actor, freed);
});
