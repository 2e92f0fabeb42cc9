// The bytes and the code that a message costs: so that a change that makes ten times as much is seen, on a machine whose times
// say nothing.
// Above metered.ts, which counts in a program of its own.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {spawning} from '../kit/spawning.js';
import type {Cost} from './metered.js';
import type {MeterName} from './meters.js';
import {plainEnv} from './plain-env.js';
import {type RoadName, roadNames} from './work.js';

const test = spawning({takesLong: true});
const program = fileURLToPath(new URL('metered.js', import.meta.url));
const meters = new URL('meters.js', import.meta.url).href;

type Costs = Readonly<Record<RoadName, Cost>>;

/** As it was when this was written, the larger of Node 20 and 26. Lower it when a change has earned it. */
const usual: Readonly<Record<MeterName, Costs>> = {
  // Bytes on V8's heap.
  allocated: {
    'a call, one after the other': {caller: 9_300, actor: 8_000},
    'a call, 64 in flight': {caller: 6_500, actor: 5_500},
    'a small object, gathered': {caller: 580, actor: 1_030},
    'a small object, one at a time': {caller: 1_200, actor: 1_540},
    'a buffer of 64 KiB': {caller: 4_500, actor: 4_900},
  },
  // Characters of source.
  run: {
    'a call, one after the other': {caller: 79_000, actor: 58_000},
    'a call, 64 in flight': {caller: 43_000, actor: 22_000},
    'a small object, gathered': {caller: 9_600, actor: 9_100},
    'a small object, one at a time': {caller: 18_000, actor: 14_000},
    'a buffer of 64 KiB': {caller: 43_000, actor: 47_000},
  },
};
/** How many times as much a machine, a version of Node or a moment may make of it: messages that come one by one, because the machine has other work, take twice what gathered ones take. */
const leeway = 3;

for (const [meter, what] of [
  ['allocated', 'allocate'],
  ['run', 'run'],
] as const)
  test(`a call and a value of a stream ${what} no more than three times what is usual, at both ends`, async t => {
    const found = await costsOf(meter);
    t.log(found);
    t.deepEqual(Object.keys(found), roadNames);
    for (const road of roadNames)
      for (const end of ['caller', 'actor'] as const) {
        const [now, then] = [found[road][end], usual[meter][road][end]];
        t.true(now > then / 10, `${road}: the ${end} has ${now}, usual are ${then}: is it counted?`);
        t.true(now <= then * leeway, `${road}: the ${end} has ${now}, usual are ${then}`);
      }
  });

async function costsOf(meter: MeterName): Promise<Costs> {
  const env = {...plainEnv(), BENCH_METER: meter};
  const {stdout} = await promisify(execFile)(process.execPath, ['--import', meters, program, meter], {env});
  return JSON.parse(stdout) as Costs;
}
