/**
 * Equal workers share the work of a pipe; one that dies is replaced.
 *
 *   root
 *   ├── worker-0
 *   ├── worker-1
 *   └── worker-2
 *
 * It prints:
 *
 *   primes below 10000: 1229
 *   primes below 20000: 2262
 *   primes below 30000: 3245
 *   primes below 40000: 4203
 *   a worker has died: ERR_DIED
 *   primes below 50000: 5133
 */
import {map, range} from 'rxjs';
import {ActorDied, main, task} from 'rxtractor';

export const primesBelow = task((limit: number) => {
  if (limit < 0) process.exit(1);
  const isComposite = new Uint8Array(limit);
  let count = 0;
  for (let n = 2; n < limit; n++) {
    if (isComposite[n]) continue;
    count += 1;
    for (let multiple = n * n; multiple < limit; multiple += n) isComposite[multiple] = 1;
  }
  return {limit, count};
});

await main(async nursery => {
  const pool = await nursery.openPool(3, {expose: [primesBelow]});
  const show = ({limit, count}: {limit: number; count: number}) => console.log(`primes below ${limit}: ${count}`);

  const limits = range(1, 4).pipe(map(n => n * 10_000));
  await limits.pipe(pool.map(primesBelow, {ordered: true})).forEach(show);
  await pool.run(primesBelow, -1).catch(error => {
    if (error instanceof ActorDied) console.log('a worker has died:', error.code);
  });
  show(await pool.run(primesBelow, 50_000));
});
