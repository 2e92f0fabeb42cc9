/**
 * What a subscriber is told when the call that it asks for cannot be made: its scope is over, its actor is gone.
 * Floor 4: below the cold Observables, `remote-stream`, `bounded-work` and `context`.
 */
import type {Subscriber} from 'rxjs';
import type {Scope} from '../../base/scope.js';

/** Opens for a subscriber. Undefined where that is refused: the subscriber is told. */
export type Open = <T>(subscriber: Subscriber<unknown>, open: () => T) => T | undefined;

/**
 * The refusal comes in a macrotask, because a `retry` of what is refused at once would never let go of the loop. Once the
 * scope has settled nothing is kept running for it: a `retry` without a count would keep the process for ever.
 */
export function refusing(scopeOf: () => Scope): Open {
  return (subscriber, open) => {
    try {
      return open();
    } catch (error) {
      const {clock, settled} = scopeOf();
      subscriber.add(clock.soon(() => subscriber.error(error), {background: settled}));
      return undefined;
    }
  };
}
