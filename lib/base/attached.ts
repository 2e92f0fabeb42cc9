/**
 * Attachments: state that a file attaches to an object of another file. An attachment is gone together with its object.
 * Floor 0: an actor carries so what the floors above it know of it.
 */
export class Attached<T> {
  readonly #values = new WeakMap<object, T>();

  /** The attachment of this object; undefined when there is none. */
  of(carrier: object): T | undefined {
    return this.#values.get(carrier);
  }

  /** The attachment of this object; made now when there is none. */
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
