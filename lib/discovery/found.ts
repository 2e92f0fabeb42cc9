/**
 * Portals to actors that were found: over a link, or over the channel that is there anyway.
 * Floor 6: above `links`; `lookup` gives them out.
 */
import type {Actor} from '../actor/actor.js';
import {parentOf} from '../actor/parent.js';
import {makePortal, type Portal, withInternalOptions} from '../actor/portal.js';
import {selfPortal} from '../actor/self-portal.js';
import {formatActor} from '../base/actor-id.js';
import {current} from '../base/current.js';
import {ActorDied, type ContextCancelled} from '../base/errors.js';
import {handedDown} from '../base/scope.js';
import type {Held} from './links.js';
import type {Names} from './names.js';

/**
 * A portal to an actor that this one did not start. Disposing of it closes the connection, once nothing runs over it any
 * more, and cancels nothing. It is disposed of with the scope in which it was found.
 */
export interface FoundPortal extends Portal, AsyncDisposable {}

/** A portal over a channel that is there anyway: to this very actor, its parent, one of its children. */
export async function portalNearby(names: Names, id: string): Promise<FoundPortal | undefined> {
  const {actor} = names;
  if (id === actor.id.id) return disposable(await selfPortal(actor), () => {});
  const parent = parentOf(actor);
  const known = parent?.actor.id === id ? parent : names.child(id);
  return known && disposable(known, () => {});
}

/** A portal over a link. */
export function portalOver(actor: Actor, held: Held): FoundPortal {
  const {peer} = held;
  let asked = false;
  const ended = new Promise<ActorDied | undefined>(resolve => {
    peer.onEnded(error => {
      const {peer: id, closed} = peer.channel;
      if (!asked && closed?.cause instanceof ActorDied) return resolve(closed.cause);
      const text = `the connection to ${id ? formatActor(id) : 'an actor'} has ended: whether it lives on is not known`;
      resolve(asked ? undefined : new ActorDied(text, {exit: {code: null, signal: null}, actor: id, cause: error}));
    });
  });
  const portal = makePortal(peer, {
    scope: actor.scope,
    ended,
    cancelActor: async why => {
      asked = true;
      return endOver(actor, held, why, ended);
    },
  });
  return disposable(portal, () => held.release());
}

/** Asks the actor as a whole to end. True when it did: its end of the link is gone. */
async function endOver(actor: Actor, {peer}: Held, why: ContextCancelled, ended: Promise<unknown>): Promise<boolean> {
  const {exit} = actor.tree.timeouts;
  const gate = actor.scope.clock.free();
  if (gate) await gate;
  if (peer.channel.closed) return true;
  peer.cancelActor(why, handedDown(exit));
  return actor.scope.clock.within(ended, exit);
}

/** Lets go at the end of the scope that runs, where nobody has done so before. */
function disposable(portal: Portal, release: () => void): FoundPortal {
  let leave = (): void => {};
  let gone = false;
  const dispose = async (): Promise<void> => {
    if (gone) return;
    gone = true;
    leave();
    release();
  };
  const scope = current()?.scope;
  // Whoever looked for it did not wait until it was found.
  if (scope?.settled) void dispose();
  else leave = scope?.adopt({label: 'a portal that was found', finish: dispose, end: dispose}) ?? leave;
  const over = (): string | undefined =>
    gone ? 'it was disposed of, or the scope in which it was found has ended: find the actor again' : undefined;
  return Object.assign(withInternalOptions(portal, {over}), {[Symbol.asyncDispose]: dispose});
}
