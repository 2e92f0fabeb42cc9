/**
 * A tree of a hundred actors that do nothing, in five processes. Started by `unheard`, which looks at it.
 * For each line of stdin it says the processor time that the whole tree has used, in µs.
 */
import {createInterface} from 'node:readline';
import {main} from '../../lib/index.js';
import {used} from './processor.js';
import {crowd} from './unheard-actor.js';

/** With the root: 1 + 4 × (1 + 24) actors. */
const [processes, inEach] = [4, 24];

await main(async nursery => {
  const names = Array.from({length: processes}, (_, at) => `process-${at}`);
  const portals = await Promise.all(names.map(name => nursery.startActor(name, {expose: [crowd]})));
  for (const portal of portals) portal.run(crowd, inEach).catch(() => {});
  for await (const _ of createInterface({input: process.stdin})) {
    const {here, there} = used();
    console.log(JSON.stringify(here + there));
  }
  await nursery.cancel();
});
