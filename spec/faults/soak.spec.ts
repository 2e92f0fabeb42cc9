// M7: a long time of work leaves nothing behind: memory, descriptors, handles and contexts stay what they are.
// Above soak.ts, the program that it runs.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {canInspect} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';
import type {Sample} from './soak.js';

const test = spawning({takesLong: true});
/** The root remembers how its last 1 024 actors died, and one dies in each second: 2.7 KiB each, as measured. The rest is noise. */
const deathBytes = 12 * 1024;
const seconds = Number(process.env.RXTRACTOR_SOAK ?? 60);

/** The slope of a line through points that may have outliers: the median of the slopes of all pairs (Theil–Sen). */
function slopeOf(values: readonly number[]): number {
  const slopes = values.flatMap((value, i) => values.slice(i + 1).map((later, j) => (later - value) / (j + 1)));
  return slopes.sort((a, b) => a - b)[slopes.length >> 1] ?? 0;
}

(canInspect ? test : test.skip)(
  `K62, M7: ${seconds} s of contexts, streams and deaths leave nothing behind`,
  async t => {
    t.timeout((seconds + 120) * 1_000);
    const program = fileURLToPath(new URL('soak.js', import.meta.url));
    const {stdout} = await promisify(execFile)(process.execPath, ['--expose-gc', program, String(seconds)]);
    const {samples, opened, values} = JSON.parse(stdout) as {samples: Sample[]; opened: number; values: number};
    t.log(`${opened} contexts, ${values} values; first and last second:`, samples[0], samples.at(-1));
    // Code is compiled, and caches fill, in the first third.
    const steady = samples.slice(Math.floor(samples.length / 3));
    const perMinute = slopeOf(steady.map(({heap}) => heap)) * 60;
    t.log(`the heap grows by ${Math.round(perMinute / 1024)} KiB in a minute`);
    t.true(perMinute < 60 * deathBytes, `the heap grows by ${perMinute} bytes in a minute`);
    for (const what of ['descriptors', 'handles', 'contexts'] as const)
      t.is(slopeOf(steady.map(one => one[what])), 0, `${what}: ${steady.map(one => one[what])}`);
    t.true(opened >= seconds * 200 && values > seconds * 100);
  },
);
