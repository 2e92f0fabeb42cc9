/**
 * An actor's side of one channel: greets, serves the calls that come in, and knows which functions the peer knows.
 * Floor 5: between the channel below and the nursery (or the boot) above.
 */
import type {ActorId} from '../base/actor-id.js';
import {ContextCancelled, ProtocolError, type TransportClosed} from '../base/errors.js';
import {Channel} from '../channel/channel.js';
import {encodeHello, readHello} from '../channel/handshake/hello.js';
import {boxError, unboxError} from '../msg/boxed-error.js';
import {decodeCancel, encodeCancel} from '../msg/cancel.js';
import type {Codec} from '../msg/codec.js';
import {type AckStage, type FunctionRef, type GoawayPayload, Kind, type Message} from '../msg/types.js';
import type {Transport} from '../transport/transport.js';
import type {Actor} from './actor.js';
import {Admission} from './admission.js';
import {dispatch} from './dispatch.js';
import type {FunctionHome} from './exposed.js';
import {keyOf, type Mark} from './marks.js';

/** What the owner of a peer (the nursery for a child, the boot for the parent) wants to know. */
export interface PeerEvents {
  /** The peer has said who it is. */
  greeted?(peer: ActorId): void;
  /** Parent to child: what to be. */
  spawn?(payload: unknown): void;
  /** Child to parent: it serves. */
  ready?(): void;
  /** The peer's actor as a whole has failed. */
  failed?(error: unknown): void;
  /** The peer asks this actor to end, in so many milliseconds. */
  cancelled?(why: ContextCancelled, budget: number): void;
  /** The peer has acknowledged the end that it was asked for. */
  acknowledged?(stage: AckStage): void;
  /** The peer says that it has no more use for the channel, or why it will not talk. */
  goaway?(reason: string, text: string): void;
  /** The last context on the channel is gone. */
  quiet?(): void;
  ended?(error: TransportClosed): void;
}

export class Peer {
  readonly actor: Actor;
  readonly channel: Channel;
  readonly #events: PeerEvents;
  /** Functions by number, as this side has said them, and whether the peer is known to have heard. */
  readonly #said = new Map<string, {readonly number: number; heard: boolean}>();
  /** Functions by number, as the peer has said them. */
  readonly #heard = new Map<number, FunctionHome>();
  /** What the peer calls its functions, by key. */
  #names: ReadonlyMap<string, string> = new Map();
  /** Which of the peer's calls run now. Parent and child wait for one another: what they ask is not refused. */
  readonly admission: Admission;
  readonly #endListeners: ((error: Error) => void)[] = [];
  /** Messages for contexts that are gone. */
  strays = 0;

