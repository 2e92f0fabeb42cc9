/**
 * An error climbs through three levels of processes, and arrives as the error that it was.
 *
 *   root
 *   └── shop
 *       └── warehouse
 *           └── shelf    throws
 *
 * It prints:
 *
 *   RangeError: there are 2 left, and not 5
 *   it is the original class: true
 *   with its properties: { item: 'lamp' }
 *   and its cause: Error: counted this morning
 *   thrown in shelf
 *   seen by shelf, warehouse, shop
 */
import {main, openNursery, RemoteActorError, task} from 'rxtractor';

/** Asks the next actor below, as long as there is one. */
export const take = task(async (count: number, below: readonly string[]): Promise<number> => {
  const [next, ...rest] = below;
  if (next !== undefined) return openNursery(nursery => nursery.with({name: next}).run(take, count, rest));
  if (count <= 2) return count;
  const error = new RangeError(`there are 2 left, and not ${count}`, {cause: new Error('counted this morning')});
  throw Object.assign(error, {item: 'lamp'});
});

await main(async nursery => {
  try {
    await nursery.with({name: 'shop'}).run(take, 5, ['warehouse', 'shelf']);
  } catch (error) {
    if (!(error instanceof RemoteActorError && error.is(RangeError))) throw error;
    const {cause, origin, path} = error;
    console.log(String(cause));
    console.log('it is the original class:', cause instanceof RangeError);
    console.log('with its properties:', {...cause});
    console.log('and its cause:', String(cause.cause));
    console.log('thrown in', origin.name);
    console.log('seen by', path.map(actor => actor.name).join(', '));
  }
});
