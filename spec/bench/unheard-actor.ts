// An actor of `unheard-crowd` that starts others within its process.
import {openNursery, sleep, task} from '../../lib/index.js';

const rest = task(() => sleep(1e9));

/** Starts actors within this process, which rest. */
export const crowd = task((count: number) =>
  openNursery(async nursery => {
    const names = Array.from({length: count}, (_, at) => `inline-${at}`);
    await Promise.all(names.map(name => nursery.startActor(name, {backend: 'inline', expose: [rest]})));
    await sleep(1e9);
  }),
);
