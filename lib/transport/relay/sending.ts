/**
 * The half of a relayed stream that is sent: it keeps everything until the other end has it.
 * Floor 2: pure; a part of `relay-end`.
 */
import {ProtocolError} from '../../base/errors.js';
import {Fifo} from '../../base/fifo.js';
import {newPacket, type PacketKind} from './packet.js';

interface Kept {
  readonly packet: Buffer;
  readonly at: number;
  /** The position behind it. */
  readonly end: number;
}

export class Sending {
  /** Maximum number of bytes in a packet. */
  readonly #maxBytes: number;
  /** The packets that may not have arrived, the oldest first. */
  readonly #kept = new Fifo<Kept>();
  /** How many of the kept were sent, since they were last to be sent again. */
  #sent = 0;
  #received = 0;
  #limit = 0;
  #end = 0;
  #isClosed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes have not arrived, as far as is known. */
  get unreceivedBytes(): number {
    return this.#end - this.#received;
  }

  /** Whether everything has arrived, and the end behind it. */
  get isDone(): boolean {
    return this.#isClosed && this.#received === this.#end;
  }

  get hasRoom(): boolean {
    return this.#limit > this.#end;
  }

  /** The position of what is sent next. */
  get next(): number {
    return this.#kept.at(this.#sent)?.at ?? this.#end;
  }

  /** Keeps as much as there is room for. Returns how many bytes that is. */
  take(bytes: Uint8Array): number {
    const whole = Math.min(bytes.length, Math.max(0, this.#limit - this.#end));
    for (let from = 0; from < whole; from += this.#maxBytes)
      this.#keep('data', bytes.subarray(from, Math.min(whole, from + this.#maxBytes)));
    return whole;
  }

  /** Ends the stream behind what was taken. */
  close(): void {
    this.#isClosed = true;
    this.#keep('end');
  }

  #keep(kind: PacketKind, bytes?: Uint8Array): void {
    const at = this.#end;
    this.#end += bytes?.length ?? 1;
    this.#kept.push({packet: newPacket(kind, bytes), at, end: this.#end});
  }

  /** The packet that is to be sent now. Undefined: there is none. */
  shift(): {packet: Buffer; at: number} | undefined {
    const kept = this.#kept.at(this.#sent);
    if (kept) this.#sent++;
    return kept;
  }

  /**
   * The other end has told what it has, and for how much there is room. Returns whether that is more than before.
   *
   * @throws ProtocolError when it has more than was sent
   */
  told(received: number, limit: number): boolean {
    if (received > this.#end)
      throw new ProtocolError(`${received} bytes were acknowledged through the broker, and ${this.#end} were sent`);
    // A packet that was sent later may come first, because the broker may repeat the earlier one.
    const isMore = received > this.#received || limit > this.#limit;
    this.#received = Math.max(this.#received, received);
    this.#limit = Math.max(this.#limit, limit);
    for (let oldest = this.#kept.at(0); oldest && oldest.end <= this.#received; oldest = this.#kept.at(0)) {
      this.#kept.shift();
      this.#sent = Math.max(0, this.#sent - 1);
    }
    return isMore;
  }

  /** Everything that has not arrived is to be sent again. */
  goBack(): void {
    this.#sent = 0;
  }
}
