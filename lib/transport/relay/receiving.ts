/**
 * The half of a relayed stream that arrives: it takes each byte once and in order, and says for how much there is room.
 * Floor 2: pure; a part of `relay-end`.
 */
import {ProtocolError} from '../../base/errors.js';
import type {Packet} from './packet.js';

export class Receiving {
  /** Maximum number of bytes on their way to the reader. */
  readonly #window: number;
  #received = 0;
  /** How many bytes the reader has taken. */
  #taken = 0;
  /** The positions that the other end was told last. */
  #told = {received: 0, limit: 0};
  /** The position of a gap that the other end was told of. */
  #gapAt = -1;
  #hasEnded = false;

  constructor(window: number) {
    this.#window = window;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the other end does not know yet what has arrived. */
  get isUntold(): boolean {
    return this.#told.received < this.#received;
  }

  /** Whether the other end should be told soon of the room, before it must wait for it. */
  get hasMuchRoom(): boolean {
    return this.#limit - this.#told.limit >= this.#window / 4;
  }

  get #limit(): number {
    return this.#taken + this.#window;
  }

  /** Says what has arrived, and for how much there is room. */
  tell(): {received: number; limit: number} {
    this.#told = {received: this.#received, limit: this.#limit};
    return this.#told;
  }

  /**
   * Takes a packet. Returns the bytes of it that are new; undefined when none are.
   *
   * @throws ProtocolError for bytes behind the limit
   */
  take({kind, at, bytes}: Packet): Uint8Array | undefined {
    // Behind the end, which needs no room, the other end is one byte further.
    if (at + bytes.length > this.#told.limit + (kind === 'data' || kind === 'end' ? 0 : 1))
      throw new ProtocolError(
        `bytes up to ${at + bytes.length} came through the broker, the limit is ${this.#told.limit}`,
      );
    if (at > this.#received) return undefined;
    if (kind === 'end' && at === this.#received) {
      this.#received++;
      this.#hasEnded = true;
    }
    if (kind !== 'data' || at + bytes.length <= this.#received) return undefined;
    const fresh = bytes.subarray(this.#received - at);
    this.#received += fresh.length;
    return fresh;
  }

  /** The reader has taken so many bytes. */
  took(bytes: number): void {
    this.#taken += bytes;
  }

  /** Whether something before this position has not arrived, and will not: a broker keeps the order. */
  isBehind(at: number): boolean {
    return at > this.#received;
  }

  /** The same, and true once for each gap: the packets behind it are many. */
  hasNewGap(at: number): boolean {
    if (!this.isBehind(at) || this.#gapAt === this.#received) return false;
    this.#gapAt = this.#received;
    return true;
  }
}
