/**
 * Connects a root with one host: a control connection, on which it asks for processes, and another one for beats, because lines of
 * output must not delay a beat.
 * Floor 6: above `contract`, `lease` and `road`; `fixed-hosts` opens it, `remote-body` asks over it.
 */
import type {Actor} from '../actor/actor.js';
import {scopeKey} from '../actor/call-options.js';
import {Peer} from '../actor/peer.js';
import {guestPortal, type Portal} from '../actor/portal.js';
import {type ActorId, newId} from '../base/actor-id.js';
import {plainClock, type Stop} from '../base/clock.js';
import {deferred} from '../base/deferred.js';
import {thrownText} from '../base/foreign.js';
import {log} from '../base/log.js';
import {Scope} from '../base/scope.js';
import {beatsThere} from './contract.js';
import {beginLease, type Lease, leaseTimes, nextLookIn, stepLease} from './lease.js';
import type {Road} from './road.js';

/** An end of a host link that was not asked for. */
export interface Loss {
  /** In words, behind the name of the host. */
  readonly text: string;
  /** Whether the actors there may still have run when the host fell silent: they count as ended, because their lease is over. */
  readonly isFenced: boolean;
  readonly cause?: unknown;
}

export class HostLink {
  readonly road: Road;
  /** The daemon. Its name is that of the host. */
  readonly host: ActorId;
  readonly session = newId();
  readonly #actor: Actor;
  readonly #control: Peer;
  /** The scope of the link has no parent, because a host that is lost is not a failure of the task that runs at that moment. */
  readonly #scope = new Scope('a host');
  readonly #lost = deferred<Loss>();
  readonly #fenced = deferred<Loss>();
  #lease: Lease | undefined;
  #beats: Peer | undefined;
  #isDialling = false;
  #loss: Loss | undefined;
  #lastBeat = 0;
  #roundTrip = Number.POSITIVE_INFINITY;
  #stopLooking: Stop = () => {};
  readonly #firstBeat = deferred();

  /** @throws what `connectToActor` throws, when the host is not there or refuses */
  static async open(actor: Actor, road: Road): Promise<HostLink> {
    const {peer, transport} = await road.dial();
    const control = new Peer(actor, transport, 'connected', {}, peer, false);
    const link = new HostLink(actor, road, control);
    try {
      await link.#begin();
    } catch (error) {
      link.close();
      throw error;
    }
    return link;
  }

  private constructor(actor: Actor, road: Road, control: Peer) {
    this.#actor = actor;
    this.road = road;
    this.#control = control;
    this.host = control.channel.peer as ActorId;
    control.channel.keepAlive(false);
    control.onEnded(cause =>
      this.#end({text: `its daemon has ended, or closed the connection: ${thrownText(cause)}`, isFenced: false, cause}),
    );
  }

  get isOver(): boolean {
    return this.#loss !== undefined;
  }

  /** Why nothing can be asked of the host any more. Undefined while it can. */
  get loss(): Loss | undefined {
    return this.#loss;
  }

  /** The clock of the host when it sent the last beat that has come. */
  get lastBeat(): number {
    return this.#lastBeat;
  }

  /** The shortest time of a question and its answer so far, in ms. */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  /** Resolves when nothing can be asked of the host any more. */
  get lost(): Promise<Loss> {
    return this.#lost.promise;
  }

  /** Resolves when every actor there has ended, whatever is heard of it: no beat is answered any more, so its lease is over. */
  get fenced(): Promise<Loss> {
    return this.#fenced.promise;
  }

  /** Calls go to the daemon. */
  get portal(): Portal {
    return portalOf(this.#control, this.#scope);
  }

  close(): void {
    this.#end({text: 'this side has closed the connection', isFenced: false});
  }

  /** No order can be given before a beat has come: the lease of an actor begins with it. */
  async #begin(): Promise<void> {
    const {handshake} = this.#actor.tree.timeouts;
    await this.#dialBeats();
    const isThere = await plainClock.within(Promise.race([this.#firstBeat.promise, this.lost]), handshake);
    if (isThere && !this.isOver) return;
    throw new Error(`${this.host.name} sends no beats`);
  }

  async #dialBeats(): Promise<void> {
    this.#isDialling = true;
    try {
      const {peer, transport} = await this.road.dial();
      if (this.isOver) return transport.destroy();
      this.#beats?.channel.destroy();
      const beats = new Peer(this.#actor, transport, 'connected', {}, peer, false);
      beats.channel.keepAlive(false);
      this.#beats = beats;
      void this.#listen(beats);
    } finally {
      this.#isDialling = false;
    }
  }

  /** Answers each beat with what it says. When the connection has ended, the next look dials anew. */
  async #listen(beats: Peer): Promise<void> {
    try {
      const {lease} = this.#actor.tree.timeouts;
      const askedAt = plainClock.now();
      const context = await portalOf(beats, this.#scope).openContext(beatsThere, this.session, lease);
      this.#roundTrip = Math.min(this.#roundTrip, plainClock.now() - askedAt);
      beats.channel.keepAlive(false);
      const wire = context.openStream();
      for await (const sentAt of wire) {
        if (this.isOver) break;
        this.#heard(sentAt);
        wire.next(sentAt);
      }
    } catch (error) {
      log('runtime', `the beats of ${this.host.name} have ended`, {error});
    }
  }

  #heard(sentAt: number): void {
    const at = plainClock.now();
    this.#lastBeat = sentAt;
    if (this.#lease) this.#lease = stepLease(this.#lease, {type: 'heard', at, provenAt: at}).next;
    else {
      this.#lease = beginLease('grantor', this.#actor.tree.timeouts.lease, at, at);
      this.#look();
    }
    this.#firstBeat.resolve();
  }

  #look(): void {
    const lease = this.#lease as Lease;
    this.#stopLooking = plainClock.timer(nextLookIn(lease, plainClock.now()), () => this.#tick(), {background: true});
  }

  #tick(): void {
    const at = plainClock.now();
    const silence = at - (this.#lease as Lease).provenAt;
    const {next, acts} = stepLease(this.#lease as Lease, {type: 'tick', at});
    this.#lease = next;
    const {name} = this.host;
    if (acts.includes('warn'))
      log(
        'warn',
        `this process stood still: ${name} ends its actors when it hears nothing for ${leaseTimes(next.length).cancel} ms (timeouts.lease)`,
      );
    if (acts.includes('fenced'))
      return this.#end({text: `it was not heard for ${Math.round(silence)} ms (timeouts.lease)`, isFenced: true});
    // The system's own attempts to send again wait for longer than a cut lasts.
    if (silence > 3 * leaseTimes(next.length).beat && !this.#isDialling)
      this.#dialBeats().catch(error => log('runtime', `${name} is silent`, {error}));
    this.#look();
  }

  #end(loss: Loss): void {
    if (this.#loss) return;
    this.#loss = loss;
    this.#stopLooking();
    this.#lost.resolve(loss);
    const wait = loss.isFenced ? 0 : leaseTimes(this.#actor.tree.timeouts.lease).fenced;
    plainClock.timer(wait, () => this.#fenced.resolve({...loss, isFenced: true}), {background: true});
    for (const peer of [this.#control, this.#beats]) peer?.channel.destroy();
  }
}

const portalOf = (peer: Peer, scope: Scope): Portal => guestPortal(peer, scope).with({scope: {[scopeKey]: scope}});
