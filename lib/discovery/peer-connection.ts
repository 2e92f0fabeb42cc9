/**
 * The connection to one peer that is neither parent nor child: who uses it, and how both ends agree to close it.
 * Floor 6: below `peer-connections`, which has one for each peer.
 *
 * An end that does not need the connection says so (Goaway `idle`), and closes it when the other end does not need it either. An
 * end that needs it again after that asks for it (`needed`). Then either the answer `kept` comes, or the end of the channel.
 */
import type {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import {type ActorId, formatActor} from '../base/actor-id.js';
import type {Stop} from '../base/clock.js';
import {type ActorDied, type ActorError, TransportClosed} from '../base/errors.js';
import {linkEvents, tell} from '../base/events.js';
import {Fifo} from '../base/fifo.js';
import {log} from '../base/log.js';
import {startHeartbeat} from '../channel/heartbeat.js';
import {watchWrites} from '../channel/write-watch.js';
import type {Transport} from '../transport/transport.js';

/** The right to use a connection. The connection stays open at least until the lease is released. */
export interface Lease {
  readonly peer: Peer;
  /** Gives the lease back. Idempotent. */
  release(): void;
}

export interface PeerConnectionOptions {
  /** Whether this end has connected or has listened. */
  readonly side: 'connected' | 'accepted';
  /** Whether the connection leads over a network, where this end may never hear that the other end is gone. */
  readonly isRemote: boolean;
  /** Whether the other end has proved that it is an actor of this tree. */
  readonly isOfTree: boolean;
  /**
   * Called once, when the connection cannot be used any more.
   *
   * @param isSilent whether the reason is that the peer has not answered
   */
  gone(isSilent: boolean): void;
  /** Asks the peer's own tree how the peer died; undefined when its tree does not know. */
  deathOf(): Promise<ActorDied | undefined>;
}

export class PeerConnection {
  readonly peer: Peer;
  readonly side: 'connected' | 'accepted';
  readonly #gone: PeerConnectionOptions['gone'];
  readonly #deathOf: PeerConnectionOptions['deathOf'];
  /** The number of leases. */
  #leases = 0;
  /** True after this end has said that it does not need the connection. */
  #hasSaidIdle = false;
  /**
   * Whether the other end is known to use this connection. The end that has connected may still find that it has another
   * connection, and not use this one.
   */
  #isConfirmed: boolean;
  /** True after the peer has said that it does not need the connection. */
  #isPeerIdle = false;
  #isOver = false;
  /** One for each question whether the peer still has the connection, the oldest first. Called at the answer or at the end. */
  readonly #questions = new Fifo<() => void>();

  constructor(actor: Actor, id: ActorId, transport: Transport, options: PeerConnectionOptions) {
    this.side = options.side;
    this.#isConfirmed = options.side === 'connected';
    this.#gone = options.gone;
    this.#deathOf = options.deathOf;
    let stopWatching: Stop = () => {};
    this.peer = new Peer(
      actor,
      transport,
      options.side,
      {
        cancelled: (why, budget) => void actor.endFor?.(why, budget),
        goaway: reason => this.#heard(reason),
        quiet: () => this.#closeIfIdle(),
      },
      id,
      options.isOfTree,
    );
    const {channel} = this.peer;
    channel.awaitVerdict(closed => {
      stopWatching();
      const isInUse = this.#leases > 0 || channel.size > 0;
      // An end that nobody needs the connection for closes it without another word.
      const isIdle = !isInUse && (closed.kind === 'eof' || closed.kind === 'closed');
      tell(linkEvents, () => ({
        type: isIdle ? 'idle' : 'lost',
        actor: actor.id,
        peer: id,
        ...(!isIdle && {reason: closed.kind}),
      }));
      // From now on it is not used any more: others connect anew while this end asks how the peer ended.
      this.#end(closed.kind === 'heartbeat');
      return isInUse ? this.#verdict(closed) : Promise.resolve(closed);
    });
    if (channel.closed) return;
    tell(linkEvents, () => ({type: 'up', actor: actor.id, peer: id}));
    const stops = [this.#watchSilence(actor, id, options.isRemote)];
    if (options.isRemote) stops.push(this.#watchWrites(actor, id));
    stopWatching = () => {
      for (const stop of stops) stop();
    };
  }

  /** Takes a lease. */
  lease(): Lease {
    let isHeld = true;
    this.#leases++;
    return {
      peer: this.peer,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#leases--;
        this.#closeIfIdle();
      },
    };
  }

  /**
   * Whether the holder of a lease may use the connection. When this end has said before that it does not need the connection, the
   * other end may have closed it, so this end asks.
   */
  async isKept(): Promise<boolean> {
    if (this.#isOver || (this.#isConfirmed && !this.#hasSaidIdle)) return !this.#isOver;
    return this.isThere();
  }

  /** Asks the peer whether it still has the connection. */
  async isThere(): Promise<boolean> {
    if (this.#isOver) return false;
    const {release} = this.lease();
    const answered = new Promise<void>(resolve => this.#questions.push(resolve));
    this.peer.goaway('needed');
    await answered;
    if (!this.#isOver) {
      this.#hasSaidIdle = false;
      this.#isConfirmed = true;
    }
    release();
    return !this.#isOver;
  }

  /** Reports a silent peer, and ends the connection when it is a remote one. Returns how to stop. */
  #watchSilence(actor: Actor, id: ActorId, isRemote: boolean): Stop {
    const {heartbeat} = actor.tree.timeouts;
    const {channel} = this.peer;
    let stopWaiting: Stop = () => {};
    const stop = startHeartbeat(channel, heartbeat, state => {
      log('runtime', `${formatActor(id)} is ${state}`);
      stopWaiting();
      // Within a host the kernel tells which peer is gone; over a network only silence does. A peer that is silent while somebody
      // is at a prompt gets another period after the prompt.
      if (isRemote && state === 'unresponsive')
        stopWaiting = actor.scope.clock.overdue(heartbeat, () => channel.destroy('heartbeat'));
    });
    return () => {
      stop();
      stopWaiting();
    };
  }

  /** Ends a remote connection whose peer takes nothing of what is sent to it, although it may go on talking. Returns how to stop. */
  #watchWrites(actor: Actor, id: ActorId): Stop {
    const {heartbeat} = actor.tree.timeouts;
    const {channel} = this.peer;
    let stopWaiting: Stop = () => {};
    const stop = watchWrites(channel, heartbeat, state => {
      log('runtime', `what is sent to ${formatActor(id)} is ${state}`);
      stopWaiting();
      if (state === 'stuck') stopWaiting = actor.scope.clock.overdue(heartbeat, () => channel.destroy('heartbeat'));
    });
    return () => {
      stop();
      stopWaiting();
    };
  }

  /** The error for the contexts (rule T17: one death, one story): when the peer's parent has seen it die, that is the cause. */
  async #verdict(closed: TransportClosed): Promise<ActorError> {
    if (closed.kind !== 'eof' && closed.kind !== 'reset') return closed;
    const death = await this.#deathOf().catch(() => undefined);
    if (!death) return closed;
    const {message, kind, actor} = closed;
    return new TransportClosed(`${message}: ${death.message}`, {kind, actor, cause: death});
  }

  /** Takes a Goaway of the peer. */
  #heard(reason: string): void {
    if (reason === 'idle') {
      this.#isPeerIdle = true;
      this.#closeIfIdle();
    } else if (reason === 'needed') {
      this.#isPeerIdle = false;
      // A connection that is being closed gives no answer: its end is the answer.
      if (!this.#isOver) this.peer.goaway('kept');
      this.#closeIfIdle();
    } else if (reason === 'kept') this.#questions.shift()?.();
  }

  /** When this end does not need the connection, it says so; when the other end does not need it either, this end closes it. */
  #closeIfIdle(): void {
    const {channel} = this.peer;
    if (this.#isOver || this.#leases > 0 || channel.size > 0) return;
    if (this.#isPeerIdle) {
      // From now on it is not used any more, although its end is still to come.
      this.#end(false);
      channel.close();
    } else if (!this.#hasSaidIdle) {
      this.#hasSaidIdle = true;
      this.peer.goaway('idle');
    }
  }

  #end(isSilent: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const answer of this.#questions.takeAll()) answer();
    this.#gone(isSilent);
  }
}