  /** @param greeted who it is, where both have greeted already, and have shown that they know each other's secret */
  constructor(
    actor: Actor,
    transport: Transport,
    side: 'connected' | 'accepted',
    events: PeerEvents,
    greeted?: ActorId,
  ) {
    this.actor = actor;
    this.#events = events;
    this.admission = new Admission({
      limits: actor.limits,
      // Parent and child wait for one another; anybody else is told.
      patient: greeted === undefined,
      begin: (start, instead) => this.#orFail(() => dispatch(this.actor, this, start, instead)),
      deliver: message => this.#orFail(() => this.channel.deliver(message)),
    });
    this.channel = new Channel(transport, {
      codec: actor.codec,
      self: actor.id,
      side,
      // Asked when it is needed: a child learns its times after its first channel is there.
      stallMs: () => actor.tree.timeouts.stall,
      owner: {
        control: message => this.#control(message),
        stray: message => this.#stray(message),
        quiet: () => events.quiet?.(),
        ended: error => {
          this.admission.close();
          actor.channels.delete(this.channel);
          events.ended?.(error);
          for (const listener of this.#endListeners) listener(error);
        },
      },
    });
    actor.channels.add(this.channel);
    if (greeted) this.channel.peer = greeted;
    else this.channel.send(Kind.Hello, 0, 0, encodeHello(actor.codec, actor.id));
  }

  /** Calls `listener` when the channel has ended and everything on it has been told; at once when it has. */
  onEnded(listener: (error: Error) => void): void {
    if (this.channel.closed) listener(this.channel.closed);
    else this.#endListeners.push(listener);
  }

  /** How to name a function to this peer: in full until it has surely heard it, by number from then on. */
  refOf(mark: Mark): FunctionRef {
    let said = this.#said.get(mark.key);
    if (!said) {
      said = {number: this.#said.size + 1, heard: false};
      this.#said.set(mark.key, said);
    }
    return said.heard ? said.number : [said.number, mark.module, mark.place];
  }

  /** An answer to a call has come: its function need not be named again. */
  heard(mark: Mark): void {
    const said = this.#said.get(mark.key);
    if (said) said.heard = true;
  }

  /** A function's name for messages. */
  nameOf(mark: Mark): string {
    return this.#names.get(mark.key) ?? mark.name;
  }

  /** What the peer means. @throws ProtocolError when it was never told */
  resolve(ref: unknown): FunctionHome {
    if (Array.isArray(ref)) {
      const [number, module, place] = ref as unknown[];
      if (typeof number !== 'number' || typeof module !== 'string' || typeof place !== 'string')
        throw new ProtocolError('a call arrived that names no function');
      const home = {module, place, key: keyOf(module, place)};
      this.#heard.set(number, home);
      return home;
    }
    const home = typeof ref === 'number' ? this.#heard.get(ref) : undefined;
    if (!home) throw new ProtocolError('a call arrived for a function that was never named');
    return home;
  }

  /** Asks the peer's actor as a whole to end. */
  cancelActor(why: ContextCancelled, budget: number): void {
    const {reason, cause, canceller = this.actor.id} = why;
    const bytes = encodeCancel(this.actor.codec, {reason, cause, canceller, budget});
    this.actor.scope.clock.whenFree(() => this.channel.sendUrgent(Kind.Cancel, 0, bytes));
  }

  /** Tells the peer that this actor as a whole has failed. */
  sendFailure(error: unknown): void {
    this.channel.send(Kind.Error, 0, 0, this.actor.codec.encode([boxError(error, this.actor.id), false, false]));
  }

  /** Says something about the channel as a whole. */
  goaway(reason: string, text = ''): void {
    const payload: GoawayPayload = [reason, text];
    this.channel.send(Kind.Goaway, 0, 0, this.actor.codec.encode(payload));
  }

  #control(message: Message): void {
    if (!this.channel.peer) {
      this.#greet(message);
      return;
    }
    const codec = this.actor.codec;
    switch (message.kind) {
      case Kind.Start:
        return this.#start(message);
      case Kind.Spawn:
        return this.#events.spawn?.(codec.decode(message.payload));
      case Kind.Ready:
        this.#names = new Map(codec.decode(message.payload) as [string, string][]);
        return this.#events.ready?.();
      case Kind.Error: {
        const [boxed] = codec.decode(message.payload) as [never];
        return this.#events.failed?.(unboxError(boxed));
      }
      case Kind.Cancel: {
        const {why, budget} = readCancel(codec, message, this.actor.id);
        this.acknowledge('received');
        return this.#events.cancelled?.(why, budget);
      }
      case Kind.CancelAck: {
        const [stage] = codec.decode(message.payload) as [AckStage];
        return this.#events.acknowledged?.(stage);
      }
      case Kind.Ping:
        return this.channel.sendUrgent(Kind.Pong, 0);
      case Kind.Pong:
        // That anything came is all that a heartbeat wants.
        return undefined;
      case Kind.Goaway: {
        const [reason, text] = codec.decode(message.payload) as GoawayPayload;
        return this.#events.goaway?.(reason, text);
      }
      default:
        throw new ProtocolError(`a message of kind ${message.kind} arrived outside a context`);
    }
  }

  #start(message: Message): void {
    const {context} = message;
    if (!this.channel.isPeerId(context) || this.channel.has(context) || this.admission.has(context))
      throw new ProtocolError(`a call arrived under the id ${context}, which is not the peer's to give`);
    this.admission.open(message);
  }

  /** What is read later than it came fails the channel all the same where it makes no sense. */
  #orFail(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.channel.fail(error);
    }
  }

  acknowledge(stage: AckStage, context = 0): void {
    this.channel.send(Kind.CancelAck, context, 0, this.actor.codec.encode([stage]));
  }

  #greet(message: Message): void {
    try {
      const peer = readHello(this.actor.codec, message);
      this.channel.peer = peer;
      this.#events.greeted?.(peer);
    } catch (error) {
      this.#events.failed?.(error);
      this.channel.fail(error as ProtocolError);
    }
  }

  /** A context that is gone: a cancel of it is acknowledged all the same, so that nobody waits. */
  #stray(message: Message): void {
    if (this.admission.hold(message)) return;
    this.strays++;
    if ((message.kind === Kind.Cancel || message.kind === Kind.Error) && this.channel.isPeerId(message.context)) {
      this.acknowledge('received', message.context);
      this.acknowledge('ended', message.context);
    }
  }
}

function readCancel(codec: Codec, {payload}: Message, self: ActorId): {why: ContextCancelled; budget: number} {
  const {reason, cause, canceller, budget} = decodeCancel(codec, payload, 'a cancel of the actor');
  const why = new ContextCancelled(`actor ${self.name} was cancelled by ${canceller.name} (${reason})`, {
    canceller,
    reason: reason === 'shutdown' ? 'shutdown' : 'actor',
    cause,
    actor: self,
  });
  return {why, budget};
}
