/**
 * A pause that ends with the scope in which it is made.
 * Floor 0: above `current`; public.
 */
import {plainClock} from './clock.js';
import {current} from './current.js';

/**
 * Waits for `ms` milliseconds, of any length. It is a checkpoint: it rejects with ContextCancelled as soon as the running scope
 * is cancelled. Outside a runtime it is a plain timer.
 *
 * @example
 * ```ts
 * export const watch = task(async (path: string) => {
 *   while (!existsSync(path)) await sleep(500); // a cancel ends the loop here
 * });
 * ```
 * @throws RangeError (as a rejection) for NaN or a negative time
 */
export function sleep(ms: number): Promise<void> {
  if (!(ms >= 0)) return Promise.reject(new RangeError(`sleep() takes milliseconds from 0 on, not ${ms}`));
  const scope = current()?.scope;
  return new Promise((resolve, reject) => {
    if (scope?.cancelled) {
      reject(scope.cancelled);
      return;
    }
    const stopTimer = (scope?.clock ?? plainClock).timer(ms, () => {
      stopListening?.();
      resolve();
    });
    const stopListening = scope?.onCancel(why => {
      stopTimer();
      reject(why);
    });
  });
}
