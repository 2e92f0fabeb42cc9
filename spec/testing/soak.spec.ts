// Many simulations in one process: they leave nothing behind, ten thousand of them find nothing, and are quick.
// Above lib/testing/. What takes minutes runs in CI alone.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {interval, lastValueFrom, take} from 'rxjs';
import {openNursery, sleep, stream, task} from '../../lib/index.js';
import {explore, simulate} from '../../lib/testing/index.js';
import {test} from '../kit/limited.js';

const at = (name: string) => ({module: import.meta.url, name});
const doze = task(async (ms: number) => {
  await sleep(ms);
  return ms;
}, at('doze'));
const ticks = stream((ms: number) => interval(ms), at('ticks'));

const faults = {kill: 4, stop: 4, cut: 4, block: 4, throw: 4, latency: [0, 3] as const};

/** A tree at work. Resolves with its outcome, a value or the code of an error. */
async function atWork(): Promise<string> {
  try {
    return await openNursery(async nursery => {
      const portal = await nursery.startActor('worker', {expose: [doze, ticks]});
      const sum = (await portal.run(doze, 5)) + (await lastValueFrom(portal.stream(ticks, 2).pipe(take(3))));
      return String(sum);
    });
  } catch (error) {
    return (error as {code?: string}).code ?? String(error);
  }
}

test.serial('a hundred simulations, failed ones among them, leave the memory as it was', async t => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const usedAfter = async (runs: number): Promise<number> => {
    for (let seed = 1; seed <= runs; seed++) {
      await simulate(atWork, {seed, faults});
      await t.throwsAsync(
        simulate(() => openNursery(() => new Promise(() => {})), {seed}),
        {code: 'ERR_SIMULATION'},
      );
    }
    await new Promise(resolve => setImmediate(resolve));
    collect();
    return process.memoryUsage().heapUsed;
  };
  await usedAfter(50);
  const before = await usedAfter(1);
  const after = await usedAfter(50);
  t.true(after - before < 2 ** 21, `${after - before} bytes more after 100 simulations`);
});

const inCi = process.env.RXTRACTOR_CI !== undefined;
const slowly = inCi ? test.serial : test.serial.skip;
const reason = inCi ? '' : ' (takes long: set RXTRACTOR_CI=1 to run)';

slowly(`10 000 seeds with faults: the outcome is always a value or a typed error${reason}`, async t => {
  t.timeout(15 * 60_000);
  const outcomes = new Map<string, number>();
  const began = performance.now();
  await explore(
    async () => {
      const outcome = await atWork();
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    },
    {seeds: 10_000, faults},
  );
  t.log(
    `${Math.round((performance.now() - began) / 1_000)} s:`,
    [...outcomes].map(([what, count]) => `${count} ${what}`).join(', '),
  );
  t.deepEqual(
    [...outcomes.keys()].filter(outcome => !/^(?:7|ERR_[A-Z]+)$/.test(outcome)),
    [],
  );
});

slowly(`1 000 seeds give one hash in two processes at the same time${reason}`, async t => {
  t.timeout(15 * 60_000);
  const program = fileURLToPath(new URL('hashes.js', import.meta.url));
  const run = (): Promise<{stdout: string}> => promisify(execFile)(process.execPath, [program, '1000']);
  const [first, second] = await Promise.all([run(), run()]);
  t.is(first.stdout, second.stdout);
  t.regex(first.stdout, /^[0-9a-f]{16}\n$/);
});
