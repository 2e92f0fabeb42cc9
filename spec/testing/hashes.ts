// Prints one hash over the traces of many seeds: `node dist/spec/testing/hashes.js 1000`. Every process must print the same.
// Above lib/testing/; explore.spec.ts compares two processes.
import {createHash} from 'node:crypto';
import {fileURLToPath} from 'node:url';
import {interval, take, toArray} from 'rxjs';
import {findActor, openNursery, sleep, stream, task} from '../../lib/index.js';
import {simulate, type World} from '../../lib/testing/index.js';

const at = (name: string) => ({module: 'spec:hashes', name});

const hear = task(async (what: string) => {
  await sleep(1);
  return `heard ${what} ${Math.random()}`;
}, at('hear'));
const tell = task(async (what: string) => {
  const hub = await findActor('hub');
  return hub?.run(hear, what);
}, at('tell'));
const ticks = stream((ms: number) => interval(ms), at('ticks'));

async function program(world: World): Promise<readonly string[]> {
  const seen = await openNursery(async nursery => {
    const hub = await nursery.startActor('hub', {expose: [hear, ticks]});
    const [a, b] = await Promise.all(['a', 'b'].map(name => nursery.startActor(name, {expose: [tell]})));
    const counted = new Promise(resolve => {
      hub.stream(ticks, 3).pipe(take(5), toArray()).subscribe({next: resolve, error: resolve});
    });
    return Promise.all([a?.run(tell, 'a'), b?.run(tell, 'b'), counted]);
  }).catch(error => String((error as {code?: string}).code));
  return [...world.trace, JSON.stringify(seen)];
}

export async function shortOf(seeds: number): Promise<string> {
  const hash = createHash('sha256');
  for (let seed = 1; seed <= seeds; seed++)
    hash.update((await simulate(program, {seed, faults: {kill: 2, cut: 2, latency: [0, 5]}})).join('\n'));
  return hash.digest('hex').slice(0, 16);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await shortOf(Number(process.argv[2] ?? 20)));
