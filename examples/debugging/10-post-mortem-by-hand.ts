/**
 * An error that is caught does not open a prompt: `postMortem(error)` opens one where the program wants it.
 *
 *   root
 *   └── shop
 *
 * On a terminal: `shop>` with the error, in the frame that threw it. Try `item`, `w`, `u`; `c` goes on after the catch.
 *
 * It prints, also where there is no terminal:
 *
 *   pear 3, kiwi 0
 */
import {main, postMortem, task} from 'rxtractor';

const prices = new Map([['pear', 3]]);

function priceOf(item: string): number {
  const price = prices.get(item);
  if (price === undefined) throw new RangeError(`${item} has no price`);
  return price;
}

export const ask = task(async (item: string) => {
  try {
    return priceOf(item);
  } catch (error) {
    await postMortem(error);
    return 0;
  }
});

await main(
  async nursery => {
    const shop = await nursery.startActor('shop', {expose: [ask]});
    console.log(`pear ${await shop.run(ask, 'pear')}, kiwi ${await shop.run(ask, 'kiwi')}`);
  },
  {debug: true},
);
