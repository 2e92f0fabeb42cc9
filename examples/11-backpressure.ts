/**
 * A fast source meets a slow reader: an iterable waits until it is asked, an Observable cannot wait and is bounded.
 *
 *   root          reads
 *   └── source    makes numbers as fast as it may
 *
 * It prints:
 *
 *   pulled: 0 to 49 in order, never more than 8 made ahead: true
 *   pushed: StreamOverrun
 *   the latest only: 0, 1, 99999
 */
import {lastValueFrom, range, toArray} from 'rxjs';
import {main, RemoteActorError, stream, task} from 'rxtractor';

let made = 0;
export const pulled = stream(function* () {
  for (;;) yield made++;
});
export const pushed = stream(() => range(0, 100_000));
export const countMade = task(() => made);

await main(async nursery => {
  const source = await nursery.startActor('source', {expose: [pulled, pushed, countMade]});

  let most = 0;
  const taken: number[] = [];
  for await (const n of source.with({window: 8}).stream(pulled)) {
    taken.push(n);
    if (taken.length === 50) break;
    most = Math.max(most, (await source.run(countMade)) - taken.length);
  }
  console.log(`pulled: ${taken[0]} to ${taken.at(-1)} in order, never more than 8 made ahead:`, most <= 8);

  // Nobody can slow this one down. Up to `bufferBytes` wait; beyond that the call fails ...
  const bounded = source.with({window: 2, bufferBytes: 10_000});
  await lastValueFrom(bounded.stream(pushed)).catch(error => {
    if (error instanceof RemoteActorError) console.log('pushed:', error.type);
  });

  // ... or, when it is told to, drops what is old.
  const latest = source.with({window: 2, overflow: 'latest'}).stream(pushed);
  console.log('the latest only:', (await lastValueFrom(latest.pipe(toArray()))).join(', '));
});
