/**
 * What other files attach to an object that they did not make: each attachment belongs to one file, and goes with its object.
 * Floor 0: an actor carries so what the floors above it know of it.
 */
export class Attached<T> {
  readonly #values = new WeakMap<object, T>();

  /** What this object carries; undefined when nothing has been attached to it. */
  of(carrier: object): T | undefined {
    return this.#values.get(carrier);
  }

  /** What this object carries; made now when it carries nothing. */
  orMake(carrier: object, make: () => T): T {
    const known = this.#values.get(carrier);
    if (known !== undefined) return known;
    const made = make();
    this.#values.set(carrier, made);
    return made;
  }

  attach(carrier: object, value: T): void {
    this.#values.set(carrier, value);
  }

  detach(carrier: object): void {
    this.#values.delete(carrier);
  }
}
