/**
 * A resource as a cold Observable: opened at subscription, closed at the end of it, and never two at once.
 * Floor 4: the face of RxJS on what the nursery starts.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Observable} from 'rxjs';
import type {Scope} from '../../base/scope.js';
import {rxjs} from './rxjs.js';
import {observableOf, type Source} from './source.js';

/** A resource that is being opened. */
export interface Held<T> {
  readonly resource: Promise<T>;
  /** Ends it, also while it is being opened. Resolves when it is gone. Never rejects. */
  close(): Promise<unknown>;
}

/** How to open it. `failed` is told when it ends before it is closed. */
export type Opening<T> = (failed: (error: unknown) => void) => Held<T>;

/** Emits the resource, and never completes. */
export function held<T>(scope: Scope, open: Opening<T>): Observable<T> {
  const {concat, NEVER, of} = rxjs();
  return heldWhile(scope, open, resource => concat(of(resource), NEVER));
}

/**
 * Emits what `use` makes of the resource, and holds that for as long as it lasts. A new subscription waits until the
 * resource of the one before is gone (rule X9), so that two never hold one port or one lock. Leaving the scope
 * unsubscribes it: its subscriber sees nothing (rule T8).
 */
export function heldWhile<T, R>(scope: Scope, open: Opening<T>, use: (resource: T) => Source<R>): Observable<R> {
  const {Observable: RxObservable} = rxjs();
  let previous: Promise<unknown> = Promise.resolve();
  return new RxObservable<R>(subscriber => {
    let opened: Held<T> | undefined;
    // Whatever tells of a value or a death: the subscriber is called in the async context of its subscription.
    const here = AsyncLocalStorage.snapshot();
    const fail = (error: unknown): void => here(() => subscriber.error(error));
    let free!: () => void;
    const before = previous;
    const gone = new Promise<void>(resolve => {
      free = resolve;
    });
    previous = gone;
    const leave = (): Promise<void> => {
      subscriber.unsubscribe();
      return gone;
    };
    const release = scope.adopt({label: 'an actor that is subscribed to', finish: leave, end: leave});
    const begin = async (): Promise<void> => {
      await before;
      if (subscriber.closed) return;
      opened = open(fail);
      const resource = await opened.resource;
      if (subscriber.closed) return;
      const used = observableOf<R>(use(resource)).subscribe({
        next: value => here(() => subscriber.next(value)),
        error: fail,
        complete: () => here(() => subscriber.complete()),
      });
      subscriber.add(used);
    };
    begin().catch(fail);
    return () => {
      // At once: what its subscriber still does with it is told that it ends.
      void Promise.resolve(opened ? opened.close() : before).then(() => {
        release();
        // Not in this turn of the loop: a retry of what fails at once must not keep it from turning.
        scope.clock.soon(free);
      });
    };
  });
}
