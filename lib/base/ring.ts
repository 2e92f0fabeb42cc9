/**
 * Values in the order in which they came, each of which can leave from anywhere: a doubly linked list.
 * Floor 0: used instead of a Set that would be filled and emptied without end.
 *
 * V8 links every table of a Set or Map to the table that replaced it. Once a full collection has moved such a table to the old
 * generation, the table is dead and nevertheless keeps all later tables and their values: every scavenge then copies garbage,
 * so that a busy caller took 1.5 times as long.
 */

/** A value in a ring, and the way to take it out. */
export class RingEntry<T> {
  /** May be replaced by another value, which takes its place. */
  value: T;
  #ring: Ring<T> | undefined;
  before: RingEntry<T> | undefined;
  after: RingEntry<T> | undefined;

  constructor(value: T, ring: Ring<T>) {
    this.value = value;
    this.#ring = ring;
  }

  /** Takes the value out of the ring. Calling it again changes nothing. */
  leave(): void {
    this.#ring?.unlink(this);
    this.#ring = undefined;
  }
}

export class Ring<T> implements Iterable<T> {
  #first: RingEntry<T> | undefined;
  #last: RingEntry<T> | undefined;
  size = 0;

  /** Adds a value behind all others. */
  add(value: T): RingEntry<T> {
    const entry = new RingEntry(value, this);
    entry.before = this.#last;
    if (this.#last) this.#last.after = entry;
    else this.#first = entry;
    this.#last = entry;
    this.size++;
    return entry;
  }

  /** The value that came first. */
  get first(): T | undefined {
    return this.#first?.value;
  }

  /** A list of all entries as they are now. */
  entries(): RingEntry<T>[] {
    const entries: RingEntry<T>[] = [];
    for (let entry = this.#first; entry; entry = entry.after) entries.push(entry);
    return entries;
  }

  /** The values that came last, at most `count` of them, the last one first. */
  latest(count: number): T[] {
    const values: T[] = [];
    for (let entry = this.#last; entry && values.length < count; entry = entry.before) values.push(entry.value);
    return values;
  }

  /** Goes through a copy: a value that leaves meanwhile is still met. */
  [Symbol.iterator](): Iterator<T> {
    return this.entries()
      .map(entry => entry.value)
      .values();
  }

  /** For `RingEntry.leave` alone. An entry that has left points at no other entry, for the reason above. */
  unlink(entry: RingEntry<T>): void {
    const {before, after} = entry;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    entry.before = undefined;
    entry.after = undefined;
    this.size--;
  }
}
