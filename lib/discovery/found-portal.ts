/**
 * Portals to actors that were found: over a direct connection, or over a channel that is there anyway.
 * Floor 6: above `names` and `peer-connection`; `lookup` gives the portals out.
 */
import type {Actor} from '../actor/actor.js';
import {parentOf} from '../actor/parent.js';
import {makePortal, type Portal, withInternalOptions} from '../actor/portal.js';
import {selfPortal} from '../actor/self-portal.js';
import {formatActor} from '../base/actor-id.js';
import {current} from '../base/current.js';
import {ActorDied, type ContextCancelled} from '../base/errors.js';
import {handedDown} from '../base/scope.js';
import type {Names} from './names.js';
import type {Lease} from './peer-connection.js';

/**
 * A portal to an actor that was found, by `findActor`, `waitForActor` or `connect`. Disposing of it gives the connection back and
 * cancels nothing: the connection closes when nothing runs over it any more. The portal is disposed of with the scope in which the
 * actor was found. A call through it after that rejects with `TransportClosed`.
 *
 * @example
 * ```ts
 * await using prices = await waitForActor('prices');
 * console.log(await prices.run(price, 'apples'));
 * console.log(prices.actor.name, prices.actor.pid);
 * ```
 */
export interface FoundPortal extends Portal, AsyncDisposable {}

/** A portal over a channel that is there anyway: to this actor itself, to its parent, or to one of its children. */
export async function portalNearby(names: Names, id: string): Promise<FoundPortal | undefined> {
  const {actor} = names;
  if (id === actor.id.id) return disposable(await selfPortal(actor), () => {});
  const parent = parentOf(actor);
  const known = parent?.actor.id === id ? parent : names.child(id);
  return known && disposable(known, () => {});
}

/** A portal over a direct connection. Disposing of it releases the lease. */
export function portalOver(actor: Actor, lease: Lease): FoundPortal {
  const {peer} = lease;
  let isCancelled = false;
  const ended = new Promise<ActorDied | undefined>(resolve => {
    peer.onEnded(error => {
      const {peer: id, closed} = peer.channel;
      if (!isCancelled && closed?.cause instanceof ActorDied) return resolve(closed.cause);
      const text = `the connection to ${id ? formatActor(id) : 'an actor'} has ended: whether it lives on is not known`;
      const death = new ActorDied(text, {exit: {code: null, signal: null}, actor: id, cause: error});
      resolve(isCancelled ? undefined : death);
    });
  });
  const portal = makePortal(peer, {
    scope: actor.scope,
    ended,
    cancelActor: async why => {
      isCancelled = true;
      return cancelOver(actor, lease, why, ended);
    },
  });
  return disposable(portal, () => lease.release());
}

/** Asks the actor as a whole to end. True when it did, which the end of the connection shows. */
async function cancelOver(
  actor: Actor,
  {peer}: Lease,
  why: ContextCancelled,
  ended: Promise<unknown>,
): Promise<boolean> {
  const {exit} = actor.tree.timeouts;
  const gate = actor.scope.clock.free();
  if (gate) await gate;
  if (peer.channel.closed) return true;
  peer.cancelActor(why, handedDown(exit));
  return actor.scope.clock.within(ended, exit);
}

/** Makes a portal disposable. The current scope disposes of it at its end, when the user has not done so before. */
function disposable(portal: Portal, release: () => void): FoundPortal {
  let leaveScope = (): void => {};
  let isDisposed = false;
  const dispose = async (): Promise<void> => {
    if (isDisposed) return;
    isDisposed = true;
    leaveScope();
    release();
  };
  const scope = current()?.scope;
  // The scope that looked for the actor has ended before it was found.
  if (scope?.settled) void dispose();
  else leaveScope = scope?.adopt({label: 'a portal that was found', finish: dispose, end: dispose}) ?? leaveScope;
  const over = (): string | undefined =>
    isDisposed ? 'it was disposed of, or the scope in which it was found has ended: find the actor again' : undefined;
  return Object.assign(withInternalOptions(portal, {over}), {[Symbol.asyncDispose]: dispose});
}
