/**
 * Who starts the actors of the code that runs now, when it is not the system: a simulation, or a nursery for tests.
 * Floor 9, room of the testing kit: below `run-simulation` and `test-nursery`, which are asked in the order in which they were loaded.
 */
import {type Starters, useStarters} from '../nursery/start-queue.js';

type Say = () => Starters | undefined;

const sayers: Say[] = [];

export function startersAreSaidBy(say: Say): void {
  sayers.push(say);
}

useStarters(() => {
  for (const say of sayers) {
    const starters = say();
    if (starters) return starters;
  }
  return undefined;
});
