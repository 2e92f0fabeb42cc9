/**
 * How many messages of one channel may be on their way in pieces at a time. A receiver keeps all of them unfinished, and takes more
 * than it may keep for a peer that has gone wrong.
 * Floor 3: a part of `outbox`.
 */
import {limits} from '../msg/limits.js';

/** A message of more bytes counts as very large. */
const veryLargeBytes = 1024 * 1024;
/**
 * Maximum number of very large ones: the values of two weigh what a receiver reads while they come (2 × `limits.nodes`). It would
 * keep the pieces of a third, and read all of them in one turn.
 */
const maxVeryLarge = 2;
/** The bytes that very large ones leave to the others. */
const leftBytes = 32 * 1024 * 1024;

/** The receiver counts each piece as at least 1 KiB. At most 2 000 messages fit, so their last pieces add less than this. */
const roundingBytes = 4 * 1024 * 1024;

export class UnderWay {
  #bytes = 0;
  #veryLarge = 0;

  /** Whether a message of so many bytes may begin. One may always begin when there is no other. */
  mayBegin(bytes: number): boolean {
    if (this.#bytes === 0) return true;
    const after = this.#bytes + bytes;
    if (bytes <= veryLargeBytes) return after <= limits.unfinishedBytes - roundingBytes;
    return this.#veryLarge < maxVeryLarge && after <= limits.unfinishedBytes - leftBytes;
  }

  begin(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > veryLargeBytes) this.#veryLarge++;
  }

  /** The last piece has left. */
  end(bytes: number): void {
    this.#bytes -= bytes;
    if (bytes > veryLargeBytes) this.#veryLarge--;
  }

  clear(): void {
    this.#bytes = 0;
    this.#veryLarge = 0;
  }
}
