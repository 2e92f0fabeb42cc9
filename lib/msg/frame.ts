/**
 * Messages as bytes: the header of a frame, the pieces of a message, and several values in one payload.
 * Floor 1: pure functions, above `types`. `transport/framing` puts the length in front of a frame and takes it off.
 */
import {ProtocolError} from '../base/errors.js';
import {Kind, type Message} from './types.js';

/** Maximum bytes of a piece of a payload, because a control message must not wait for more than one piece. */
export const pieceBytes = 64 * 1024;
/** Maximum bytes of a frame: a piece, its header, and room for the encoding of a 64 KiB buffer, so that it needs one piece. */
export const maxFrameBytes = pieceBytes + 1024;
/** The bit in the kind byte that is set in every piece of a message except the last one. */
const moreBit = 0x80;
const highestKind = Kind.Proof;

/** Maximum bytes of a header: the kind, and two varints of 8 bytes. */
export const maxHeaderBytes = 17;

/** Writes the header at `offset` and returns the offset behind it. */
export function writeHeader(
  into: Uint8Array,
  offset: number,
  kind: Kind,
  more: boolean,
  context: number,
  seq: number,
): number {
  into[offset] = more ? kind | moreBit : kind;
  return writeVarint(into, writeVarint(into, offset + 1, context), seq);
}

export interface Frame extends Message {
  /** Whether more pieces of the message follow. */
  readonly more: boolean;
}

/** @throws ProtocolError when the frame is too short or its kind is unknown */
export function readFrame(bytes: Uint8Array): Frame {
  const first = bytes[0];
  if (first === undefined) throw new ProtocolError('an empty frame arrived');
  const kind = first & ~moreBit;
  if (kind < Kind.Hello || kind > highestKind) throw new ProtocolError(`a frame of unknown kind ${kind} arrived`);
  const cursor = {at: 1};
  const context = readVarint(bytes, cursor);
  const seq = readVarint(bytes, cursor);
  return {kind: kind as Kind, more: (first & moreBit) !== 0, context, seq, payload: bytes.subarray(cursor.at)};
}

/** Writes a number up to 2^53 - 1 in base 128, little-endian, and returns the offset behind it. */
export function writeVarint(into: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7f) {
    // A bit operation would cut the number to 32 bits, so it is divided.
    into[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  into[at++] = rest;
  return at;
}

export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Reads a number and moves the cursor behind it. @throws ProtocolError when it does not end or is longer than 53 bits */
export function readVarint(bytes: Uint8Array, cursor: {at: number}): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new ProtocolError('a frame ended within a number');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    scale *= 128;
  }
  throw new ProtocolError('a number in a frame is too large');
}

/** Calls `each` with the bytes of every value in the payload of a Yield, which is `(varint length, bytes)*`. */
export function splitValues(payload: Uint8Array, each: (value: Uint8Array) => void): void {
  const cursor = {at: 0};
  while (cursor.at < payload.length) {
    const length = readVarint(payload, cursor);
    const end = cursor.at + length;
    if (end > payload.length) throw new ProtocolError('a value in a frame is cut short');
    each(payload.subarray(cursor.at, end));
    cursor.at = end;
  }
}
