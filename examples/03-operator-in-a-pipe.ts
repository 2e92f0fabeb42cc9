/**
 * Two stages of one pipe run in processes of their own, between stages that run here.
 *
 *   root
 *   ├── splitter    lines to words
 *   └── counter     words to counts
 *
 * It prints:
 *
 *   the 3
 *   cat 2
 */
import {filter, from, map, mergeMap, type Observable} from 'rxjs';
import {main, operator} from 'rxtractor';

const text = ['The cat saw', 'the dog, and', 'the dog saw', 'a cat'];

/** A stage of RxJS operators. */
export const words = operator((lines: Observable<string>) => lines.pipe(mergeMap(line => line.match(/\w+/g) ?? [])));

/** A stage that reads its input in a loop. */
export const counts = operator(async function* (input: AsyncIterable<string>, only: readonly string[]) {
  const counted = new Map(only.map(word => [word, 0]));
  for await (const word of input) {
    const count = counted.get(word);
    if (count !== undefined) counted.set(word, count + 1);
  }
  yield* counted;
});

await main(async nursery => {
  const splitter = await nursery.startActor('splitter', {expose: [words]});
  const counter = await nursery.startActor('counter', {expose: [counts]});
  const result = from(text).pipe(
    map(line => line.toLowerCase()),
    splitter.operator(words),
    counter.operator(counts, ['the', 'cat', 'cow']),
    filter(([, count]) => count > 0),
  );
  await result.forEach(([word, count]) => {
    console.log(word, count);
  });
});
