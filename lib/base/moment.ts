/**
 * Something that happens once, and those who want to know: the start, the outcome, the end.
 * Floor 0.
 */
import {leaveUncaught} from './uncaught.js';

type Listener<T> = (value: T) => void;

export class Moment<T = void> {
  #happened: {readonly value: T} | undefined;
  #listeners: Listener<T>[] = [];

  /** The value with which it happened. Undefined until then. */
  get value(): T | undefined {
    return this.#happened?.value;
  }

  get hasHappened(): boolean {
    return this.#happened !== undefined;
  }

  /** How many listeners wait. */
  get waiting(): number {
    return this.#listeners.length;
  }

  /** Calls `listener` when it happens, at once when it has happened. Returns how to stop listening. */
  on(listener: Listener<T>): () => void {
    if (this.#happened) {
      listener(this.#happened.value);
      return () => {};
    }
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter(other => other !== listener);
    };
  }

  /** It happens. The first time counts. */
  happen(value: T): void {
    if (this.#happened) return;
    this.#happened = {value};
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        leaveUncaught(error);
      }
    }
  }

  /** Forgets those who wait: they are told nothing. */
  forget(): void {
    this.#listeners = [];
  }
}
