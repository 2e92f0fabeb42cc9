/**
 * The promise that this library gives: it knows whether anybody has asked, so that a failure is told once, to the
 * one who asked or else to the owner, and never raises `unhandledRejection`.
 * Floor 0: used by everything above that answers a call.
 */
import {plainClock} from './clock.js';
import type {Scope} from './scope.js';

export class Answer<T> extends Promise<T> {
  /** Whether a handler was attached: `await` attaches one too, since this is not the native class. */
  #asked = false;

  /** Chains of an answer are plain promises: what a user builds on it is the user's. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise that notes `then` is the point of this class
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#asked = true;
    return super.then(fulfilled, rejected);
  }

  /**
   * An answer whose failure goes to `owner` when nobody has asked by the end of the macrotask in which it rejects.
   * What `executor` resolves it with is no promise; `quietly` marks a rejection that is no failure of the owner.
   */
  static owned<T>(
    owner: Scope | undefined,
    executor: (resolve: (value: T) => void, reject: (error: unknown, quietly?: boolean) => void) => void,
  ): Answer<T> {
    let resolve!: (value: T) => void;
    let reject!: (error: unknown) => void;
    const answer = new Answer<T>((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    const fail = (error: unknown, quietly = false): void => {
      reject(error);
      answer.#failed(quietly ? undefined : owner, error);
    };
    try {
      executor(resolve, fail);
    } catch (error) {
      fail(error);
    }
    return answer;
  }

  static from<T>(owner: Scope | undefined, work: PromiseLike<T>): Answer<T> {
    return Answer.owned(owner, (resolve, reject) => {
      work.then(resolve, reject);
    });
  }

  /** Here, and not by a handler from the start: that would be one more promise for each that succeeds. */
  #failed(owner: Scope | undefined, error: unknown): void {
    if (this.#asked) return;
    super.then(undefined, () => {});
    plainClock.soon(() => {
      if (!this.#asked) owner?.fail(error);
    });
  }
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
