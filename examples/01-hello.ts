/**
 * A program starts an actor, calls a function in it, and the actor ends with the body.
 *
 *   root
 *   └── greeter
 *
 * It prints:
 *
 *   hello world, this is greeter
 */
import {currentActor, main, task} from 'rxtractor';

export const greet = task((whom: string) => `hello ${whom}, this is ${currentActor().name}`);

await main(async nursery => {
  const greeter = await nursery.startActor('greeter', {expose: [greet]});
  console.log(await greeter.run(greet, 'world'));
});
