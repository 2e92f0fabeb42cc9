/**
 * Makes a scope wait for work that ends by itself.
 * Floor 6: below `running-nursery`, and used by the boot of a root.
 */
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
  const done = work.then(nothing, nothing);
  const end = (why: ContextCancelled): Promise<void> => {
    cancel?.(why);
    return done;
  };
  const release = scope.adopt({label, finish: () => done, end});
  void done.then(release);
}

function nothing(): void {}
