/**
 * Reads the value of a message that comes in pieces, while it comes.
 * Floor 1: above `gradual-reader`; `channel/reassembly` has one for each message that is not whole yet.
 */
import {ProtocolError} from '../base/errors.js';
import type {ByteRoom} from './byte-room.js';
import {readVarint} from './frame.js';
import {GradualReader} from './gradual-reader.js';
import {RegisteredFaults} from './registered.js';
import {onRegisteredInPieces} from './registered-kinds.js';
import {Kind, type ReadValue} from './types.js';

export class GradualMessage {
  readonly #reader: GradualReader;
  /** The size of the value as the message itself tells it: a Yield does. Undefined before the first piece, and for other kinds. */
  #told: number | undefined;
  readonly #isYield: boolean;
  #bytes = 0;
  readonly #faults = new RegisteredFaults();

  /** @param room the bytes that may be taken for binaries before they have come */
  constructor(kind: Kind, room: ByteRoom) {
    this.#reader = new GradualReader(room, onRegisteredInPieces(kind, this.#faults));
    this.#isYield = kind === Kind.Yield;
  }

  /** How many values were read, by their weight in memory. */
  get nodes(): number {
    return this.#reader.nodes;
  }

  /** How many bytes it has taken of its room. */
  get reserved(): number {
    return this.#reader.reserved;
  }

  /** Reads the next piece. @throws ProtocolError */
  feed(piece: Uint8Array): void {
    const part = this.#isYield && this.#told === undefined ? this.#afterLength(piece) : piece;
    this.#bytes += part.length;
    this.#reader.feed(part);
  }

  /** The value, when all pieces have come. @throws ProtocolError when bytes are missing */
  end(): ReadValue {
    const value = this.#reader.end();
    // Values share a frame only when they fit one piece, so that no honest peer sends a second value here.
    if (this.#isYield && this.#told !== this.#bytes)
      throw new ProtocolError(`a value of ${this.#told} bytes arrived in pieces of together ${this.#bytes} bytes`);
    const fault = this.#faults.first;
    return {value, bytes: this.#bytes, ...(fault && {fault})};
  }

  #afterLength(piece: Uint8Array): Uint8Array {
    const cursor = {at: 0};
    this.#told = readVarint(piece, cursor);
    return piece.subarray(cursor.at);
  }
}
