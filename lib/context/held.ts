/**
 * A resource as a cold Observable: opened at subscription, closed at the end of it, and never two at once.
 * Floor 4: the face of RxJS on what the nursery starts.
 */
import type {Observable, ObservableInput, Subscription} from 'rxjs';
import {rxjs} from './rxjs.js';

/** A resource that is being opened. */
export interface Held<T> {
  readonly resource: Promise<T>;
  /** Ends it, also while it is being opened. Resolves when it is gone. Never rejects. */
  close(): Promise<unknown>;
}

/** Emits the resource, and never completes. */
export function held<T>(open: (failed: (error: unknown) => void) => Held<T>): Observable<T> {
  const {concat, NEVER, of} = rxjs();
  return heldWhile(open, resource => concat(of(resource), NEVER));
}

/**
 * Emits what `use` makes of the resource, and holds that for as long as it lasts. A new subscription waits until the
 * resource of the one before is gone (rule X9), so that two never hold one port or one lock.
 */
export function heldWhile<T, R>(
  open: (failed: (error: unknown) => void) => Held<T>,
  use: (resource: T) => ObservableInput<R>,
): Observable<R> {
  const {from, Observable: RxObservable} = rxjs();
  let previous: Promise<unknown> = Promise.resolve();
  return new RxObservable<R>(subscriber => {
    let inner: Subscription | undefined;
    let opened: Held<T> | undefined;
    const before = previous;
    let free!: (gone?: unknown) => void;
    previous = new Promise(resolve => {
      free = resolve;
    });
    const begin = async (): Promise<void> => {
      await before;
      if (subscriber.closed) {
        free();
        return;
      }
      opened = open(error => subscriber.error(error));
      const resource = await opened.resource;
      if (!subscriber.closed) inner = from(use(resource)).subscribe(subscriber);
    };
    begin().catch(error => subscriber.error(error));
    return () => {
      inner?.unsubscribe();
      if (opened) void opened.close().then(free);
    };
  });
}
