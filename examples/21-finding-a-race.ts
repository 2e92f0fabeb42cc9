/**
 * A machine looks for an order of events that breaks a program: two clients read a counter, and both write back one more.
 *
 *   root
 *   └── counter    simulated: a part of this process
 *
 * It prints:
 *
 *   found: the counter is 1 after two clients
 *   the failure needs at most 5 choices
 *   without the race: 50 runs, all well
 */
import {openNursery, sleep, task} from 'rxtractor';
import {explore, SimulationFailed, simulate, type World} from 'rxtractor/testing';

let count = 0;
export const read = task(() => count);
export const write = task((value: number) => {
  count = value;
});
export const increment = task(() => {
  count++;
});

/** Two clients that add one each, over connections whose frames take up to 5 ms. */
const program = (isSafe: boolean) => async (world: World) => {
  count = 0;
  world.network.latency([0, 5]);
  await openNursery(async nursery => {
    const portal = await nursery.startActor('counter', {expose: [read, write, increment]});
    const client = async (pause: number): Promise<void> => {
      await sleep(pause);
      if (isSafe) await portal.run(increment);
      else await portal.run(write, (await portal.run(read)) + 1);
    };
    await Promise.all([client(0), client(10)]);
  });
  if (count !== 2) throw new Error(`the counter is ${count} after two clients`);
};

try {
  await explore(program(false), {seeds: 500});
} catch (error) {
  if (!(error instanceof SimulationFailed)) throw error;
  const {seed, schedule, cause} = error;
  console.log(`found: ${(cause as Error).message}`);
  if (schedule.split(' ').length <= 5) console.log('the failure needs at most 5 choices');
  // The same failure again, for a debugger.
  await simulate(program(false), {seed, schedule}).catch(() => {});
}
const {runs} = await explore(program(true), {seeds: 50});
console.log(`without the race: ${runs} runs, all well`);
