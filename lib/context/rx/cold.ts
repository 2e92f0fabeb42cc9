/**
 * Cold Observables that open something at each subscription, and close it at the end of the subscription.
 * Floor 4, room `rx`: below `context` (contexts) and the nursery (actors).
 *
 * Rule X9: a new subscription waits until those before it that are over have gone, so that `retry` and `repeat` never have two
 * holders of a port or a lock. A subscription that lives holds up no other.
 */
import type {Observable, Subscriber} from 'rxjs';
import {deferred} from '../../base/deferred.js';
import type {Scope} from '../../base/scope.js';
import {observerInPlace} from './in-place.js';
import {rxjs} from './rxjs.js';
import {observableOf, type Source} from './source.js';

/** The subscriber, as the code that opens something for it needs it. */
type Tenant<R> = Pick<Subscriber<R>, 'next' | 'error' | 'complete' | 'closed' | 'add' | 'unsubscribe'>;

/** The thing that one subscription opens and closes. */
export interface Tenancy {
  /** Opens. Called when nothing is left of the subscriptions that were over before, unless this one has ended meanwhile. */
  begin(): void | Promise<void>;
  /** Closes, also while it is being opened. Undefined when nothing was opened. Resolves when it is gone, and never rejects. */
  close(): Promise<unknown> | undefined;
  /** The scope is left, by a failure or normally. Resolves when the scope needs to wait for it no longer. */
  leave(isFailing: boolean): Promise<void>;
}

/** An Observable whose subscriptions never overlap one that is over. Each of them lives as what `tenancyOf` makes for it. */
export function successive<R>(
  scopeOf: () => Scope,
  label: string,
  tenancyOf: (subscriber: Tenant<R>, scope: Scope, gone: Promise<void>) => Tenancy,
): Observable<R> {
  const {Observable: RxObservable} = rxjs();
  /** The ends of the subscriptions that are over, and of which something is left. */
  const leaving = new Set<Promise<void>>();
  return new RxObservable<R>(subscriber => {
    const scope = scopeOf();
    const before = leaving.size > 0 ? Promise.all(leaving) : undefined;
    const {promise: gone, resolve} = deferred();
    const isOver = (): void => void leaving.add(gone);
    const free = (): void => {
      leaving.delete(gone);
      resolve();
    };
    const tenancy = tenancyOf(toldOfEnd(subscriber, isOver), scope, gone);
    const release = scope.adopt({label, finish: () => tenancy.leave(false), end: () => tenancy.leave(true)});
    if (before) void before.then(() => subscriber.closed || tenancy.begin());
    else void tenancy.begin();
    return () => {
      isOver();
      // At once, because the subscriber may still use what is open: it is told that it ends.
      void Promise.resolve(tenancy.close() ?? before).then(() => {
        release();
        // In the next turn of the loop, so that a retry of what fails at once cannot keep the loop from turning.
        scope.clock.soon(free);
      });
    };
  });
}

/** The subscriber. `isOver` is called before it is told of the end, because it may subscribe again in that very moment. */
function toldOfEnd<R>(subscriber: Subscriber<R>, isOver: () => void): Tenant<R> {
  return {
    next: value => subscriber.next(value),
    error: error => {
      if (!subscriber.closed) isOver();
      subscriber.error(error);
    },
    complete: () => {
      if (!subscriber.closed) isOver();
      subscriber.complete();
    },
    get closed() {
      return subscriber.closed;
    },
    add: teardown => subscriber.add(teardown),
    unsubscribe: () => subscriber.unsubscribe(),
  };
}

/** A resource that is being opened. */
export interface Opened<T> {
  readonly resource: Promise<T>;
  /** Closes it, also while it is being opened. Resolves when it is gone. Never rejects. */
  close(): Promise<unknown>;
}

/** Opens a resource. `failed` is called when the resource ends before it is closed. */
export type Opening<T> = (failed: (error: unknown) => void) => Opened<T>;

/** Emits the resource, and never completes. */
export function cold<T>(scope: Scope, open: Opening<T>): Observable<T> {
  const {concat, NEVER, of} = rxjs();
  return coldWhile(scope, open, resource => concat(of(resource), NEVER));
}

/** Emits what `use` makes of the resource, and keeps the resource open until that ends. */
export function coldWhile<T, R>(scope: Scope, open: Opening<T>, use: (resource: T) => Source<R>): Observable<R> {
  return successive<R>(
    () => scope,
    'an actor that is subscribed to',
    (subscriber, _scope, gone) => {
      const observer = observerInPlace(subscriber);
      let opened: Opened<T> | undefined;
      const begin = async (): Promise<void> => {
        try {
          opened = open(error => observer.error(error));
          const resource = await opened.resource;
          if (!subscriber.closed) subscriber.add(observableOf<R>(use(resource)).subscribe(observer));
        } catch (error) {
          observer.error(error);
        }
      };
      // Rule T8: leaving the scope unsubscribes, so that the subscriber sees nothing. The scope waits for the resource.
      const leave = (): Promise<void> => {
        subscriber.unsubscribe();
        return gone;
      };
      return {begin, close: () => opened?.close(), leave};
    },
  );
}
