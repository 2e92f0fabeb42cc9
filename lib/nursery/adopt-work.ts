/**
 * Makes a scope wait for work that ends by itself.
 * Floor 6: below `running-nursery`, and used by the boot of a root.
 */
import {plainClock} from '../base/clock.js';
import type {ContextCancelled} from '../base/errors.js';
import type {Scope} from '../base/scope.js';

/**
 * The scope waits for `work`, but does not hear of its failure: the promise that the user has tells it.
 *
 * @param cancel called when the scope is cancelled. Without it, `work` itself sees to its end
 */
export function adoptWork(
  label: string,
  work: Promise<unknown>,
  scope: Scope,
  cancel?: (why: ContextCancelled) => unknown,
): void {
  const done = work.then(
    () => {},
    // A failure that nobody has asked for is told to its owner at the end of the macrotask: the scope waits for that too.
    () => plainClock.turn(2),
  );
  const end = (why: ContextCancelled): Promise<void> => {
    cancel?.(why);
    return done;
  };
  const release = scope.adopt({label, finish: () => done, end});
  void done.then(release);
}
