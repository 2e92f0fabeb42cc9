/**
 * A test in virtual time: a worker is killed while it works, its work is retried, and two minutes take no time.
 *
 *   root
 *   └── worker    simulated: a part of this process
 *
 * It prints:
 *
 *   20000 ms: 1 of 3
 *   40000 ms: 2 of 3
 *   50000 ms: killed
 *   70000 ms: 1 of 3
 *   90000 ms: 2 of 3
 *   110000 ms: 3 of 3
 *   the marbles are as they should be
 */
import {interval, map, retry, take, tap} from 'rxjs';
import {openNursery, stream} from 'rxtractor';
import {simulate} from 'rxtractor/testing';

export const steps = stream((ms: number) =>
  interval(ms).pipe(
    take(3),
    map(step => `${step + 1} of 3`),
  ),
);

await simulate(async world => {
  const say = (text: string): void => console.log(`${world.now()} ms: ${text}`);
  world.at(50_000, () => {
    world.kill('worker');
    say('killed');
  });
  await openNursery(async nursery => {
    const worked$ = nursery
      .actor('worker', {expose: [steps]}, portal => portal.stream(steps, 20_000).pipe(tap(say)))
      .pipe(retry(1));
    const values = {a: '1 of 3', b: '2 of 3', c: '3 of 3'};
    await world.expectStream(worked$).toBe('20s a 19999ms b 29999ms a 19999ms b 19999ms (c|)', values);
  });
});
console.log('the marbles are as they should be');
