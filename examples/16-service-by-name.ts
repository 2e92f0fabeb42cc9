/**
 * An actor finds another by its name and talks to it directly: no third process sees their messages.
 *
 *   root
 *   ├── prices
 *   └── shop ── prices
 *
 * It prints:
 *
 *   apples cost 3 at prices
 *   pears: no such price
 *   nobody is called cellar
 *   actors: root prices shop
 */
import {findActor, listActors, main, task, waitForActor} from 'rxtractor';

const list: Record<string, number> = {apples: 3};

export const price = task((fruit: string) => {
  if (!(fruit in list)) throw new RangeError(`${fruit}: no such price`);
  return list[fruit] as number;
});

export const shop = task(async (fruits: string[]) => {
  await using prices = await waitForActor('prices');
  const lines: string[] = [];
  for (const fruit of fruits) {
    const line = prices.run(price, fruit).then(
      each => `${fruit} cost ${each} at ${prices.actor.name}`,
      (error: Error) => (error.cause as Error).message,
    );
    lines.push(await line);
  }
  return lines;
});

await main(
  async nursery => {
    await nursery.startActor('prices', {expose: [price]});
    const visitor = await nursery.startActor('shop', {expose: [shop]});
    for (const line of await visitor.run(shop, ['apples', 'pears'])) console.log(line);
    if (!(await findActor('cellar'))) console.log('nobody is called cellar');
    console.log('actors:', (await listActors()).map(({name}) => name).join(' '));
  },
  {name: 'root'},
);
