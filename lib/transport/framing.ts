/**
 * The length in front of every frame: put there by the sender, taken off by the receiver, however the bytes were cut.
 * Floor 2: pure; below the sockets, beside the contract.
 */
import {ProtocolError} from '../base/errors.js';

export const lengthBytes = 4;

/** Writes a frame's length (little endian, of what follows) at `offset`. */
export function writeLength(into: Uint8Array, offset: number, length: number): void {
  into[offset] = length & 0xff;
  into[offset + 1] = (length >>> 8) & 0xff;
  into[offset + 2] = (length >>> 16) & 0xff;
  into[offset + 3] = length >>> 24;
}

/**
 * Turns chunks of bytes into frames. Frames that lie whole within a chunk are views of it; one that was cut is
 * gathered in memory of its own.
 */
export class FrameSplitter {
  /** A longer frame is refused at its announcement. */
  maxBytes: number;
  /** The length field of a frame, while it has not arrived whole. */
  readonly #length = new Uint8Array(lengthBytes);
  #lengthFilled = 0;
  /** The frame that is being gathered. */
  #frame: Uint8Array | undefined;
  #filled = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Whether the last chunk ended within a frame: an end now cuts it short. */
  get partial(): boolean {
    return this.#lengthFilled > 0 || this.#frame !== undefined;
  }

  /** @throws ProtocolError on a length beyond the limit, before any memory is taken for it */
  feed(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        at = this.#continueFrame(this.#frame, chunk, at, onFrame);
        continue;
      }
      let length: number;
      if (this.#lengthFilled === 0 && chunk.length - at >= lengthBytes) {
        length = readLength(chunk, at);
        at += lengthBytes;
      } else {
        this.#length[this.#lengthFilled++] = chunk[at++] as number;
        if (this.#lengthFilled < lengthBytes) continue;
        this.#lengthFilled = 0;
        length = readLength(this.#length, 0);
      }
      if (length > this.maxBytes)
        throw new ProtocolError(`a frame of ${length} bytes was announced; the limit is ${this.maxBytes}`);
      if (length <= chunk.length - at) {
        const frame = chunk.subarray(at, at + length);
        at += length;
        onFrame(frame);
      } else {
        this.#frame = new Uint8Array(length);
        this.#filled = 0;
      }
    }
  }

  #continueFrame(frame: Uint8Array, chunk: Uint8Array, at: number, onFrame: (frame: Uint8Array) => void): number {
    const take = Math.min(frame.length - this.#filled, chunk.length - at);
    frame.set(chunk.subarray(at, at + take), this.#filled);
    this.#filled += take;
    if (this.#filled === frame.length) {
      this.#frame = undefined;
      onFrame(frame);
    }
    return at + take;
  }
}

function readLength(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
