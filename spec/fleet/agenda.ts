// The events that are to happen in a simulated fleet, in the order of their times. Below simulated-fleet.ts.

interface Entry {
  readonly at: number;
  /** Entries of the same time happen in the order in which they were added. */
  readonly order: number;
  readonly act: () => void;
}

/** A heap: the entry that is due first is at the top. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #added = 0;
  now = 0;

  add(at: number, act: () => void): void {
    const heap = this.#heap;
    const entry = {at: Math.max(at, this.now), order: this.#added++, act};
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(entry, heap[above] as Entry)) break;
      heap[place] = heap[above] as Entry;
      place = above;
    }
    heap[place] = entry;
  }

  runUntil(end: number): void {
    for (let top = this.#heap[0]; top && top.at <= end; top = this.#heap[0]) {
      this.#removeTop();
      this.now = top.at;
      top.act();
    }
  }

  #removeTop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below++;
      if (!isBefore(heap[below] as Entry, last)) break;
      heap[place] = heap[below] as Entry;
      place = below;
    }
    heap[place] = last;
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Random numbers of a seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 0x9e3779b1;
  }

  /** From 0 on, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  has(chance: number): boolean {
    return this.next() < chance;
  }

  pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.next() * of.length)] as T;
  }
}
