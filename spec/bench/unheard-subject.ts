/**
 * A tree that calls and streams when it is told to, and says how much processor time that took at both ends. Started by `unheard`,
 * also from a copy of the library in which the hooks of observers are cut out.
 *
 * `unheard-subject.js WINDOW`: whether it opens its control socket. Each line of stdin is a number of units.
 */
import {createInterface} from 'node:readline';
import {main, sleep} from '../../lib/index.js';
import * as actors from './actors.js';
import {check, sumOfIds} from './measure.js';
import {used} from './processor.js';

const inFlight = 64;
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
    const costOf = async (count: number, work: () => Promise<void>): Promise<number> => {
      const before = used();
      await work();
      const after = used();
      return (after.here + after.there - before.here - before.there) / count;
    };
    const call = async (count: number): Promise<void> => {
      let sum = 0;
      let id = 0;
      const callAll = async (): Promise<void> => {
        while (id < count) {
          const answer = await portal.run(actors.echo, id++);
          sum += answer;
        }
      };
      await Promise.all(Array.from({length: inFlight}, callAll));
      check(sum, sumOfIds(count));
    };
    const stream = async (count: number): Promise<void> => {
      let sum = 0;
      await portal.stream(actors.objects, count).forEach(({id}) => {
        sum += id;
      });
      check(sum, sumOfIds(count));
    };
    await sleep(openMs);
    for await (const line of createInterface({input: process.stdin})) {
      const count = Number(line);
      const cost: Cost = {
        call: await costOf(count, () => call(count)),
        value: await costOf(count, () => stream(count)),
      };
      console.log(JSON.stringify(cost));
    }
    await nursery.cancel();
  },
  {window},
);
