/**
 * A nursery for quick tests: real time, no processes.
 * Floor 9, room of the testing kit: above `nothing-left`; public.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {suppress} from '../base/suppressed.js';
import type {RootOptions} from '../boot-root.js';
import {openNursery} from '../main.js';
import {spawnInline} from '../nursery/backends/spawn-inline.js';
import type {Spawner} from '../nursery/backends/spawner.js';
import type {Body} from '../nursery/nursery.js';
import type {Starters} from '../nursery/start-queue.js';
import {assertNothingLeft} from './nothing-left.js';
import {argumentsAreSaidBy, argumentsOf} from './simulation/arguments.js';
import {startersAreSaidBy} from './starters.js';

/** The arguments of the actors that run, by their ids. */
const argumentsById = new Map<string, string[]>();

/** An actor that has no process has no output of its own either. */
const startInline: Spawner = async request => {
  const {id, argv, output} = request;
  argumentsById.set(id, argumentsOf(argv));
  const spawned = await spawnInline(request);
  void spawned.exited.then(() => {
    argumentsById.delete(id);
    output?.end();
  });
  return spawned;
};

const inline: Starters = {concurrency: Number.POSITIVE_INFINITY, spawner: () => startInline};
const inlineTrees = new AsyncLocalStorage<boolean>();
startersAreSaidBy(() => (inlineTrees.getStore() ? inline : undefined));

/**
 * Opens a nursery for a test and runs the body in it, in real time. All its actors run in this process, whatever their backend is,
 * so that a test takes milliseconds. Options that need a process (`env`, `cwd`, `stdio`, `execArgv`, `maxHeap`) are accepted
 * and have no effect; of `argv` each actor sees its own. After the body `assertNothingLeft` looks for what is left, of other tests too that run at the same time: so
 * let these tests run one after the other.
 *
 * Resolves with the value of the body. Rejects as `openNursery` does, and as `assertNothingLeft` does when the body has succeeded.
 *
 * @example
 * ```ts
 * test('doubles', async () => {
 *   await testNursery(async nursery => {
 *     const portal = await nursery.startActor('worker', {expose: [double]});
 *     assert.equal(await portal.run(double, 21), 42);
 *   });
 * });
 * ```
 */
export async function testNursery<T>(body: Body<T>, options: RootOptions = {}): Promise<T> {
  if (typeof body !== 'function')
    throw new TypeError('testNursery() takes a function: testNursery(async nursery => …)');
  const giveBack = argumentsAreSaidBy(() => argumentsById.get(current()?.actor.id ?? ''));
  try {
    return await runHere(body, options);
  } finally {
    giveBack();
  }
}

async function runHere<T>(body: Body<T>, options: RootOptions): Promise<T> {
  let value: T;
  try {
    value = await inlineTrees.run(true, () => openNursery(body, options));
  } catch (error) {
    await assertNothingLeft().catch(left => suppress(error, left));
    throw error;
  }
  // An inline actor ends in the turn after its nursery has seen the end.
  await plainClock.turn();
  await assertNothingLeft();
  return value;
}
