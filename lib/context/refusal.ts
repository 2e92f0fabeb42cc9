/**
 * What a subscriber is told when the call that it asks for cannot be made: its scope is over, its actor is gone.
 * Floor 4: below the cold Observables, `remote-stream`, `crew` and `context`.
 */
import type {Subscriber} from 'rxjs';

/** Opens for a subscriber. Undefined where that is refused: the subscriber is told. */
export type Open = <T>(subscriber: Subscriber<unknown>, open: () => T) => T | undefined;

/**
 * One for each cold Observable. The refusal comes in a macrotask, because a `retry` of what is refused at once would never
 * let go of the loop; and from the second time on nothing is kept running for it, because a `retry` does not give up.
 */
export function refusing(): Open {
  let before = false;
  return (subscriber, open) => {
    try {
      return open();
    } catch (error) {
      const soon = setImmediate(() => subscriber.error(error));
      if (before) soon.unref();
      before = true;
      subscriber.add(() => clearImmediate(soon));
      return undefined;
    }
  };
}
