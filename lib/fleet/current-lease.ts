/**
 * The lease of an actor on another host, as its own code sees it.
 * Floor 6: `remote-child` attaches it to the actor. It is loaded by every actor, so it imports nothing but who is current.
 */
import {Attached} from '../base/attached.js';
import {current} from '../base/current.js';

/**
 * The lease under which an actor runs on another host. See `currentLease`.
 *
 * @example
 * ```ts
 * const lease = currentLease();
 * if (lease && lease.remaining() < 1_000) console.error('the root is silent');
 * lease?.signal.addEventListener('abort', () => console.error(lease.token, lease.signal.reason));
 * ```
 */
export interface CurrentLease {
  /**
   * The fencing token: a decimal text of 20 digits, so that tokens of one root are in the same order as texts and as numbers. Each actor that a
   * root places has a larger one than all before, also over restarts of the root, unless the wall clock of the root was put back.
   */
  readonly token: string;
  /** Aborts when the actor must end, because its host and the root do not hear each other. Its reason is a ContextCancelled. */
  readonly signal: AbortSignal;
  /** For how many ms the actor may still run, when nothing more is heard of the root. 0 when the lease is over. */
  remaining(): number;
}

export const leases = new Attached<CurrentLease>();

/**
 * The lease of the running actor, when another process has placed it on this host. Undefined in every other actor, and outside of actors. The
 * actors that it starts here have no lease of their own: they end with it, and it can hand them the token.
 *
 * A service that keeps a lock, or takes writes, remembers the largest token that it has seen and refuses a smaller one. Then an actor that counts as
 * ended changes nothing any more, even where its whole machine stood still.
 *
 * @example
 * ```ts
 * export const save = task(async (row: Row) => {
 *   const lease = currentLease();
 *   await database.query('update rows set value = $1, token = $2 where id = $3 and token <= $2', [row.value, lease?.token, row.id]);
 * });
 * ```
 */
export function currentLease(): CurrentLease | undefined {
  const runtime = current()?.runtime;
  return runtime && leases.of(runtime);
}
