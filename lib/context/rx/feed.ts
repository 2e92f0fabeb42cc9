/**
 * How values leave an inlet: pushed into an RxJS subscriber, or pulled by an iterator.
 * Floor 4: between `inlet` and `msg-stream`.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Subscriber} from 'rxjs';
import {plainClock} from '../../base/clock.js';
import {ActorError, Lagged} from '../../base/errors.js';
import {type Consumer, type Inlet, isValue, type StreamEnd} from '../flow/inlet.js';

/** Marks the regular end of a stream on its way to the operator that tells closing from failing (rule S4). */
export class EndOfStream extends Error {}

/**
 * Pushes what comes into a subscriber, from a microtask after the subscription on, so that all who subscribe in
 * this turn see everything. Returns how to stop.
 */
export function feed<T>(inlet: Inlet, subscriber: Subscriber<T>): () => void {
  let started = false;
  let running = false;
  let isLate = false;
  // Whatever brings a value: the subscriber is called in the async context of its subscription (rule C12).
  const here = AsyncLocalStorage.snapshot();
  const run = (): void => {
    if (started && !running) here(push);
  };
  const push = (): void => {
    running = true;
    for (;;) {
      if (subscriber.closed) break;
      const item = inlet.peek(consumer);
      if (item === undefined) break;
      if (!isValue(item)) {
        if ('error' in item) subscriber.error(isLate ? late(item.error) : item.error);
        else subscriber.error(new EndOfStream());
        break;
      }
      inlet.advance(consumer);
      subscriber.next(item.value as T);
    }
    running = false;
  };
  const consumer: Consumer = {ready: run, mutable: true};
  inlet.attach(consumer);
  const start = (): void => {
    started = true;
    run();
  };
  const item = inlet.peek(consumer);
  // Where only the end is left a `retry` would starve the loop.
  isLate = item !== undefined && !isValue(item);
  if (isLate) plainClock.soon(start);
  else queueMicrotask(start);
  return () => inlet.detach(consumer);
}

const lateErrors = new WeakMap<object, Error>();

/**
 * What a subscription to a stream that has failed before it is told (rule S4): the same error, with a word on what to try
 * again. A copy, because the error itself is others' too; what is no error of ours stays what it is.
 */
function late(error: unknown): unknown {
  if (!(error instanceof ActorError)) return error;
  const known = lateErrors.get(error);
  if (known) return known;
  const message = `${error.message} (the stream had ended before this subscription: to try again, subscribe to portal.stream() or portal.context() anew)`;
  const copy = new Error(message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error));
  const {message: _message, stack: _stack, ...own} = Object.getOwnPropertyDescriptors(error);
  Object.defineProperties(copy, own);
  const stack = String(error.stack).replace(error.message, () => message);
  Object.defineProperty(copy, 'stack', {value: stack, configurable: true, writable: true});
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
  readonly #pending: Pull<T>[] = [];
  #done = false;
  /** Whether values were handed to a waiting `next()` in this very turn: they go back if the iterator returns now. */
  #holding = false;

  constructor(inlet: Inlet, leave: () => void, lag?: number) {
    this.#inlet = inlet;
    this.#leave = leave;
    inlet.attach(this, lag);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#done) return Promise.resolve({done: true, value: undefined});
    return new Promise((resolve, reject) => {
      this.#pending.push({resolve, reject});
      if (this.#pending.length === 1) this.#serve(false);
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

  #serve(waited: boolean): void {
    while (this.#pending.length > 0 && !this.#done) {
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
      this.#inlet.advance(this, waited);
      if (waited) this.#hold();
      resolve({done: false, value: item.value as T});
    }
  }

  /** Let go before the value's own continuation, so that whoever has seen the value cannot give it back. */
  #hold(): void {
    if (this.#holding) return;
    this.#holding = true;
    queueMicrotask(() => {
      this.#holding = false;
      this.#inlet.release(this);
    });
  }

  #finish(giveBack: boolean): void {
    if (this.#done) return;
    this.#done = true;
    this.#inlet.detach(this, giveBack);
    for (const {resolve} of this.#pending.splice(0)) resolve({done: true, value: undefined});
    this.#leave();
  }
}
