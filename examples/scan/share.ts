/**
 * One walk for many consumers: each path goes to whoever asks next.
 * Stands between `walk` and the actors in the root; every actor's stage pulls from it by its own credit.
 */
export interface Shared<T> extends AsyncIterable<T> {
  /** The same source for one consumer that comes first: nobody else gets a value before it has asked for `count`. */
  headStart(count: number): AsyncIterable<T>;
}

/**
 * No iterator of it has a `return`: a consumer that leaves does not end the source for the others. End the source itself
 * when all are done. `ready` is awaited before each value: the place to hold everything back.
 */
export function share<T>(source: Iterator<T, unknown, undefined>, ready?: () => Promise<void> | undefined): Shared<T> {
  let started = Promise.resolve();
  // Pulls cannot cross: between the waits and the answer nothing is awaited.
  const pull = async (start: Promise<void>): Promise<IteratorResult<T, undefined>> => {
    await start;
    await ready?.();
    const next = source.next();
    return next.done ? {done: true, value: undefined} : {done: false, value: next.value};
  };
  return {
    [Symbol.asyncIterator]: () => ({next: () => pull(started)}),
    headStart(count) {
      const own = Promise.resolve();
      let left = count;
      let start = (): void => undefined;
      started = new Promise(resolve => {
        start = resolve;
      });
      const next = async () => {
        const value = await pull(own);
        left -= 1;
        if (value.done || left <= 0) start();
        return value;
      };
      return {[Symbol.asyncIterator]: () => ({next})};
    },
  };
}
