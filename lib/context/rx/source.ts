/**
 * The sources that this library accepts, recognised by their shape: Observables of any copy of RxJS and of the platform,
 * promises, iterables, web streams.
 * Floor 4, room `rx`: below `pump`, `bounded-work` and `cold`. It loads RxJS only for sources that push.
 */
import type {Observable, ObservableInput, Subscriber} from 'rxjs';
import {attempt, hasProperty, inherits, readProperty} from '../../base/foreign.js';
import {rxjs} from './rxjs.js';

/** An Observable of any make, for example of another copy of RxJS, or of the platform. */
export interface AnyObservable<T> {
  /** Subscribes an observer. Options and the returned subscription are those of the library that made the Observable. */
  // biome-ignore lint/suspicious/noExplicitAny: what else observers and options have is each library's own
  subscribe(observer: {next(value: T): void; error(error: any): void; complete(): void}, options?: any): unknown;
}

/** Every kind of source: an Observable of any make, a promise, an iterable, a web stream. */
export type Source<T> = ObservableInput<T> | AnyObservable<T>;

/** Marks the streams of this library, of any copy of it. They push too, but when they are iterated they keep their bound. */
const pullable = Symbol.for('rxtractor/pullable');

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** The iterator of a source that can be pulled. Undefined for a source that pushes: an Observable, a promise. */
export function iteratorOf(source: unknown): AnyIterator | undefined {
  // A string is iterable, but a primitive; `in` needs an object.
  const shape: Shape = Object(source);
  // A foreign Observable that can be iterated queues without a bound. It is better pushed.
  if (isObservable(shape) && !hasProperty(shape, pullable)) return undefined;
  if (isFunction(shape[Symbol.asyncIterator])) return shape[Symbol.asyncIterator]?.();
  if (isFunction(shape.getReader)) return readerOf(shape as ReadableStream<unknown>);
  if (isFunction(shape[Symbol.iterator])) return shape[Symbol.iterator]?.();
  return undefined;
}

/** Any source as an Observable of our copy of RxJS. @throws TypeError for a value that is not a source */
export function observableOf<T>(source: unknown): Observable<T> {
  const {from, Observable: RxObservable} = rxjs();
  if (inherits(source, RxObservable)) return source as Observable<T>;
  const shape: Shape = Object(source);
  const subscribable = subscribableOf(shape);
  if (subscribable) return new RxObservable(subscriber => connect(subscribable, subscriber));
  // Some web streams cannot be iterated. `from` would take a reader of such a stream and never release it.
  if (isFunction(shape.getReader) && !isFunction(shape[Symbol.asyncIterator]))
    return from({[Symbol.asyncIterator]: () => iterable(readerOf<T>(shape as ReadableStream<T>))});
  return from(source as Parameters<typeof from<Observable<T>>>[0]);
}

/** Whether a value is an Observable of any make. */
export function isObservable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && subscribableOf(value) !== undefined;
}

/** Marks the class with this prototype as a stream of ours, and as an Observable for other copies of RxJS. */
export function markSource(prototype: object): void {
  Object.defineProperty(prototype, pullable, {value: true});
  for (const key of observableKeys()) Object.defineProperty(prototype, key, {value: itself, configurable: true});
}

function itself(this: unknown): unknown {
  return this;
}

/** The keys under which a foreign Observable is found. Read at each use, because a polyfill of the symbol may be loaded after us. */
function observableKeys(): PropertyKey[] {
  const {observable} = Symbol as {readonly observable?: symbol};
  return observable ? [observable, '@@observable'] : ['@@observable'];
}

/** The members by which a source is recognised. */
interface Shape {
  readonly [Symbol.asyncIterator]?: () => AsyncIterator<unknown>;
  readonly [Symbol.iterator]?: () => Iterator<unknown>;
  readonly subscribe?: unknown;
  readonly getReader?: unknown;
}

/** A source that pushes. RxJS returns a subscription; the Observable of the platform listens to a signal. */
interface Subscribable {
  subscribe(observer: object, options: {readonly signal: AbortSignal}): unknown;
}

/** Undefined also for a value that cannot be looked at: it is not an Observable then. */
function subscribableOf(shape: Shape): Subscribable | undefined {
  if (isFunction(readProperty(shape, 'subscribe'))) return shape as Subscribable;
  const interop = observableKeys()
    .map(key => readProperty(shape, key))
    .find(isFunction);
  return interop && attempt(() => interop.call(shape) as Subscribable);
}

/**
 * Subscribes in such a way that an unsubscription takes effect at once, also in a burst before `subscribe` has returned. The
 * Observable of the platform is told by the signal. RxJS takes an observer that looks like a subscriber for its own. Others
 * give their subscription to `start`.
 */
function connect<T>(source: Subscribable, subscriber: Subscriber<T>): () => void {
  const controller = new AbortController();
  subscriber.add(() => controller.abort());
  const stop = (subscription: unknown): void => {
    if (isFunction(subscription)) subscription();
    else (subscription as {unsubscribe?: () => void} | undefined)?.unsubscribe?.();
  };
  const subscription = source.subscribe(
    {
      start: (begun: unknown) => subscriber.add(() => stop(begun)),
      // Arrow functions, because the platform calls them without a `this`.
      next: (value: T) => subscriber.next(value),
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
      get closed() {
        return subscriber.closed;
      },
      add: (teardown: () => void) => subscriber.add(teardown),
      remove: (teardown: () => void) => subscriber.remove(teardown),
      unsubscribe: () => subscriber.unsubscribe(),
    },
    {signal: controller.signal},
  );
  return () => stop(subscription);
}

function readerOf<T>(stream: ReadableStream<T>): AsyncIterator<T> {
  const reader = stream.getReader();
  const release = (): void => reader.releaseLock();
  return {
    next: async () => {
      try {
        const {done, value} = await reader.read();
        if (!done) return {done, value};
      } catch (error) {
        release();
        throw error;
      }
      release();
      return {done: true, value: undefined};
    },
    return: async () => {
      await reader.cancel();
      release();
      return {done: true, value: undefined};
    },
  };
}

function iterable<T>(iterator: AsyncIterator<T>): AsyncIterableIterator<T> {
  const made: AsyncIterableIterator<T> = {...iterator, [Symbol.asyncIterator]: () => made};
  return made;
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
