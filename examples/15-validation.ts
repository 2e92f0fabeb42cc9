/**
 * Schemas check values: an order that does not fit never leaves the shop, and a price arrives parsed.
 *
 *   root
 *   └── till
 *
 * It prints:
 *
 *   total 7
 *   MessageTypeError args[0].count: Invalid input: expected number, received string
 */
import {MessageTypeError, main, task} from 'rxtractor';
import {z} from 'zod';

const order = z.object({count: z.number(), price: z.string().transform(Number)});

export const total = task(({count, price}) => count * price, {args: z.tuple([order]), result: z.number()});

await main(async nursery => {
  const till = await nursery.startActor('till', {expose: [total]});
  // The order crosses as it was written; the till parses it.
  const written: unknown = {count: 2, price: '3.5'};
  console.log('total', await till.run(total, written as z.output<typeof order>));
  try {
    await till.run(total, JSON.parse('{"count": "two", "price": "3.5"}'));
  } catch (error) {
    if (error instanceof MessageTypeError)
      console.log(error.constructor.name, error.message.split(': ').slice(1).join(': '));
  }
});
