/**
 * How the programs of the bench read what comes: they add it up, so that nothing can be lost, or come twice, unseen.
 * Above the public door; beneath the probes.
 */
import type {Observable} from 'rxjs';
import type {Context} from '../../lib/index.js';
import type {Call} from './measure.js';
import type {Item} from './values.js';

export const idOf = ({id}: Item): number => id;

/** @returns the sum of what `read` finds in each value */
export function summed<T>(values: Observable<T>, read: (value: never) => number): Promise<number> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    values.subscribe({
      next: value => {
        sum += read(value as never);
      },
      error: reject,
      complete: () => resolve(sum),
    });
  });
}

/** A context of `actors.pings`. */
export type Pinging = Context<number, number, null, void>;

/** A message there and back on such a context, one after the other. */
export function pinging(context: Pinging): Call {
  const wire = context.openStream();
  let answered: (value: number) => void = () => {};
  wire.subscribe({next: value => answered(value), error: () => {}});
  return value =>
    new Promise(resolve => {
      answered = resolve;
      wire.next(value);
    });
}
