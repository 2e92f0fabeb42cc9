// The first entry of a bundle: it calls what the second entry offers.
import {main} from 'rxtractor';
import {triple} from './named.mjs';

await main(
  async nursery => {
    const portal = await nursery.startActor('worker', {expose: [new URL('./offers.mjs', import.meta.url)]});
    console.log(await portal.run(triple, 14));
  },
  {timeouts: {spawn: 60_000}},
);
