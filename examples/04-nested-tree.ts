/**
 * Actors open nurseries of their own: each level starts the next level, and waits for it.
 *
 *   root
 *   ├── oak
 *   │   ├── oak.1
 *   │   └── oak.2
 *   └── elm
 *       ├── elm.1
 *       └── elm.2
 *
 * It prints:
 *
 *   oak
 *     oak.1
 *     oak.2
 *   elm
 *     elm.1
 *     elm.2
 */
import {currentActor, main, openNursery, task} from 'rxtractor';

/** Grows a branch below this actor, and tells what has grown. */
export const grow = task(async (levels: number): Promise<string[]> => {
  const {name} = currentActor();
  if (levels === 0) return [name];
  const lines = await openNursery(nursery =>
    Promise.all([1, 2].map(n => nursery.with({name: `${name}.${n}`}).run(grow, levels - 1))),
  );
  return [name, ...lines.flat().map(line => `  ${line}`)];
});

await main(async nursery => {
  const trees = ['oak', 'elm'].map(name => nursery.with({name}).run(grow, 1));
  for (const lines of await Promise.all(trees)) console.log(lines.join('\n'));
});
