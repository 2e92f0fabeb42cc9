/**
 * One channel to one peer that is neither parent nor child: who holds it, and how both ends let go of it.
 * Floor 6: below `links`, which has one for each peer.
 *
 * An end that has no use for it says so (Goaway `idle`), and closes it when the other has none either. Whoever needs it
 * again before that asks for it (`needed`): the answer (`kept`) comes, or the end of the channel does.
 */
import type {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {type ActorDied, type ActorError, TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {startHeartbeat} from '../channel/heartbeat.js';
import type {Transport} from '../transport/transport.js';

/** A link that is held. */
export interface Held {
  readonly peer: Peer;
  /** Lets go. Idempotent. */
  release(): void;
}

export interface LinkOptions {
  readonly side: 'connected' | 'accepted';
  /** Whether it leads over a network, where the end of the other side may never be heard. */
  readonly far: boolean;
  /** It cannot be used any more. `silent`: because the peer has not answered. Told once. */
  gone(silent: boolean): void;
  /** How the peer died, as far as its own tree knows. */
  deathOf(): Promise<ActorDied | undefined>;
}

export class Link {
  readonly peer: Peer;
  readonly side: 'connected' | 'accepted';
  readonly #gone: LinkOptions['gone'];
  readonly #deathOf: LinkOptions['deathOf'];
  #holders = 0;
  /** This end has said that it has no use for it. */
  #saidIdle = false;
  /** The end that connected may still find that it has another link, and not open this one. */
  #isSure: boolean;
  #peerIdle = false;
  #over = false;
  /** Those who have asked whether the peer still has it, oldest first. */
  readonly #asking: (() => void)[] = [];

  constructor(actor: Actor, id: ActorId, transport: Transport, options: LinkOptions) {
    this.side = options.side;
    this.#isSure = options.side === 'connected';
    this.#gone = options.gone;
    this.#deathOf = options.deathOf;
    let stopHeartbeat = (): void => {};
    this.peer = new Peer(
      actor,
      transport,
      options.side,
      {
        cancelled: (why, budget) => void actor.endFor?.(why, budget),
        goaway: reason => this.#heard(reason),
        quiet: () => this.#consider(),
      },
      id,
    );
    const {channel} = this.peer;
    channel.awaitVerdict(closed => {
      stopHeartbeat();
      const inUse = this.#holders > 0 || channel.size > 0;
      // Not for use from now on: others connect anew while its end is looked into.
      this.#end(closed.kind === 'heartbeat');
      return inUse ? this.#verdict(closed) : Promise.resolve(closed);
    });
    if (channel.closed) return;
    const {heartbeat} = actor.tree.timeouts;
    let forgive = (): void => {};
    const stop = startHeartbeat(channel, heartbeat, state => {
      log('runtime', `${formatActor(id)} is ${state}`);
      forgive();
      // Within a host the kernel says who is gone; beyond it only silence does. Whoever is silent while somebody is at a
      // prompt has another period after it.
      if (options.far && state === 'unresponsive')
        forgive = actor.scope.clock.overdue(heartbeat, () => channel.destroy('heartbeat'));
    });
    stopHeartbeat = () => {
      stop();
      forgive();
    };
  }

  hold(): Held {
    let held = true;
    this.#holders++;
    return {
      peer: this.peer,
      release: () => {
        if (!held) return;
        held = false;
        this.#holders--;
        this.#consider();
      },
    };
  }

  /** Whether it may be used, for one who holds it: where this end had let go of it the other may have closed it meanwhile. */
  async isKept(): Promise<boolean> {
    if (this.#over || (this.#isSure && !this.#saidIdle)) return !this.#over;
    return this.isThere();
  }

  /** Asks the peer whether it still has it. */
  async isThere(): Promise<boolean> {
    if (this.#over) return false;
    const {release} = this.hold();
    const answered = new Promise<void>(resolve => this.#asking.push(resolve));
    this.peer.goaway('needed');
    await answered;
    if (!this.#over) {
      this.#saidIdle = false;
      this.#isSure = true;
    }
    release();
    return !this.#over;
  }

  /** One death, one story (rule T17): where the peer's own parent has seen it die, that is the cause. */
  async #verdict(closed: TransportClosed): Promise<ActorError> {
    if (closed.kind !== 'eof' && closed.kind !== 'reset') return closed;
    const death = await this.#deathOf().catch(() => undefined);
    if (!death) return closed;
    const {message, kind, actor} = closed;
    return new TransportClosed(`${message}: ${death.message}`, {kind, actor, cause: death});
  }

  #heard(reason: string): void {
    if (reason === 'idle') {
      this.#peerIdle = true;
      this.#consider();
    } else if (reason === 'needed') {
      this.#peerIdle = false;
      // One that is being closed says nothing more: its end is the answer.
      if (!this.#over) this.peer.goaway('kept');
      this.#consider();
    } else if (reason === 'kept') this.#asking.shift()?.();
  }

  /** Nobody here needs it: says so, or closes it where nobody over there does either. */
  #consider(): void {
    const {channel} = this.peer;
    if (this.#over || this.#holders > 0 || channel.size > 0) return;
    if (this.#peerIdle) {
      // Not for use from now on, though its end is still to come.
      this.#end(false);
      channel.close();
    } else if (!this.#saidIdle) {
      this.#saidIdle = true;
      this.peer.goaway('idle');
    }
  }

  #end(silent: boolean): void {
    if (this.#over) return;
    this.#over = true;
    for (const answer of this.#asking.splice(0)) answer();
    this.#gone(silent);
  }
}
