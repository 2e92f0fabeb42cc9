/**
 * Puts large messages together that the peer has sent in pieces.
 * Floor 3: a part of `channel`, one for each.
 */
import {ProtocolError} from '../base/errors.js';
import {IdMap} from '../base/id-map.js';
import type {Frame} from '../msg/frame.js';
import {limits} from '../msg/limits.js';
import {Kind, type Message} from '../msg/types.js';

/** Maximum size in bytes of all unfinished messages of one peer together, because the peer could begin any number of them. */
const maxUnfinishedBytes = 128 * 1024 * 1024;

/** A message of which some pieces have arrived. */
interface Unfinished {
  readonly kind: Kind;
  readonly pieces: Uint8Array[];
  bytes: number;
}

export class Reassembly {
  /** The unfinished message of each context: there is at most one. */
  readonly #unfinished = new IdMap<Unfinished>();
  #bytes = 0;

  /** How many messages are unfinished. */
  get size(): number {
    return this.#unfinished.size;
  }

  /**
   * Takes a frame. Returns the message that is whole with it; undefined when more pieces must come. Urgent messages come between
   * the pieces of others, and are whole.
   *
   * @throws ProtocolError for pieces of different kinds, and for messages that are too large
   */
  add(frame: Frame): Message | undefined {
    const known = isUrgent(frame.kind) ? undefined : this.#unfinished.get(frame.context);
    if (!frame.more && !known) return frame;
    if (known && known.kind !== frame.kind)
      throw new ProtocolError(`a message of kind ${frame.kind} arrived within one of kind ${known.kind}`);
    const message = known ?? {kind: frame.kind, pieces: [], bytes: 0};
    message.pieces.push(frame.payload);
    message.bytes += frame.payload.length;
    this.#bytes += frame.payload.length;
    if (message.bytes > limits.messageBytes)
      throw new ProtocolError(`a message of more than ${limits.messageBytes} bytes arrived`);
    if (this.#bytes > maxUnfinishedBytes)
      throw new ProtocolError(`more than ${maxUnfinishedBytes} bytes of unfinished messages arrived`);
    if (frame.more) {
      this.#unfinished.set(frame.context, message);
      return undefined;
    }
    this.#unfinished.delete(frame.context);
    this.#bytes -= message.bytes;
    return {kind: frame.kind, context: frame.context, seq: frame.seq, payload: Buffer.concat(message.pieces)};
  }

  clear(): void {
    this.#unfinished.clear();
  }
}

/** Whether messages of a kind are sent with `Channel.sendUrgent`. */
function isUrgent(kind: Kind): boolean {
  return kind === Kind.Credit || kind === Kind.Cancel || kind === Kind.Ping || kind === Kind.Pong;
}
