/**
 * An actor stops in the middle of its work: the person at the terminal of the root looks at its variables and changes them.
 *
 *   root
 *   └── till
 *
 * On a terminal: `till>` at the sum, once for each price. Try `price`, `locals`, `w`, `sum = 100`, `n`; `c` goes on.
 *
 * It prints, also where there is no terminal:
 *
 *   total 7
 */
import {breakpoint, main, task} from 'rxtractor';

export const total = task(async (prices: number[]) => {
  let sum = 0;
  for (const price of prices) {
    await breakpoint();
    sum += price;
  }
  return sum;
});

await main(
  async nursery => {
    const till = await nursery.startActor('till', {expose: [total]});
    console.log('total', await till.run(total, [3, 4]));
  },
  {debug: true},
);
