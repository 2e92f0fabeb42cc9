/**
 * The root stops like any actor: its body stands still, and its actors live on.
 *
 *   root
 *   └── thermometer
 *
 * On a terminal: `root>` with what the thermometer has answered. Try `degrees`, `degrees = 31`, `n`, `w`; `c` goes on.
 *
 * It prints, also where there is no terminal:
 *
 *   18 degrees: cold
 */
import {breakpoint, main, task} from 'rxtractor';

export const read = task(() => 18);

await main(
  async nursery => {
    const thermometer = await nursery.startActor('thermometer', {expose: [read]});
    const degrees = await thermometer.run(read);
    await breakpoint();
    const felt = degrees > 25 ? 'hot' : 'cold';
    console.log(`${degrees} degrees: ${felt}`);
  },
  {debug: true},
);
