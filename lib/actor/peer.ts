/**
 * An actor's side of one channel: it greets the peer, serves its calls, and hears what concerns the whole actor.
 * Floor 5: between the channel below and the nursery (or the boot) above.
 */
import type {ActorId} from '../base/actor-id.js';
import {Attached} from '../base/attached.js';
import {ContextCancelled, ProtocolError, type TransportClosed} from '../base/errors.js';
import {Moment} from '../base/moment.js';
import {Channel} from '../channel/channel.js';
import {encodeHello, readHello} from '../channel/handshake/hello.js';
import {boxError, reviveError, unboxError} from '../msg/boxed-error.js';
import {decodeCancel, encodeCancel} from '../msg/cancel.js';
import {type Codec, valueIn} from '../msg/codec.js';
import {type AckStage, type ErrorPayload, type GoawayPayload, Kind, type Message} from '../msg/types.js';
import type {Transport} from '../transport/transport.js';
import type {Actor} from './actor.js';
import {Admission} from './admission.js';
import {dispatch} from './dispatch.js';
import {FunctionRefs} from './function-refs.js';

/** A peer tells its owner of these events. The owner is the nursery for a child, the boot for the parent. */
export interface PeerEvents {
  /** The peer has said who it is. */
  greeted?(peer: ActorId): void;
  /** Parent to child: what it is to be. */
  spawn?(payload: unknown): void;
  /** Child to parent: it serves. */
  ready?(): void;
  /** The peer's actor as a whole has failed. A ContextCancelled: it ends, and this end did not ask for that. */
  failed?(error: unknown): void;
  /** The peer asks this actor to end, within `budget` milliseconds. */
  cancelled?(why: ContextCancelled, budget: number): void;
  /** The peer acknowledges that it was asked to end. */
  acknowledged?(stage: AckStage): void;
  /** The peer does not need the channel any more, or refuses to talk and says why. */
  goaway?(reason: string, text: string): void;
  /** The last context on the channel is gone. */
  quiet?(): void;
  /** The channel has ended. */
  ended?(error: TransportClosed): void;
}

export class Peer {
  readonly actor: Actor;
  readonly channel: Channel;
  readonly #events: PeerEvents;
  /** How this side and the peer name functions to each other. */
  readonly functions = new FunctionRefs();
  /** Which calls of the peer run now. */
  readonly admission: Admission;
  readonly #isOfTree: boolean;
  readonly #ended = new Moment<Error>();
  /** How many messages came for contexts that are gone. */
  strays = 0;

  /**
   * @param greeted who the peer is, when both have greeted already and have proved that they know the secret
   * @param isOfTree whether the peer is surely an actor of this tree. Default: it is, unless it had to greet
   */
  constructor(
    actor: Actor,
    transport: Transport,
    side: 'connected' | 'accepted',
    events: PeerEvents,
    greeted?: ActorId,
    isOfTree = greeted === undefined,
  ) {
    this.actor = actor;
    this.#isOfTree = isOfTree;
    this.#events = events;
    this.admission = new Admission({
      limits: actor.limits,
      // The calls of a parent or a child wait for their turn; those of any other peer are refused.
      patient: greeted === undefined,
      isBehind: () => this.channel.isPeerBehind,
      begin: (start, instead) => this.#orFail(() => dispatch(this.actor, this, start, instead)),
      deliver: message => this.#orFail(() => this.channel.deliver(message)),
    });
    this.channel = new Channel(transport, {
      codec: actor.codec,
      self: actor.id,
      side,
      // A function, because a child learns its timeouts after its first channel is there.
      stallMs: () => actor.tree.timeouts.stall,
      unreadBytes: actor.limits.unreadBytes,
      owner: {
        control: message => this.#control(message),
        stray: message => this.#stray(message),
        quiet: () => events.quiet?.(),
        caughtUp: () => this.admission.wake(),
        ended: error => {
          this.admission.close();
          actor.channels.delete(this.channel);
          events.ended?.(error);
          this.#ended.happen(error);
        },
      },
    });
    actor.channels.add(this.channel);
    if (greeted) this.channel.peer = greeted;
    else this.channel.send(Kind.Hello, 0, 0, encodeHello(actor.codec, actor.id));
  }

  /** Whether what travels with its calls is taken. */
  get isTrusted(): boolean {
    return this.#isOfTree || this.actor.tree.trustCarriers === true;
  }

