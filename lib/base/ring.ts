/**
 * Things in the order of their coming, each of which can leave from anywhere: a doubly linked list.
 * Floor 0: stands where a Set would be filled and emptied without end.
 *
 * V8 links every table of a Set or Map to the one that took its place. Once a full collection has moved such a table
 * to the old generation, it keeps, though dead, all later ones and what they held: every scavenge then copies
 * garbage, which took a third of the time of a busy caller.
 */

/** What came, and the way out. */
export class Place<T> {
  readonly value: T;
  #ring: Ring<T> | undefined;
  before: Place<T> | undefined;
  after: Place<T> | undefined;

  constructor(value: T, ring: Ring<T>) {
    this.value = value;
    this.#ring = ring;
  }

  /** Idempotent. */
  leave(): void {
    this.#ring?.unlink(this);
    this.#ring = undefined;
  }
}

export class Ring<T> implements Iterable<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;
  size = 0;

  add(value: T): Place<T> {
    const place = new Place(value, this);
    place.before = this.#last;
    if (this.#last) this.#last.after = place;
    else this.#first = place;
    this.#last = place;
    this.size++;
    return place;
  }

  /** All places, as they are now. */
  places(): Place<T>[] {
    const places: Place<T>[] = [];
    for (let place = this.#first; place; place = place.after) places.push(place);
    return places;
  }

  /** So many of those that came last, the last first. */
  latest(count: number): T[] {
    const values: T[] = [];
    for (let place = this.#last; place && values.length < count; place = place.before) values.push(place.value);
    return values;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.places()
      .map(place => place.value)
      .values();
  }

  /** For `Place.leave`. What has left points at nothing that stays, for the reason above. */
  unlink(place: Place<T>): void {
    const {before, after} = place;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    place.before = undefined;
    place.after = undefined;
    this.size--;
  }
}
