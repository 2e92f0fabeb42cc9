// Exploring: many seeds, faults, and failures that are reduced to the choices that cause them.
// Above lib/testing/explore.ts.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {findActor, openNursery, sleep, task} from '../../lib/index.js';
import {explore, SimulationFailed, simulate, type World} from '../../lib/testing/index.js';
import {test} from '../kit/limited.js';
import {shortOf} from './hashes.js';

const at = (name: string) => ({module: import.meta.url, name});

let heard: string[] = [];
const hear = task((what: string) => void heard.push(what), at('hear'));
const tell = task(async (what: string) => {
  const hub = await findActor('hub');
  await hub?.run(hear, what);
}, at('tell'));

/** A program with a race: it takes for granted that the first actor that is asked is the first to tell. */
async function race(): Promise<void> {
  heard = [];
  await openNursery(async nursery => {
    await nursery.startActor('hub', {expose: [hear]});
    const [a, b] = await Promise.all(['a', 'b'].map(name => nursery.startActor(name, {expose: [tell]})));
    await Promise.all([a?.run(tell, 'first'), b?.run(tell, 'second')]);
  });
  if (heard[0] !== 'first') throw new Error(`the first to be heard was ${heard[0]}`);
}

test.serial('a race is found, and reduced to the few choices that cause it', async t => {
  const error = await t.throwsAsync(explore(race, {seeds: 100}), {instanceOf: SimulationFailed});
  t.regex(
    error.message,
    /^the run of seed \d+ failed: the first to be heard was second\nto repeat it: simulate\(body, \{seed: /,
  );
  t.is((error.cause as Error).message, 'the first to be heard was second');
  const choices = error.schedule.split(' ');
  t.true(choices.length <= 10, error.message);
  t.regex(error.message, /\n {2}choice \d+: at 0 ms .* before /);
  t.true(error.trace.length > 10);
  // The line of the message repeats it.
  const {seed, schedule} = error;
  await t.throwsAsync(simulate(race, {seed, schedule}), {message: 'the first to be heard was second'});
  // No choice of it is superfluous.
  for (const dropped of choices) {
    const fewer = choices.filter(choice => choice !== dropped).join(' ');
    await t.notThrowsAsync(simulate(race, {seed, schedule: fewer}), `without ${dropped}`);
  }
});

test.serial('without `shrink` the choices stay as the seed has made them', async t => {
  const whole = await t.throwsAsync(explore(race, {seeds: 100, shrink: false}), {instanceOf: SimulationFailed});
  t.true(whole.schedule.split(' ').length > 10);
  await t.throwsAsync(simulate(race, {seed: whole.seed}), {message: 'the first to be heard was second'});
});

test.serial('runs that succeed are counted, and how many of them differ', async t => {
  const {runs, traces} = await explore(() => sleep(1), {seeds: 5, from: 10});
  t.deepEqual({runs, traces}, {runs: 5, traces: 1});
});

const work = task(async (ms: number) => {
  await sleep(ms);
  return ms;
}, at('work'));

/** The outcome of a program that starts two actors, as it sees it, whatever happens to them. */
async function underFaults(): Promise<string> {
  try {
    return await openNursery(async nursery => {
      const [a, b] = await Promise.all(['a', 'b'].map(name => nursery.startActor(name, {expose: [work]})));
      const sums = [a?.run(work, 100), b?.run(work, 200)];
      return `${(await Promise.all(sums)).reduce<number>((sum, ms) => sum + (ms ?? 0), 0)}`;
    });
  } catch (error) {
    return (error as {code?: string}).code ?? String(error);
  }
}

test.serial('faults: whatever happens, the outcome is the value or a typed error, and nothing hangs', async t => {
  const outcomes = new Set<string>();
  const faults = {kill: 10, stop: 10, cut: 10, block: 10, throw: 5, latency: [0, 20] as const};
  await explore(async () => void outcomes.add(await underFaults()), {seeds: 150, faults});
  t.true(outcomes.has('300'), [...outcomes].join());
  t.true(outcomes.has('ERR_DIED'), [...outcomes].join());
  t.deepEqual(
    [...outcomes].filter(outcome => !/^(?:300|ERR_[A-Z]+)$/.test(outcome)),
    [],
  );
});

test.serial('a failure under faults is reduced to its fault, and can be repeated with the same faults', async t => {
  const faults = {kill: 20};
  const body = async (): Promise<void> => {
    const outcome = await underFaults();
    if (outcome === 'ERR_DIED') throw new Error('one has died');
  };
  const error = await t.throwsAsync(explore(body, {seeds: 200, faults}), {instanceOf: SimulationFailed});
  t.regex(error.message, /faults: \{kill:20\}/);
  t.true(error.schedule.split(' ').length <= 2, error.message);
  await t.throwsAsync(simulate(body, {seed: error.seed, faults, schedule: error.schedule}), {message: 'one has died'});
});

test.serial('a fault that is planted in a program is found: a reply that is sent before the work is kept', async t => {
  const kept = new Set<number>();
  const store = task((key: number) => {
    // The fault: the answer does not wait for what it promises.
    setTimeout(() => kept.add(key), 5);
    return key;
  }, at('store'));
  const body = async (world: World): Promise<void> => {
    kept.clear();
    const acknowledged: number[] = [];
    world.network.latency([0, 10]);
    await openNursery(async nursery => {
      const portal = await nursery.startActor('store', {expose: [store], restart: {times: 50}});
      for (let key = 0; key < 5; key++)
        await portal.run(store, key).then(
          () => acknowledged.push(key),
          () => {},
        );
      await sleep(100);
    });
    const lost = acknowledged.filter(key => !kept.has(key));
    if (lost.length > 0) throw new Error('an acknowledged key is lost');
  };
  const error = await t.throwsAsync(explore(body, {seeds: 500, faults: {kill: 10}}), {instanceOf: SimulationFailed});
  t.is((error.cause as Error).message, 'an acknowledged key is lost');
  t.true(error.schedule.split(' ').length <= 10, error.message);
});

test.serial('the same seeds give the same bytes in another process', async t => {
  const program = fileURLToPath(new URL('hashes.js', import.meta.url));
  const {stdout} = await promisify(execFile)(process.execPath, [program, '20']);
  t.is(stdout.trim(), await shortOf(20));
});
