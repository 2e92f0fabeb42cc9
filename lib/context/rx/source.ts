/**
 * What is accepted where a source is, told by its shape: another copy of RxJS, the platform's own Observable, a web stream
 * or a plain array will do.
 * Floor 4: below `pump`, `bounded-work` and `cold`; loads RxJS only for what pushes.
 */
import type {Observable, ObservableInput, Subscriber} from 'rxjs';
import {rxjs} from './rxjs.js';

/** An Observable of any make: of another copy of RxJS, of the platform. */
export interface AnyObservable<T> {
  // biome-ignore lint/suspicious/noExplicitAny: what else observers and options have is each library's own
  subscribe(observer: {next(value: T): void; error(error: any): void; complete(): void}, options?: any): unknown;
}

/** What is accepted where a source is: an Observable of any make, a promise, an iterable, a web stream. */
export type Source<T> = ObservableInput<T> | AnyObservable<T>;

/** On our own streams, of whichever copy of this library: they push too, but iterated they keep their bound. */
const pullable = Symbol.for('rxtractor/pullable');

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** The iterator of what can be pulled; undefined for what pushes: an Observable, a promise. */
export function iteratorOf(source: unknown): AnyIterator | undefined {
  // A string is iterable too, and a primitive: `in` wants an object.
  const shape: Shape = Object(source);
  // An Observable that can be iterated queues without a bound while it is: it is better pushed.
  if (isObservable(shape) && !(pullable in shape)) return undefined;
  if (isFunction(shape[Symbol.asyncIterator])) return shape[Symbol.asyncIterator]?.();
  if (isFunction(shape.getReader)) return readerOf(shape as ReadableStream<unknown>);
  if (isFunction(shape[Symbol.iterator])) return shape[Symbol.iterator]?.();
  return undefined;
}

/** Any source as an Observable of our copy of RxJS. @throws TypeError for what is none */
export function observableOf<T>(source: unknown): Observable<T> {
  const {from, Observable: RxObservable} = rxjs();
  if (source instanceof RxObservable) return source;
  const shape: Shape = Object(source);
  const subscribable = subscribableOf(shape);
  if (subscribable) return new RxObservable(subscriber => connect(subscribable, subscriber));
  // Not every web stream can be iterated, and `from` takes one whose reader it never gives back.
  if (isFunction(shape.getReader) && !isFunction(shape[Symbol.asyncIterator]))
    return from({[Symbol.asyncIterator]: () => iterable(readerOf<T>(shape as ReadableStream<T>))});
  return from(source as Parameters<typeof from<Observable<T>>>[0]);
}

/** Whether something is an Observable of whatever make. */
export function isObservable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && subscribableOf(value) !== undefined;
}

/** Makes what inherits from `prototype` known as a stream of ours, and as an Observable to other copies of RxJS. */
export function markSource(prototype: object): void {
  Object.defineProperty(prototype, pullable, {value: true});
  for (const key of observableKeys()) Object.defineProperty(prototype, key, {value: itself, configurable: true});
}

function itself(this: unknown): unknown {
  return this;
}

/** Where an Observable is looked for. Read anew each time: whoever adds the symbol may be loaded after us. */
function observableKeys(): PropertyKey[] {
  const {observable} = Symbol as {readonly observable?: symbol};
  return observable ? [observable, '@@observable'] : ['@@observable'];
}

/** The parts by which a source is known. */
interface Shape {
  readonly [Symbol.asyncIterator]?: () => AsyncIterator<unknown>;
  readonly [Symbol.iterator]?: () => Iterator<unknown>;
  readonly subscribe?: unknown;
  readonly getReader?: unknown;
}

/** Something that pushes: RxJS gives a subscription back, the platform's Observable listens to a signal. */
interface Subscribable {
  subscribe(observer: object, options: {readonly signal: AbortSignal}): unknown;
}

function subscribableOf(shape: Shape): Subscribable | undefined {
  if (isFunction(shape.subscribe)) return shape as Subscribable;
  const keyed = shape as {readonly [key: PropertyKey]: unknown};
  const interop = observableKeys()
    .map(key => keyed[key])
    .find(isFunction);
  return interop && (interop.call(shape) as Subscribable);
}

/**
 * Subscribes such that it ends at once, also within a burst before `subscribe` has returned: the platform's Observable
 * hears of the signal, RxJS takes an observer that looks like a subscriber for its own, others tell it at the `start`.
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
      // Functions of their own: the platform calls them without a `this`.
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
