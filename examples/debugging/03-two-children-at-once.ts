/**
 * Two actors stop at the same time: the first one gets the terminal, and the other one waits for it.
 *
 *   root
 *   ├── left
 *   └── right
 *
 * On a terminal: `left>` and `right>`, in the order in which they asked. Try `side`, `behind`; `c` goes on to the next.
 *
 * It prints, also where there is no terminal:
 *
 *   left: 2 stops, right: 2 stops
 */
import {breakpoint, currentActor, main, task} from 'rxtractor';

export const walk = task(async (stops: number) => {
  const side = currentActor().name;
  let behind = 0;
  while (behind < stops) {
    await breakpoint();
    behind += 1;
  }
  return `${side}: ${behind} stops`;
});

await main(
  async nursery => {
    const walkers = await Promise.all(['left', 'right'].map(name => nursery.startActor(name, {expose: [walk]})));
    const said = await Promise.all(walkers.map(walker => walker.run(walk, 2)));
    console.log(said.join(', '));
  },
  {debug: true},
);
