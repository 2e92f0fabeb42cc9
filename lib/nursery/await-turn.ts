/**
 * The wait of a call that cannot begin yet, because its actor is being started again, or every worker of its pool is busy.
 * Floor 6: below `lasting-portal` and `pool`.
 */
import {onAbort} from '../base/abort.js';
import type {ActorId} from '../base/actor-id.js';
import type {Stop} from '../base/clock.js';
import {type CancelReason, ContextCancelled} from '../base/errors.js';
import {ownCancel, type Scope} from '../base/scope.js';
import type {Codec} from '../msg/codec.js';

/** A call that waits: whatever would cancel it later, cuts its wait short. */
export interface WaitingCall {
  /** Names it in messages: `add in service`. */
  readonly label: string;
  readonly self: ActorId;
  readonly scope: Scope;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that it has in all. */
  readonly timeout?: number | undefined;
}

/** Resolves as `turn` does. Rejects with ContextCancelled when the signal, the time or the scope of the call ends the wait. */
export function awaitTurn<T>(turn: Promise<T>, call: WaitingCall): Promise<T> {
  return new Promise((resolve, reject) => {
    const {scope, signal, timeout} = call;
    const stops: Stop[] = [];
    const settled = <V>(settle: (value: V) => void, value: V): void => {
      for (const stop of stops.splice(0)) stop();
      settle(value);
    };
    const end = (reason: CancelReason, cause: unknown): void => settled(reject, neverBegunError(call, reason, cause));
    turn.then(
      value => settled(resolve, value),
      error => settled(reject, error),
    );
    if (signal?.aborted) return end('requested', signal.reason);
    if (scope.cancelled) return end(reasonOf(scope.cancelled), scope.cancelled);
    stops.push(
      onAbort(signal, cause => end('requested', cause)),
      scope.onCancel(why => end(reasonOf(why), why)),
    );
    if (timeout === undefined || timeout === Number.POSITIVE_INFINITY) return;
    stops.push(scope.clock.limit(Math.max(0, timeout), () => end('deadline', undefined)));
  });
}

/**
 * The arguments as they would cross now, because the caller may change them while the call waits.
 *
 * @throws Unserializable when they cannot cross
 */
export function argumentsNow<A extends unknown[]>(codec: Codec, args: A): A {
  return args.every(cannotChange) ? args : (codec.decode(codec.encode(args, 'args')) as A);
}

function cannotChange(value: unknown): boolean {
  return value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}

/** The scope's own reason, as a call of it tells that. */
function reasonOf({reason}: ContextCancelled): CancelReason {
  return reason === 'requested' ? 'scope' : reason;
}

function neverBegunError({label, self}: WaitingCall, reason: CancelReason, cause: unknown): ContextCancelled {
  const text = `${label} was cancelled before it began (${reason})`;
  return ownCancel(new ContextCancelled(text, {canceller: self, reason, cause}));
}
