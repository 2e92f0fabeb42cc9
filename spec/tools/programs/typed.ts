// A program in TypeScript: for tsx, for tsc, and for Node itself.
import {main, task} from 'rxtractor';

export interface Price {
  readonly each: number;
}

export const total = task((count: number, {each}: Price): number => count * each);
export const label = task((value: number): string => `total ${value}`);

await main(
  async nursery => {
    const portal = await nursery.startActor('shop', {expose: [label, total]});
    console.log(await portal.run(label, await portal.run(total, 3, {each: 14})));
  },
  {timeouts: {spawn: 60_000}},
);
