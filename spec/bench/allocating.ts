/**
 * Counts the bytes that a fixed amount of work allocates, by V8's sampling heap profiler, which counts what has been collected too.
 * A program of its own, started by `allocations.spec`; its functions are used in both ends.
 */
import {type HeapProfiler, Session} from 'node:inspector';
import {fileURLToPath} from 'node:url';
import {openNursery, task} from '../../lib/index.js';
import {roads} from './instructed.js';

/** Bytes for each unit, at both ends. */
export interface Allocated {
  readonly caller: number;
  readonly actor: number;
}

const session = new Session();
/** A sample for so many bytes: some thousands of samples for the least of the work. */
const intervalBytes = 512;

function startSampling(): Promise<unknown> {
  session.connect();
  return post('HeapProfiler.startSampling', {
    samplingInterval: intervalBytes,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
}

async function stopSampling(): Promise<number> {
  const {profile} = (await post('HeapProfiler.stopSampling')) as HeapProfiler.StopSamplingReturnType;
  session.disconnect();
  return sizeOf(profile.head);
}

function sizeOf({selfSize, children}: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize);
}

function post(method: string, params?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params as never, (error: Error | null, result?: object) =>
      error ? reject(error) : resolve(result),
    );
  });
}

const startThere = task(() => startSampling().then(() => {}));
const stopThere = task(stopSampling);

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(await measure()));

function measure(): Promise<Record<string, Allocated>> {
  return openNursery(async nursery => {
    const portal = await nursery.startActor('subject', {
      expose: [new URL('actors.js', import.meta.url), startThere, stopThere],
    });
    const found: Record<string, Allocated> = {};
    for (const [road, work] of Object.entries(roads)) {
      const units = road.startsWith('a call') ? 1_500 : road.startsWith('a buffer') ? 200 : 6_000;
      // What is made once is made now.
      await work(portal, units);
      await portal.run(startThere);
      await startSampling();
      await work(portal, units);
      const caller = await stopSampling();
      const actor = await portal.run(stopThere);
      found[road] = {caller: Math.round(caller / units), actor: Math.round(actor / units)};
    }
    return found;
  });
}
