/**
 * An error climbs through three levels of actors: a prompt opens in each actor that it passes, and then in the root.
 *
 *   root
 *   └── level-2
 *       └── level-1
 *           └── level-0
 *
 * On a terminal: `level-0>` where it was thrown, then `level-1>`, `level-2>`, `root>`. Try `w`; `c` lets the error climb.
 *
 * It prints, also where there is no terminal:
 *
 *   three levels down
 *
 * Its exit code is 1.
 */
import {main, openNursery, task} from 'rxtractor';

export const descend = task(async (level: number): Promise<void> => {
  if (level === 0) throw new RangeError('there is nothing below level 0');
  await openNursery(async nursery => {
    const below = await nursery.startActor(`level-${level - 1}`, {expose: [descend]});
    await below.run(descend, level - 1);
  });
});

await main(
  async nursery => {
    console.log('three levels down');
    const top = await nursery.startActor('level-2', {expose: [descend]});
    await top.run(descend, 2);
  },
  {debug: true},
);
