/**
 * The parts of a request for an actor: what its plan fixes, and where it is to run.
 * Floor 6: below `child-actor`, which asks a backend.
 */
import type {Actor} from '../actor/actor.js';
import type {ActorPlan} from './actor-options.js';
import {type Place, placers, type SpawnRequest} from './backends/spawner.js';

type Fixed = Pick<SpawnRequest, 'name' | 'env' | 'cwd' | 'execArgv' | 'argv' | 'maxHeap' | 'stdio'>;

export function fixedBy({name, env, cwd, execArgv, argv, maxHeap, stdio}: ActorPlan): Fixed {
  return {name, env, cwd, execArgv, argv, maxHeap, stdio};
}

/** Undefined: on this host. */
export function placeOf(actor: Actor, {host, modules}: ActorPlan): Place | undefined {
  if (host === undefined) return undefined;
  const {timeouts, preload = []} = actor.tree;
  const urls = new Set([...preload, ...modules.map(({module}) => module)]);
  return {host, modules: [...urls], timeout: timeouts.spawn, placer: placers.of(actor)};
}
