/**
 * The queue in which the actors of this process wait for their turn to be started (rule T15: not all at once).
 * Floor 6: between `running-nursery` and the backends.
 */
import {AsyncResource} from 'node:async_hooks';
import type PQueue from 'p-queue';
import type {Portal} from '../actor/portal.js';
import {Attached} from '../base/attached.js';
import {Lazy, lazyPart} from '../base/lazy.js';
import {platform} from '../base/platform.js';
import type {ActorPlan, Backend} from './actor-options.js';
import {execError} from './backends/exec-error.js';
import type {Spawner} from './backends/spawner.js';
import type {ChildActor} from './child-actor.js';

/** The means by which actors are started. */
export interface Starters {
  /** The function that starts an actor of a backend. Undefined: the one that the system has. */
  readonly spawner?: (backend: Backend) => Spawner | undefined;
  /** How many are being started at a time. */
  readonly concurrency: number;
}

/** Loaded with the first actor of their kind. */
const backends: Readonly<Record<Backend, () => Promise<Spawner>>> = {
  process: lazyPart('it', async () => (await import('./backends/spawn-process.js')).spawnProcess),
  thread: lazyPart('it', async () => (await import('./backends/spawn-thread.js')).spawnThread),
  inline: lazyPart('it', async () => (await import('./backends/spawn-inline.js')).spawnInline),
};

/** Loaded with the first actor: most actors start none. */
const loadQueueClass = lazyPart('it', async () => (await import('p-queue')).default);

/** The starters of this process, and of whoever the testing kit says that others start for. */
const own: Starters = {concurrency: 2 * platform.parallelism()};
let startersHere: () => Starters | undefined = () => undefined;

/** Lets the testing kit say who starts the actors of the code that runs now. Undefined: this process does. */
export function useStarters(here: () => Starters | undefined): void {
  startersHere = here;
}

/** The actors that wait, for each of the starters. */
const queues = new Attached<Lazy<PQueue>>();

function queueOf(starters: Starters): Promise<PQueue> {
  const {concurrency} = starters;
  return queues.orMake(starters, () => new Lazy(async () => new (await loadQueueClass())({concurrency}))).get();
}

/**
 * Starts an actor when its turn comes. It keeps its place until it serves, because many that start at once starve each
 * other of their time.
 */
export async function startInTurn(child: ChildActor): Promise<Portal> {
  // In the async context of this call, and not of the actor whose place is free: messages of the child arrive in it.
  const starters = startersHere() ?? own;
  const start = AsyncResource.bind(() =>
    inPlace(starters, child, starters.spawner?.(child.plan.backend) ?? spawnerOf(child.plan)),
  );
  let queue: PQueue;
  try {
    queue = await queueOf(starters);
  } catch (error) {
    return child.start(() => Promise.reject(execError(child.plan.name, error)));
  }
  return queue.add(start, {signal: child.queued});
}

/** The actors that are being started, for each of the starters. */
const starting = new Attached<Set<ChildActor>>();

async function inPlace(starters: Starters, child: ChildActor, spawner: Spawner): Promise<Portal> {
  const others = starting.orMake(starters, () => new Set());
  others.add(child);
  try {
    return await child.start(spawner);
  } finally {
    others.delete(child);
  }
}

/** The ids of the actors that are being started here: one that waits for its turn waits for one of them. */
export function idsInPlace(): string[] {
  return [...(starting.of(startersHere() ?? own) ?? [])].map(({id}) => id);
}

/** Resolves when no actor of this process is being started, and none waits for its turn. */
export async function whenNoneStarts(): Promise<void> {
  await (await queueOf(own)).onIdle();
}

function spawnerOf({name, backend}: ActorPlan): Spawner {
  return async request => {
    const {place} = request;
    if (place?.placer) return place.placer.place({...request, ...place});
    const spawn = await backends[backend]().catch(error => {
      throw execError(name, error);
    });
    return spawn(request);
  };
}
