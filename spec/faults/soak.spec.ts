// M7: a long time of work leaves nothing behind: memory, descriptors, handles and contexts stay what they are.
// Above soak.ts, the program that it runs.
import {canInspect} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';
import {faultsOfSoak, heapPerMinute, runSoak} from './run-soak.js';

const test = spawning({takesLong: true});
const seconds = Number(process.env.RXTRACTOR_SOAK ?? 60);

(canInspect ? test : test.skip)(
  `K62, M7: ${seconds} s of contexts, streams and deaths leave nothing behind`,
  async t => {
    t.timeout((seconds + 120) * 1_000);
    const soak = await runSoak(seconds);
    const {samples, opened, values, deaths} = soak.outcome;
    t.log(`${opened} contexts, ${values} values, ${deaths} deaths; first and last second:`, samples[0], samples.at(-1));
    t.log(`the heap grows by ${Math.round(heapPerMinute(soak.outcome) / 1024)} KiB in a minute`);
    t.deepEqual(faultsOfSoak(soak, seconds), []);
  },
);
