/**
 * A pause that ends with the scope in which it is made.
 * Floor 0: above `current`; public.
 */
import {plainClock} from './clock.js';
import {current} from './current.js';

/**
 * Waits for `ms` milliseconds, of any length: with Infinity for ever. It is a checkpoint: it rejects with ContextCancelled as
 * soon as the running scope is cancelled. Outside a runtime it is a plain timer.
 *
 * When the scope ends normally while the pause still lasts, as after a `Promise.race` that something else has won, nobody waits
 * for the pause: it never settles, and does not keep the process alive. In a scope that has ended, it rejects with reason `scope`.
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
  const pause = new Promise<void>((resolve, reject) => {
    if (scope?.over) {
      reject(scope.over);
      return;
    }
    const stopTimer = (scope?.clock ?? plainClock).timer(ms, () => {
      stopListening?.();
      resolve();
    });
    const stopListening = scope?.onOver(why => {
      stopTimer();
      if (why) reject(why);
    });
  });
  // A pause that nobody awaits is no failure of anybody (rule T9: promises of this library never raise `unhandledRejection`).
  pause.catch(nothing);
  return pause;
}

function nothing(): void {}
