/**
 * Rule C12: a source that this library makes calls its subscriber in the async context of the subscription. The wire, or
 * another actor, says when to call; but the running actor and scope are those that the author of the code sees.
 * Floor 4, room `rx`: below every file that calls code of the user.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Observable, Observer, Subscriber} from 'rxjs';
import {rxjs} from './rxjs.js';

/** The function, called in the async context of this moment. */
export function inPlace<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  const here = AsyncLocalStorage.snapshot();
  return (...args) => here(fn, ...args);
}

/** The observer, called in the async context of this moment. */
export function observerInPlace<T>(observer: Observer<T>): Observer<T> {
  const here = AsyncLocalStorage.snapshot();
  return {
    next: value => here(() => observer.next(value)),
    error: error => here(() => observer.error(error)),
    complete: () => here(() => observer.complete()),
  };
}

/** The source, whose subscribers are called in the async context of their subscription. */
export function sourceInPlace<T>(source: Observable<T>): Observable<T> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<T>((subscriber: Subscriber<T>) => source.subscribe(observerInPlace(subscriber)));
}
