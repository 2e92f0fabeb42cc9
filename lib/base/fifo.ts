/**
 * A queue: first in, first out, in constant time, whose entries can be read by their position.
 * Floor 0: below everything that keeps values until somebody takes them.
 *
 * An array alone would move all entries at each `shift()`. Here the taken entries stay as holes at the front. They are cut off
 * when the queue is empty, or when they are more than half of the array.
 */

/** With fewer holes than this it is not worth moving the entries that are left. */
const fewHoles = 1_024;
/** With fewer holes than this an empty queue keeps its array, because a new one for each entry would cost more. */
const fewHolesOfEmpty = 32;

export class Fifo<T> {
  #entries: (T | undefined)[] = [];
  /** The index of the first entry that is still in the queue. */
  #first = 0;

  get size(): number {
    return this.#entries.length - this.#first;
  }

  push(entry: T): void {
    this.#entries.push(entry);
  }

  /** The entry that has `position` others before it. */
  at(position: number): T | undefined {
    return this.#entries[this.#first + position];
  }

  shift(): T | undefined {
    if (this.#first === this.#entries.length) return undefined;
    const entry = this.#entries[this.#first];
    // A hole holds no memory.
    this.#entries[this.#first++] = undefined;
    this.#cutHoles();
    return entry;
  }

  /** Takes out the entry at a position. Its cost grows with the position. */
  remove(position: number): T | undefined {
    const at = this.#first + position;
    const entry = this.#entries[at];
    this.#entries.copyWithin(this.#first + 1, this.#first, at);
    this.#entries[this.#first++] = undefined;
    this.#cutHoles();
    return entry;
  }

  /** Empties the queue and gives what was in it. */
  takeAll(): T[] {
    const entries = this.#entries.slice(this.#first) as T[];
    this.#entries = [];
    this.#first = 0;
    return entries;
  }

  #cutHoles(): void {
    if (this.#first === this.#entries.length) {
      if (this.#first < fewHolesOfEmpty) return;
      this.#entries = [];
      this.#first = 0;
    } else if (this.#first > fewHoles && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}
