/**
 * Values that are made when they are first needed, and parts of the library that are loaded then.
 * Floor 0: above `descriptors`. Most actors never need such a part, and do not load it (decision 75).
 */
import {checkDescriptors} from './descriptors.js';

/** A value that is made when it is first asked for. It is made again after it could not be made. */
export class Lazy<T> {
  readonly #make: () => Promise<T>;
  #value: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** Rejects when the value cannot be made now. */
  get(): Promise<T> {
    this.#value ??= this.#make().catch(error => {
      this.#value = undefined;
      throw error;
    });
    return this.#value;
  }

  /** The value when somebody has asked for it, and undefined when nobody has or it could not be made. Never rejects. */
  async known(): Promise<T | undefined> {
    return this.#value?.catch(() => undefined);
  }
}

/** The parts that modules of the library may load. */
const parts = new Set<Lazy<unknown>>();

/**
 * Returns a function that loads a part of the library at its first call.
 *
 * Node remembers a module that it could not read, and never reads it again. A moment without file descriptors would therefore
 * last for ever. So nothing is loaded in such a moment: the function rejects with ResourceExhausted `fd`, and the next call
 * tries again.
 *
 * @param what the thing that needs a descriptor, for the text of the error
 */
export function lazyPart<T>(what: string, load: () => Promise<T>): () => Promise<T> {
  const part = new Lazy(async () => {
    checkDescriptors(what);
    return load();
  });
  parts.add(part);
  return () => part.get();
}

/** Loads all parts of the library, so that none is loaded later: where the order of events is to be the same in each run. */
export async function loadAllParts(): Promise<void> {
  // A part may bring parts of its own.
  for (const part of parts) await part.get();
}
