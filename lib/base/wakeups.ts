/**
 * Promises of code that waits for a change. Each waiter looks again when it is woken, because the change may come many times.
 * Floor 0: beside `moment`, which happens once.
 */

export class Wakeups {
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves at the next `wake`. */
  next(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  /** Wakes everybody who waits at this moment. */
  wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
