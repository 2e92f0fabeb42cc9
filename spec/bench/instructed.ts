/**
 * Does a fixed amount of work on all roads, and tells valgrind where each begins and ends: `instructed.js WARM_UPS UNITS`, two objects in JSON.
 * Started by `callgrind`. Its marks are calls of `os.uptime()`: callgrind writes down what it has counted, and counts from
 * zero, when Node enters the function `uv_uptime`, which nothing else here calls.
 */
import {uptime} from 'node:os';
import {fileURLToPath} from 'node:url';
import {openNursery, task} from '../../lib/index.js';
import {echo} from './actors.js';
import {type PerRoad, roadNames, roads} from './work.js';

/** Valgrind makes a start a hundred times as long. */
const patient = {spawn: 300_000, handshake: 300_000, exit: 300_000, cancelAck: 300_000, flush: 300_000};

function mark(): void {
  uptime();
}
const markThere = task(mark);

if (process.argv[1] === fileURLToPath(import.meta.url)) await measure();

async function measure(): Promise<void> {
  const [warmUps, units] = process.argv.slice(2).map(text => JSON.parse(text) as PerRoad) as [PerRoad, PerRoad];
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('subject', {expose: [new URL('actors.js', import.meta.url), markThere]});
      const markBoth = async (): Promise<void> => {
        await portal.run(markThere);
        mark();
      };
      await portal.run(echo, 1);
      await markBoth();
      for (const name of roadNames) {
        await roads[name](portal, warmUps[name]);
        await markBoth();
        await roads[name](portal, units[name]);
        await markBoth();
      }
    },
    {timeouts: patient},
  );
}
