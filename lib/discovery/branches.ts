/**
 * The branches of the tree directly below an actor, each with a portal to its top actor: its children, and at the root of a
 * registrar also the programs that have joined it.
 * Floor 6: below `address-search` and `names`.
 */
import type {Actor} from '../actor/actor.js';
import type {Peer} from '../actor/peer.js';
import {guestPortal, type Portal} from '../actor/portal.js';

export class Branches {
  readonly #actor: Actor;
  readonly #children = new Map<string, Portal>();
  /** The programs that have joined, by the id of their root. Their actors are reached over its connection. */
  readonly #programs = new Map<string, {readonly peer: Peer; readonly portal: Portal}>();

  constructor(actor: Actor) {
    this.#actor = actor;
  }

  addChild(id: string, portal: Portal): void {
    this.#children.set(id, portal);
  }

  removeChild(id: string): void {
    this.#children.delete(id);
  }

  child(id: string): Portal | undefined {
    return this.#children.get(id);
  }

  get children(): Iterable<[id: string, portal: Portal]> {
    return this.#children;
  }

  /** A program joins over a connection, and leaves with its end. @param left called when it leaves */
  addProgram(id: string, peer: Peer, left: () => void): void {
    if (this.#programs.get(id)?.peer === peer) return;
    this.#programs.set(id, {peer, portal: guestPortal(peer, this.#actor.scope)});
    peer.onEnded(() => {
      if (this.#programs.get(id)?.peer !== peer) return;
      this.#programs.delete(id);
      left();
    });
  }

  /** The portal to the top actor of a branch. */
  portal(id: string): Portal | undefined {
    return this.#children.get(id) ?? this.#programs.get(id)?.portal;
  }
}
