/**
 * The body of a nursery while it runs: it gives a promise, a value, or an Observable whose last value counts.
 * Floor 6: below `running-nursery`.
 */
import type {Observable} from 'rxjs';
import type {Scope} from '../base/scope.js';
import {warnWhenStuck} from '../base/stuck-warning.js';
import {suppress} from '../base/suppressed.js';
import {isObservable, observableOf} from '../context/rx/source.js';

/** Runs a body to its end. */
export function settleBody<T>(body: () => Observable<T> | PromiseLike<T> | T, scope: Scope): Promise<T> {
  const stopExplaining = explainIgnoredCancel(scope);
  const work = (async () => {
    const result = await body();
    return isObservable(result) ? lastValue(observableOf<T>(result), scope) : (result as T);
  })();
  return work.finally(stopExplaining);
}

/** The last value of an Observable. It is unsubscribed when the scope is cancelled. */
function lastValue<T>(source: Observable<T>, scope: Scope): Promise<T> {
  return new Promise((resolve, reject) => {
    let last: T | undefined;
    const subscription = source.subscribe({
      next: value => {
        last = value;
      },
      error: reject,
      complete: () => resolve(last as T),
    });
    const stop = scope.onCancel(why => {
      reject(why);
      letGo(subscription, why);
    });
    subscription.add(stop);
  });
}

/** Unsubscribes for a reason. An error of the teardown does not replace the reason (rule E6). */
function letGo(subscription: {unsubscribe(): void}, why: unknown): void {
  try {
    subscription.unsubscribe();
  } catch (error) {
    suppress(why, error);
  }
}

/** Warns when the body goes on for a while after its scope has been cancelled. Returns how to stop it. */
function explainIgnoredCancel(scope: Scope): () => void {
  let stopTimer = (): void => {};
  const stop = scope.onCancel(() => {
    stopTimer = warnWhenStuck(
      scope.patience,
      () => `${scope.label} was cancelled and has not ended: its body ignores the cancellation`,
    );
  });
  return () => {
    stop();
    stopTimer();
  };
}
