// M4: an actor survives whatever frames arrive, in a process with little memory. Above frames.ts, the program that it runs.
import {seed} from '../kit/seed.js';
import {spawning} from '../kit/spawning.js';
import {faultsOfFrames, runFrames} from './run-frames.js';

const test = spawning({takesLong: true});

test('K35, M4, G9: frames, random, damaged and cut, end in an answer or in the end of the channel', async t => {
  t.timeout(10 * 60_000);
  const count = Number(process.env.RXTRACTOR_FRAMES ?? 1_000_000);
  t.log(`seed ${seed}`);
  const seen = await runFrames(count, seed);
  t.log(JSON.stringify(seen));
  t.deepEqual(faultsOfFrames(seen, count), []);
});