  /** Calls `listener` when the channel has ended and everything on it has been told; at once when it has ended. */
  onEnded(listener: (error: Error) => void): void {
    if (this.channel.closed) listener(this.channel.closed);
    else this.#ended.on(listener);
  }

  /** Asks the peer's actor as a whole to end. */
  cancelActor(why: ContextCancelled, budget: number): void {
    const bytes = packCancel(this.actor, why, budget);
    this.actor.scope.clock.whenFree(() => this.channel.sendUrgent(Kind.Cancel, 0, bytes));
  }

  /** Tells the peer that this actor as a whole has failed, or that it ends because of a cancel that the peer did not ask for. */
  sendFailure(error: unknown): void {
    const isCancelled = error instanceof ContextCancelled;
    this.channel.send(Kind.Error, 0, 0, this.actor.codec.encode([boxError(error, this.actor.id), false, isCancelled]));
  }

  /** Tells the peer that the channel is not needed any more, or why this side refuses to talk. */
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
        return this.#events.spawn?.(valueIn(codec, message));
      case Kind.Ready:
        this.functions.learnNames(this.#listOf(message));
        return this.#events.ready?.();
      case Kind.Error: {
        const [boxed, , isCancelled] = this.#listOf(message) as unknown as ErrorPayload;
        return this.#events.failed?.(isCancelled ? reviveError(boxed) : unboxError(boxed));
      }
      case Kind.Cancel: {
        const {why, budget} = readCancel(codec, message, this.actor.id);
        this.acknowledge('received');
        return this.#events.cancelled?.(why, budget);
      }
      case Kind.CancelAck: {
        const [stage] = this.#listOf(message) as [AckStage];
        return this.#events.acknowledged?.(stage);
      }
      case Kind.Ping:
        return this.channel.answer(Kind.Pong, 0);
      case Kind.Pong:
        // The channel has noted that something came: a heartbeat needs no more.
        return undefined;
      case Kind.Goaway: {
        const [reason, text = ''] = this.#listOf(message) as readonly unknown[] as Partial<GoawayPayload>;
        if (typeof reason !== 'string' || typeof text !== 'string')
          throw new ProtocolError('a goodbye arrived without its reason');
        return this.#events.goaway?.(reason, text);
      }
      default:
        throw new ProtocolError(`a message of kind ${message.kind} arrived outside a context`);
    }
  }

  /** @throws ProtocolError for a payload that is not a list */
  #listOf(message: Message): readonly unknown[] {
    const payload = valueIn(this.actor.codec, message);
    if (!Array.isArray(payload))
      throw new ProtocolError(`the payload of a message of kind ${message.kind} is not a list`);
    return payload;
  }

  #start(message: Message): void {
    const {context} = message;
    if (!this.channel.isPeerId(context) || this.channel.has(context) || this.admission.has(context))
      throw new ProtocolError(`a call arrived under the id ${context}, which is not the peer's to give`);
    this.admission.open(message);
  }

  /** A message that is read later than it came fails the channel nevertheless when it makes no sense. */
  #orFail(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.channel.fail(error);
    }
  }

  acknowledge(stage: AckStage, context = 0): void {
    this.channel.answer(Kind.CancelAck, context, this.actor.codec.encode([stage]));
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

  /** The context is gone. Its cancel is acknowledged nevertheless, so that nobody waits for that. */
  #stray(message: Message): void {
    if (this.admission.hold(message)) return;
    this.strays++;
    if ((message.kind === Kind.Cancel || message.kind === Kind.Error) && this.channel.isPeerId(message.context)) {
      this.acknowledge('received', message.context);
      this.acknowledge('ended', message.context);
    }
  }
}

interface PackedCancel {
  readonly actor: Actor;
  readonly budget: number;
  readonly bytes: Uint8Array;
}

const packedCancels = new Attached<PackedCancel>();

/** Packs a cancel once, although a nursery that fails sends it to each child: its cause may be a large error. */
function packCancel(actor: Actor, why: ContextCancelled, budget: number): Uint8Array {
  const known = packedCancels.of(why);
  if (known?.actor === actor && known.budget === budget) return known.bytes;
  const {reason, cause, canceller = actor.id} = why;
  const bytes = encodeCancel(actor.codec, {reason, cause, canceller, budget});
  packedCancels.attach(why, {actor, budget, bytes});
  return bytes;
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
