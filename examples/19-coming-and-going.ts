/**
 * A service dies while a client uses it: the client waits for the next service of that name, and the root watches.
 *
 *   root
 *   ├── client ── store
 *   └── store    dies once, and is started again
 *
 * It prints:
 *
 *   present root
 *   registered client
 *   registered store
 *   ended store
 *   registered store
 *   client: a is stored, the store was lost, b is stored
 */
import {retry} from 'rxjs';
import {main, TransportClosed, task, waitForActor, watchActors} from 'rxtractor';

export const put = task((item: string, fails: boolean) => {
  if (fails) process.exit(1);
  return `${item} is stored`;
});

export const use = task(async () => {
  const lines: string[] = [];
  for (const [item, fails] of [
    ['a', false],
    ['b', true],
    ['b', false],
  ] as const) {
    await using store = await waitForActor('store');
    try {
      lines.push(await store.run(put, item, fails));
    } catch (error) {
      if (!(error instanceof TransportClosed)) throw error;
      lines.push('the store was lost');
    }
  }
  return lines.join(', ');
});

await main(
  async nursery => {
    const watching = watchActors().subscribe(({type, actor}) => console.log(type, actor.name));
    const client = await nursery.startActor('client', {expose: [use]});
    const used = client.run(use);
    nursery
      .actor('store', {expose: [put]})
      .pipe(retry(1))
      .subscribe();
    console.log(`client: ${await used}`);
    watching.unsubscribe();
  },
  {name: 'root'},
);
