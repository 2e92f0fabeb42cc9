/**
 * Texts and binaries that arrive over several pieces.
 * Floor 1: below `gradual-reader`.
 */
import {isUtf8} from 'node:buffer';
import {ProtocolError} from '../base/errors.js';

/** The memory of a binary that is not reserved grows by this factor, because a peer could claim any length. */
const growth = 4;

/** A binary. Its memory is its own, so that the value can be made of it without a copy. */
export class LongBinary {
  readonly #length: number;
  #bytes: Uint8Array;
  #filled = 0;

  /** @param isReserved it may take the memory before the bytes have come, which saves copies */
  constructor(length: number, isReserved: boolean) {
    this.#length = length;
    this.#bytes = allocate(isReserved ? length : 0);
  }

  /** How many bytes are missing. */
  get missing(): number {
    return this.#length - this.#filled;
  }

  /** Takes the next bytes. Returns how many of them it has taken. */
  take(bytes: Uint8Array): number {
    const filled = this.#filled + bytes.length;
    if (filled > this.#bytes.length) this.#grow(Math.min(this.#length, filled * growth));
    this.#bytes.set(bytes, this.#filled);
    this.#filled = filled;
    return bytes.length;
  }

  get value(): Uint8Array {
    return this.#bytes;
  }

  #grow(size: number): void {
    const grown = allocate(size);
    grown.set(this.#bytes.subarray(0, this.#filled));
    this.#bytes = grown;
  }
}

/** Memory that is not zeroed, because every byte is written before anybody sees it. */
const allocate = (size: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);

/** A text. It is decoded as it comes. */
export class LongText {
  missing: number;
  value = '';

  constructor(length: number) {
    this.missing = length;
  }

  /** Takes the next bytes, except a character at their end that may be cut. @throws ProtocolError for bytes that are not UTF-8 */
  take(bytes: Uint8Array): number {
    const end = bytes.length === this.missing ? bytes.length : lastBoundary(bytes);
    const taken = Buffer.from(bytes.buffer, bytes.byteOffset, end);
    const text = taken.toString();
    if (text.includes('\ufffd') && !isUtf8(taken)) throw new ProtocolError('a text that is no UTF-8 arrived');
    this.value += text;
    this.missing -= end;
    return end;
  }
}

/** The last place at which a character may begin: no character of more than one byte is cut there. */
function lastBoundary(bytes: Uint8Array): number {
  const last = bytes.length - 1;
  if ((bytes[last] as number) < 0x80) return bytes.length;
  for (let at = last; at >= 0 && at > last - 4; at--) if (((bytes[at] as number) & 0xc0) !== 0x80) return at;
  throw new ProtocolError('a text that is no UTF-8 arrived');
}
