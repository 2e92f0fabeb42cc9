/**
 * `node dist/spec/bench/debug-mode.js`: what debug mode costs that nobody uses. Beside `main`: two programs in turns, one of
 * them with capture on; the ratios count.
 */
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {main, openNursery} from '../../lib/index.js';
import {echo} from './actors.js';
import {latency, median, sumOfIds, throughput, transfers} from './measure.js';

const rounds = 5;
const awaits = 10_000;
const throws = 200;
const inFlight = 64;

const [, , mode] = process.argv;
if (mode === undefined) await compare();
else await main(async () => console.log(JSON.stringify(await figures())), {debug: mode === 'on'});

async function compare(): Promise<void> {
  const all: Record<'on' | 'off', Record<string, number>[]> = {on: [], off: []};
  for (let round = 0; round < rounds; round++) {
    for (const mode of ['off', 'on'] as const) {
      const {stdout} = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), mode]);
      all[mode].push(JSON.parse(stdout));
    }
  }
  for (const metric of Object.keys(all.off[0] ?? {})) {
    const [off = Number.NaN, on = Number.NaN] = (['off', 'on'] as const).map(mode =>
      median(all[mode].map(one => one[metric] ?? Number.NaN)),
    );
    console.log(`${metric}: off ${off.toFixed(1)}, on ${on.toFixed(1)}; on / off ${(on / off).toFixed(2)}`);
  }
}

async function figures(): Promise<Record<string, number>> {
  return openNursery(async nursery => {
    const portal = await nursery.startActor('echo', {expose: [echo]});
    const call = (value: number): Promise<number> => portal.run(echo, value);
    const awaited = async (count: number): Promise<number> => {
      let sum = 0;
      for (let n = 0; n < count; n++) sum += await n;
      return sum;
    };
    const thrown = async (count: number): Promise<number> => {
      let sum = 0;
      for (let n = 0; n < count; n++) {
        try {
          throw new Error('handled');
        } catch {
          sum += n;
        }
      }
      return sum;
    };
    return {
      'awaits / s': (await transfers(awaited, sumOfIds, awaits)).rate ?? Number.NaN,
      'calls / s': (await throughput(call, inFlight)).rate ?? Number.NaN,
      'µs a call': (await latency(call)).p50 ?? Number.NaN,
      'throws / s': (await transfers(thrown, sumOfIds, throws)).rate ?? Number.NaN,
    };
  });
}
