/**
 * Tells a subscriber that its call cannot be made, because its scope has ended or the actor is gone.
 * Floor 4, room `rx`: below the cold Observables of `remote-stream`, `bounded-work` and `context`.
 */
import type {Subscriber} from 'rxjs';
import type {Scope} from '../../base/scope.js';

/** Opens for a subscriber. Undefined when that is refused; then the subscriber gets the error. */
export type Open = <T>(subscriber: Refusable, open: () => T) => T | undefined;

/** The part of a subscriber that a refusal needs. */
type Refusable = Pick<Subscriber<unknown>, 'add' | 'error'>;

export function refusing(scopeOf: () => Scope): Open {
  return (subscriber, open) => {
    try {
      return open();
    } catch (error) {
      refuse(subscriber, error, scopeOf());
      return undefined;
    }
  };
}

/**
 * The refusal comes in the next turn of the loop, because a `retry` of what is refused at once would never let the loop turn.
 * When the scope has settled, the turn does not keep the process alive, because a `retry` without a count would keep it for
 * ever.
 */
export function refuse(subscriber: Refusable, error: unknown, {clock, settled}: Scope): void {
  subscriber.add(clock.soon(() => subscriber.error(error), {background: settled}));
}
