/**
 * Roads through the tree: where one of two actors has no address that the other could dial, the bytes of their connection travel in a
 * context along parent links. Each actor on the way passes them on unread, and vouches for the actor for whom it asks.
 * Floor 6: a part of `names`, above `transport/tunnelled`. At both ends `peer-connections` makes a connection of the road.
 */
import type {Actor} from '../actor/actor.js';
import {scopeKey} from '../actor/call-options.js';
import {parentOf} from '../actor/parent.js';
import type {Portal} from '../actor/portal.js';
import {formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {deferred} from '../base/deferred.js';
import {NotExposed, ResourceExhausted, TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {Scope} from '../base/scope.js';
import type {Context} from '../context/rx/context.js';
import {TunnelledStream} from '../transport/tunnelled.js';
import type {Branches} from './branches.js';
import {type TunnelEnd, tunnelThere} from './name-functions.js';
import type {PeerConnections} from './peer-connections.js';
import type {Registrar} from './registrar.js';
import {originalError} from './upstream.js';

/**
 * Maximum number of roads that one neighbour may have through an actor at a time, and into it. Two actors share one road, so that an
 * honest neighbour needs as many as there are pairs of actors on both sides of it.
 */
const maxTunnels = 4_096;

export interface TunnelsOptions {
  readonly actor: Actor;
  /** The actors below this one. */
  readonly registrar: Registrar;
  readonly branches: Branches;
  /** Takes the roads that end here. */
  connections(): Promise<PeerConnections>;
}

export class Tunnels {
  readonly #actor: Actor;
  readonly #registrar: Registrar;
  readonly #branches: Branches;
  readonly #connections: TunnelsOptions['connections'];
  /** How many roads the neighbours have here, by the id of the neighbour. */
  readonly #counts = new Map<string, number>();

  constructor({actor, registrar, branches, connections}: TunnelsOptions) {
    this.#actor = actor;
    this.#registrar = registrar;
    this.#branches = branches;
    this.#connections = connections;
  }

  /** Opens a road to an actor of this tree. Rejects with TransportClosed, and with the error of the actor that refuses to pass it on. */
  async open(to: string): Promise<TunnelledStream> {
    const {handshake} = this.#actor.tree.timeouts;
    const late = new AbortController();
    const opening = this.#begin(this.#next(to), to, this.#actor.id.id, late.signal);
    if (!(await plainClock.within(opening, handshake))) {
      late.abort();
      opening.catch(() => {});
      const text = `the road through the tree has not been opened within ${handshake} ms (timeouts.handshake)`;
      throw new TransportClosed(text, {kind: 'heartbeat'});
    }
    const context = await opening;
    // A road that has ended at both ends is not cancelled, because a cancel would overtake the last bytes.
    return new TunnelledStream(context.openStream(), isBrokenOff => {
      if (isBrokenOff) void context.cancel();
    });
  }

  /**
   * A neighbour asks for a road to this actor or beyond it. Resolves when the road has ended.
   *
   * @param to the id of the actor at its end @param from the id of the actor that has opened it
   * @throws NotExposed, ResourceExhausted `roads`, TransportClosed
   */
  async take(ctx: TunnelEnd, to: string, from: string): Promise<void> {
    const by = ctx.peer.id;
    if (!this.#maySpeakFor(by, from))
      throw new NotExposed(
        'only a parent or a child may ask for a road, and a child only for itself and those below it',
      );
    const count = this.#counts.get(by) ?? 0;
    if (count >= maxTunnels) throw tooManyError(this.#actor, ctx);
    this.#counts.set(by, count + 1);
    try {
      await (to === this.#actor.id.id ? this.#accept(ctx, from) : this.#pass(ctx, to, from));
    } finally {
      const left = (this.#counts.get(by) as number) - 1;
      if (left > 0) this.#counts.set(by, left);
      else this.#counts.delete(by);
    }
  }

  /** Rule D1: an actor speaks only for itself and for the actors below it. A parent speaks for all that are not below its child. */
  #maySpeakFor(by: string, from: string): boolean {
    if (by === parentOf(this.#actor)?.actor.id) return true;
    return (
      this.#branches.child(by) !== undefined && (from === by || this.#registrar.registration(from)?.path[0] === by)
    );
  }

  /**
   * The neighbour that is nearer to an actor: the child that it lives below, or else the parent.
   *
   * @param by the id of the neighbour that asks. What comes from the parent does not go back there. @throws TransportClosed
   */
  #next(to: string, by?: string): Portal {
    const registration = this.#registrar.registration(to);
    const child = registration?.path[0] === undefined ? undefined : this.#branches.child(registration.path[0]);
    if (child) return child;
    const parent = parentOf(this.#actor);
    if (parent && parent.actor.id !== by) return parent;
    const text = registration
      ? `${formatActor(registration.actor)} belongs to another program: no road leads there from an actor on another host, or to one`
      : 'the actor has ended, or belongs to another program, to which no road leads from another host';
    throw new TransportClosed(text, {kind: 'closed'});
  }

  /** Asks a neighbour. The road belongs to no task, because both actors share it for all that they do. */
  async #begin(portal: Portal, to: string, from: string, signal: AbortSignal): Promise<Road> {
    const scope = {[scopeKey]: new Scope('a road through the tree')};
    try {
      return await portal.with({scope, signal}).openContext(tunnelThere, to, from);
    } catch (error) {
      throw originalError(error);
    }
  }

  /** The road ends here. */
  async #accept(ctx: TunnelEnd, from: string): Promise<void> {
    const connections = await this.#connections();
    const broken = deferred<boolean>();
    ctx.started.next(null);
    const stream = new TunnelledStream(ctx.openStream(), broken.resolve);
    connections
      .acceptRoad(stream, from)
      .catch(error => log('transport', 'a road through the tree is not used', {error}));
    if (await broken.promise) throw new TransportClosed('the other end has broken off', {kind: 'reset'});
  }

  /** Passes bytes on, in both directions, as far as the next one has room for them. */
  async #pass(ctx: TunnelEnd, to: string, from: string): Promise<void> {
    const onward = await this.#begin(this.#next(to, ctx.peer.id), to, from, ctx.signal);
    try {
      ctx.started.next(null);
      const [near, far] = [ctx.openStream(), onward.openStream()];
      await Promise.all([near.pump(far), far.pump(near)]);
      await onward.result();
    } catch (error) {
      void onward.cancel();
      throw originalError(error);
    }
  }
}

type Road = Context<Uint8Array, Uint8Array, null, void>;

function tooManyError({id}: Actor, {peer}: TunnelEnd): ResourceExhausted {
  const text = `${formatActor(peer)} has ${maxTunnels} roads through ${formatActor(id)} already: let some actors go that were found`;
  return new ResourceExhausted(text, {what: 'roads'});
}
