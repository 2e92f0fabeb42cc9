/**
 * How values leave an inlet: pushed into a subscriber, or pulled by an iterator.
 * Floor 4, room `rx`: between `inlet` and the streams that users hold.
 */
import type {Subscriber} from 'rxjs';
import {plainClock} from '../../base/clock.js';
import {ActorError, Lagged} from '../../base/errors.js';
import {Fifo} from '../../base/fifo.js';
import {setHidden} from '../../base/hidden.js';
import {withPlainStacks} from '../../base/stack.js';
import {type Consumer, type Inlet, isValue, type StreamEnd} from '../flow/inlet.js';
import {inPlace} from './in-place.js';

/** Stands for the regular end of a stream, until `received` tells closing from failing (rule S4). */
export class EndOfStream extends Error {}

/**
 * Pushes values into a subscriber. It starts in a microtask after the subscription, so that all who subscribe in this turn
 * see every value. Returns how to stop.
 */
export function feed<T>(inlet: Inlet, subscriber: Subscriber<T>): () => void {
  let isStarted = false;
  let isRunning = false;
  let isLate = false;
  const push = inPlace(() => {
    isRunning = true;
    while (!subscriber.closed) {
      const item = inlet.take(consumer);
      if (item === undefined) break;
      if (isValue(item)) subscriber.next(item.value as T);
      else if ('error' in item) subscriber.error(isLate ? lateError(item.error) : item.error);
      else subscriber.error(new EndOfStream());
    }
    isRunning = false;
  });
  const ready = (): void => {
    if (isStarted && !isRunning) push();
  };
  const consumer: Consumer = {ready, mutable: true};
  inlet.attach(consumer);
  const start = (): void => {
    isStarted = true;
    ready();
  };
  const item = inlet.peek(consumer);
  isLate = item !== undefined && !isValue(item);
  // When only the end is left, a `retry` in the same turn would starve the loop.
  if (isLate) plainClock.soon(start);
  else queueMicrotask(start);
  return () => inlet.detach(consumer);
}

const lateErrors = new WeakMap<object, Error>();

/**
 * The error for a subscription to a stream that had failed before it: the same error, and a word on how to try again
 * (rule S4). It is a copy, because others hold the error itself. An error that is not ours stays as it is.
 */
function lateError(error: unknown): unknown {
  if (!(error instanceof ActorError)) return error;
  const known = lateErrors.get(error);
  if (known) return known;
  const message = `${error.message} (the stream had ended before this subscription: to try again, subscribe to portal.stream() or portal.context() anew)`;
  const copy = new Error(message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error));
  const {message: _message, stack: _stack, ...own} = Object.getOwnPropertyDescriptors(error);
  Object.defineProperties(copy, own);
  withPlainStacks(() =>
    setHidden(
      copy,
      'stack',
      String(error.stack).replace(error.message, () => message),
    ),
  );
  lateErrors.set(error, copy);
  return copy;
}

/** A `next()` that waits. */
interface Pull<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** An iterator over an inlet. It attaches when it is made; `leave` runs once, when it has ended or returned. */
export class InletIterator<T> implements AsyncIterableIterator<T>, Consumer {
  readonly mutable = false;
  readonly #inlet: Inlet;
  readonly #leave: () => void;
  readonly #pending = new Fifo<Pull<T>>();
  #isDone = false;
  /** Whether a waiting `next()` was handed a value in this turn. The value goes back when the iterator returns now. */
  #isHolding = false;

  constructor(inlet: Inlet, leave: () => void, lag?: number) {
    this.#inlet = inlet;
    this.#leave = leave;
    inlet.attach(this, lag);
  }

  get isWaiting(): boolean {
    return this.#pending.size > 0;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#isDone) return Promise.resolve({done: true, value: undefined});
    return new Promise((resolve, reject) => {
      this.#pending.push({resolve, reject});
      if (this.#pending.size === 1) this.#serve(false);
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.#finish(true);
    return Promise.resolve({done: true, value: undefined});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  ready(): void {
    this.#serve(true);
  }

  /** @param hasWaited whether the pulls came before the values */
  #serve(hasWaited: boolean): void {
    while (this.#pending.size > 0 && !this.#isDone) {
      const item = this.#inlet.peek(this);
      if (item === undefined) return;
      const {resolve, reject} = this.#pending.shift() as Pull<T>;
      const missed = this.#inlet.takeMissed(this);
      if (missed > 0) {
        reject(new Lagged(missed));
        continue;
      }
      if (!isValue(item)) {
        this.#finish(false);
        if ('error' in item) reject((item as StreamEnd).error);
        else resolve({done: true, value: undefined});
        return;
      }
      this.#inlet.advance(this, hasWaited);
      if (hasWaited) this.#hold();
      resolve({done: false, value: item.value as T});
    }
  }

  /** The value is released before its own continuation runs, so that code that has seen a value cannot give it back. */
  #hold(): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    queueMicrotask(() => {
      this.#isHolding = false;
      this.#inlet.release(this);
    });
  }

  #finish(giveBack: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#inlet.detach(this, giveBack);
    for (const {resolve} of this.#pending.takeAll()) resolve({done: true, value: undefined});
    this.#leave();
  }
}
