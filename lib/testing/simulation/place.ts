/**
 * Where code of a simulation runs: in which simulation, and in which of its actors. Code outside simulations has no place.
 * Floor 9, room `simulation`: above `agenda`. A place is handed down like every async context, so whatever an actor begins belongs to it.
 */
import {AsyncLocalStorage, AsyncResource} from 'node:async_hooks';
import type {Agenda} from './agenda.js';
import type {SimulatedActor} from './simulated-actor.js';

export interface Place {
  readonly agenda: Agenda;
  readonly actor: SimulatedActor;
  /** Whether only the runtime looks after itself here. */
  readonly isBackground: boolean;
}

const places = new AsyncLocalStorage<Place>();
/** Made when nothing runs yet: outside every actor and every simulation. */
const outside = new AsyncResource('rxtractor/outside');

/** Undefined outside simulations. */
export function placeHere(): Place | undefined {
  return places.getStore();
}

export function runAt<T>(place: Place, fn: () => T): T {
  return places.run(place, fn);
}

/** Runs `fn` as the first thing in a process: nothing of the code that calls is handed down. */
export function runAfresh<T>(place: Place, fn: () => T): T {
  return outside.runInAsyncScope(() => places.run(place, fn));
}

/** Binds `fn` to the async context of this call. (`AsyncResource.bind` does so too, and waits for the garbage collector.) */
export function boundHere(fn: () => void): () => void {
  const resource = new AsyncResource('rxtractor/later', {requireManualDestroy: true});
  return () => resource.runInAsyncScope(fn);
}

/** Runs `fn` as a part of nothing: neither of an actor, nor of a simulation. */
export function runOutside<T>(fn: () => T): T {
  return outside.runInAsyncScope(fn);
}
