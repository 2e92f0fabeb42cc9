/**
 * A map whose keys are integers from 0 on, with open addressing, made for ids that count upwards.
 * Floor 0: used instead of a Map that would be filled and emptied without end; `ring` says why that is slow.
 */

/** The number of places in an empty map. */
const smallest = 16;
/** Stands for an id where a place is free. */
const free = -1;

export class IdMap<T> {
  #ids: number[] = emptyIds(smallest);
  #values: (T | undefined)[] = emptyValues(smallest);
  #mask = smallest - 1;
  size = 0;

  get(id: number): T | undefined {
    return this.#values[this.#find(id)];
  }

  has(id: number): boolean {
    return this.#ids[this.#find(id)] === id;
  }

  set(id: number, value: T): void {
    if ((this.size + 1) * 2 > this.#ids.length) this.#resize(this.#ids.length * 2);
    const at = this.#find(id);
    if (this.#ids[at] !== id) this.size++;
    this.#ids[at] = id;
    this.#values[at] = value;
  }

  delete(id: number): boolean {
    const ids = this.#ids;
    const values = this.#values;
    const mask = this.#mask;
    let hole = this.#find(id);
    if (ids[hole] !== id) return false;
    // The entries behind the hole move up where they may, because a search ends at the first free place.
    for (let at = (hole + 1) & mask; ids[at] !== free; at = (at + 1) & mask) {
      const home = (ids[at] as number) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      ids[hole] = ids[at] as number;
      values[hole] = values[at];
      hole = at;
    }
    ids[hole] = free;
    values[hole] = undefined;
    this.size--;
    if (this.size * 8 < ids.length && ids.length > smallest) this.#resize(ids.length / 2);
    return true;
  }

  clear(): void {
    this.size = 0;
    this.#resize(smallest);
  }

  /** The values in the order of their ids. For ids that count upwards, that is the order in which they came. */
  values(): T[] {
    const ids = this.#ids.filter(id => id !== free).sort((a, b) => a - b);
    return ids.map(id => this.get(id) as T);
  }

  /** The place of an id, or the free place for it. */
  #find(id: number): number {
    const ids = this.#ids;
    let at = id & this.#mask;
    while (ids[at] !== id && ids[at] !== free) at = (at + 1) & this.#mask;
    return at;
  }

  #resize(length: number): void {
    const ids = this.#ids;
    const values = this.#values;
    const {size} = this;
    this.#ids = emptyIds(length);
    this.#values = emptyValues(length);
    this.#mask = length - 1;
    this.size = 0;
    if (size > 0) for (let i = 0; i < ids.length; i++) if (ids[i] !== free) this.set(ids[i] as number, values[i] as T);
  }
}

const emptyIds = (length: number): number[] => new Array<number>(length).fill(free);
const emptyValues = <T>(length: number): (T | undefined)[] => new Array<T | undefined>(length).fill(undefined);
