/**
 * The queue in which the actors of this process wait for their turn to be started (rule T15: not all at once).
 * Floor 6: between `running-nursery` and the backends.
 */
import {AsyncResource} from 'node:async_hooks';
import {availableParallelism} from 'node:os';
import type PQueue from 'p-queue';
import type {Portal} from '../actor/portal.js';
import {lazyPart} from '../base/lazy.js';
import type {ActorPlan, Backend} from './actor-options.js';
import {execError} from './backends/exec-error.js';
import type {Spawner} from './backends/spawner.js';
import type {ChildActor} from './child-actor.js';

/** Loaded with the first actor of their kind. */
const backends: Readonly<Record<Backend, () => Promise<Spawner>>> = {
  process: lazyPart('it', async () => (await import('./backends/spawn-process.js')).spawnProcess),
  thread: lazyPart('it', async () => (await import('./backends/spawn-thread.js')).spawnThread),
  inline: lazyPart('it', async () => (await import('./backends/spawn-inline.js')).spawnInline),
};

/** Loaded with the first actor: most actors start none. */
const loadQueue = lazyPart('it', async (): Promise<PQueue> => {
  const {default: Queue} = await import('p-queue');
  return new Queue({concurrency: 2 * availableParallelism()});
});

/**
 * Starts an actor when its turn comes. It keeps its place until it serves, because many that start at once starve each
 * other of their time.
 */
export async function startInTurn(child: ChildActor): Promise<Portal> {
  // In the async context of this call, and not of the actor whose place is free: messages of the child arrive in it.
  const start = AsyncResource.bind(() => child.start(spawnerOf(child.plan)));
  let queue: PQueue;
  try {
    queue = await loadQueue();
  } catch (error) {
    return child.start(() => Promise.reject(execError(child.plan.name, error)));
  }
  return queue.add(start, {signal: child.queued});
}

function spawnerOf({name, backend}: ActorPlan): Spawner {
  return async request => {
    const spawn = await backends[backend]().catch(error => {
      throw execError(name, error);
    });
    return spawn(request);
  };
}
