/** An order goes through three processes: the root asks `shop`, and `shop` streams from `store`, which it has started. */
import {trace} from '@opentelemetry/api';
import {type Nursery, openNursery, stream, task} from 'rxtractor';

export const shelf = stream(async function* (count: number) {
  for (let at = 1; at <= count; at++) yield `apple ${at}`;
});

export const order = task((count: number) =>
  openNursery(async nursery => {
    const store = await nursery.startActor('store', {expose: [shelf]});
    const apples: string[] = [];
    for await (const apple of store.stream(shelf, count)) apples.push(apple);
    return apples;
  }),
);

/** One order, inside a span: outside of one, calls make no spans. */
export async function shopping(nursery: Nursery): Promise<void> {
  const shop = await nursery.startActor('shop', {expose: [order]});
  await trace.getTracer('customer').startActiveSpan('shopping', async span => {
    const apples = await shop.run(order, 3);
    console.log(`got ${apples.join(', ')}`);
    span.end();
  });
}
