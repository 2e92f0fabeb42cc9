/**
 * A tree that calls and streams when it is told to, and says how much processor time that took at both ends. Started by `unheard`,
 * also from a copy of the library in which the hooks of observers are cut out.
 *
 * `unheard-subject.js WINDOW`: whether it opens its control socket. Each line of stdin is a number of units.
 */
import {createInterface} from 'node:readline';
import {main, sleep} from '../../lib/index.js';
import {used} from './processor.js';
import {roads, type Work} from './work.js';

/** A root opens its control socket a quarter of a second after its first child serves. */
const openMs = 1_000;

/** Processor time of one unit at both ends, in µs. */
interface Cost {
  readonly call: number;
  readonly value: number;
}

const window = process.argv[2] === 'open';

await main(
  async nursery => {
    const portal = await nursery.startActor('subject', {expose: [new URL('actors.js', import.meta.url)]});
    const costOf = async (count: number, work: Work): Promise<number> => {
      const before = used();
      await work(portal, count);
      const after = used();
      return (after.here + after.there - before.here - before.there) / count;
    };
    await sleep(openMs);
    for await (const line of createInterface({input: process.stdin})) {
      const count = Number(line);
      const cost: Cost = {
        call: await costOf(count, roads['a call, 64 in flight']),
        value: await costOf(count, roads['a small object, gathered']),
      };
      console.log(JSON.stringify(cost));
    }
    await nursery.cancel();
  },
  {window},
);
