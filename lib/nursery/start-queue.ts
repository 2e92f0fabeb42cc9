/**
 * The queue in which the actors of this process wait for their turn to be started (rule T15: not all at once).
 * Floor 6: between `running-nursery` and the backends.
 */
import {AsyncResource} from 'node:async_hooks';
import {availableParallelism} from 'node:os';
import type PQueue from 'p-queue';
import type {Portal} from '../actor/portal.js';
import type {Backend} from './actor-options.js';
import type {Spawner} from './backends/spawner.js';
import type {ChildActor} from './child-actor.js';

/** Loaded with the first actor of their kind. */
const backends: Readonly<Record<Backend, Spawner>> = {
  process: async request => (await import('./backends/spawn-process.js')).spawnProcess(request),
  thread: async request => (await import('./backends/spawn-thread.js')).spawnThread(request),
  inline: async request => (await import('./backends/spawn-inline.js')).spawnInline(request),
};

let queue: Promise<PQueue> | undefined;

/**
 * Starts an actor when its turn comes. It keeps its place until it serves, because many that start at once starve each
 * other of their time.
 */
export async function startInTurn(child: ChildActor): Promise<Portal> {
  // In the async context of this call, and not of the actor whose place is free: messages of the child arrive in it.
  const start = AsyncResource.bind(() => child.start(backends[child.plan.backend]));
  queue ??= loadQueue();
  return (await queue).add(start, {signal: child.queued});
}

/** Loaded with the first actor: most actors start none. */
async function loadQueue(): Promise<PQueue> {
  const {default: Queue} = await import('p-queue');
  return new Queue({concurrency: 2 * availableParallelism()});
}
