// M4: an actor survives whatever frames arrive, in a process with little memory. Above frames.ts, the program that it runs.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

test('K35, M4, G9: frames, random, damaged and cut, end in an answer or in the end of the channel', async t => {
  t.timeout(10 * 60_000);
  const seed = process.env.RXTRACTOR_SEED ?? String(Date.now() % 1e9);
  const count = Number(process.env.RXTRACTOR_FRAMES ?? 100_000);
  t.log(`seed ${seed}`);
  const program = fileURLToPath(new URL('frames.js', import.meta.url));
  const {stdout} = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=128',
    program,
    String(count),
    seed,
  ]);
  t.log(stdout.trim());
  const seen = JSON.parse(stdout) as Record<'frames' | 'channels' | 'byProtocol' | 'cuts' | 'channelsLeft', number>;
  t.is(seen.frames, count + seen.cuts);
  t.is(seen.channelsLeft, 0);
  // A run in which no channel broke, or each broke at once, would have shown nothing.
  t.true(seen.byProtocol > count / 1_000 && seen.channels < count / 2, JSON.stringify(seen));
});
