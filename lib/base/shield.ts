/**
 * Clean-up that a cancellation does not end at once.
 * Floor 0: above `current`; public.
 */
import type {Stop} from './clock.js';
import {current, runInScope} from './current.js';
import {ContextCancelled} from './errors.js';
import {Scope} from './scope.js';

/**
 * Runs `fn` so that its waits are not cancelled together with the running scope: for clean-up that must talk to others. The
 * shield holds for `timeouts.exit` (1 600 ms) after the cancellation at most, because the scope is given no more time to end.
 * After that its waits reject with ContextCancelled (reason `deadline`). Resolves with the value of `fn`, and rejects with its
 * error. Outside a runtime it just calls `fn`.
 *
 * @example
 * ```ts
 * try {
 *   await work(table);
 * } finally {
 *   await shield(async () => {
 *     await portal.run(unlock, table);
 *   });
 * }
 * ```
 */
export async function shield<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  const now = current();
  if (!now) return fn();
  const scope = new Scope('a shield', now.scope, true);
  // The time begins to run when there is a cancellation to be shielded from.
  let stopTimer: Stop = () => {};
  const stopListening = now.scope.onCancel(why => {
    const expire = (): void =>
      scope.cancel(
        new ContextCancelled('the time for shielded clean-up is over', {
          canceller: why.canceller,
          reason: 'deadline',
          cause: why,
        }),
      );
    stopTimer = now.scope.clock.limit(now.scope.grace, expire);
  });
  // The debugger steps out through here, to the caller that awaits the shield. It would lose its way in a `return await` with a
  // `finally`, and in an await of nothing.
  let result: T;
  try {
    result = await runInScope(scope, async () => fn());
  } finally {
    stopTimer();
    stopListening();
    if (scope.isAwaited) await scope.leave(false);
    scope.settle();
  }
  return result;
}
