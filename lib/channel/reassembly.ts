/**
 * Puts large messages together that the peer has sent in pieces: each piece is read when it comes, so that no message of another
 * context waits longer than a piece takes.
 * Floor 3: a part of `channel`, one for each; above `msg/gradual-message`.
 */
import {ProtocolError} from '../base/errors.js';
import {IdMap} from '../base/id-map.js';
import {ByteRoom} from '../msg/byte-room.js';
import type {Frame} from '../msg/frame.js';
import {GradualMessage} from '../msg/gradual-message.js';
import {limits} from '../msg/limits.js';
import {Kind, type Message} from '../msg/types.js';

/**
 * Maximum weight of the values that are read of unfinished messages together. Beyond it pieces wait until their message is whole,
 * because values take more memory than their bytes: without this limit the peer could make it many times `unfinishedBytes`. The
 * outbox of an honest peer stays within it.
 */
const maxUnfinishedNodes = 2 * limits.nodes;

/**
 * Minimum that a piece counts, in bytes, because it takes memory beside its bytes: without this a peer could begin messages
 * without end by pieces of no bytes (the continuation flood of HTTP/2).
 */
const minPieceBytes = 1024;

const nothing = new Uint8Array(0);

/** A message of which some pieces have arrived. */
interface Unfinished {
  readonly kind: Kind;
  readonly message: GradualMessage;
  /** The pieces that wait to be read. */
  readonly unread: Uint8Array[];
  bytes: number;
  /** Its share of the weight of all that are unfinished. */
  weight: number;
}

export class Reassembly {
  /** The unfinished message of each context: there is at most one. */
  readonly #unfinished = new IdMap<Unfinished>();
  #weight = 0;
  /** The weight of the values that were read of them. */
  #nodes = 0;
  /** The bytes that may be taken for their binaries before they have come. */
  readonly #room = new ByteRoom(limits.unfinishedBytes);

  /** How many messages are unfinished. */
  get size(): number {
    return this.#unfinished.size;
  }

  /**
   * Takes a frame. Returns the message that is whole with it; undefined when more pieces must come. Urgent messages come between
   * the pieces of others, and are whole.
   *
   * @throws ProtocolError for pieces of different kinds, for messages that are too large, and for bytes that cannot be decoded
   */
  add(frame: Frame): Message | undefined {
    const known = isUrgent(frame.kind) ? undefined : this.#unfinished.get(frame.context);
    if (!frame.more && !known) return frame;
    if (known && known.kind !== frame.kind)
      throw new ProtocolError(`a message of kind ${frame.kind} arrived within one of kind ${known.kind}`);
    const unfinished = known ?? {
      kind: frame.kind,
      message: new GradualMessage(frame.kind, this.#room),
      unread: [],
      bytes: 0,
      weight: 0,
    };
    this.#count(unfinished, frame.payload.length);
    if (frame.more) {
      this.#unfinished.set(frame.context, unfinished);
      if (this.#nodes <= maxUnfinishedNodes) this.#read(unfinished, frame.payload);
      // The bytes of a frame are lent.
      else unfinished.unread.push(Uint8Array.from(frame.payload));
      return undefined;
    }
    this.#read(unfinished, frame.payload);
    this.#forget(frame.context, unfinished);
    return {kind: frame.kind, context: frame.context, seq: frame.seq, payload: nothing, read: unfinished.message.end()};
  }

  #count(unfinished: Unfinished, bytes: number): void {
    const weight = Math.max(bytes, minPieceBytes);
    unfinished.bytes += bytes;
    unfinished.weight += weight;
    this.#weight += weight;
    if (unfinished.bytes > limits.messageBytes)
      throw new ProtocolError(`a message of more than ${limits.messageBytes} bytes arrived`);
    if (this.#weight > limits.unfinishedBytes)
      throw new ProtocolError(`more than ${limits.unfinishedBytes} bytes of unfinished messages arrived`);
  }

  #read({message, unread}: Unfinished, last: Uint8Array): void {
    const before = message.nodes;
    for (const piece of unread) message.feed(piece);
    unread.length = 0;
    message.feed(last);
    this.#nodes += message.nodes - before;
  }

  #forget(context: number, {weight, message}: Unfinished): void {
    this.#unfinished.delete(context);
    this.#weight -= weight;
    this.#nodes -= message.nodes;
    this.#room.left += message.reserved;
  }

  clear(): void {
    this.#unfinished.clear();
  }
}

/** Whether messages of a kind are sent with `Channel.sendUrgent`. */
function isUrgent(kind: Kind): boolean {
  return kind === Kind.Credit || kind === Kind.Cancel || kind === Kind.Ping || kind === Kind.Pong;
}
