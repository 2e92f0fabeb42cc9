/**
 * Messages as bytes: the header of a frame, its pieces, and many values in one payload.
 * Floor 1: pure; `transport/framing` puts the length in front and takes it off.
 */
import {ProtocolError} from '../base/errors.js';
import {Kind, type Message} from './types.js';

/** A payload goes out in pieces of this size, so that a control message waits for one piece at most. */
export const pieceBytes = 64 * 1024;
/** What a frame may measure: a piece, its header, and slack that spares a 64 KiB buffer a second piece. */
export const maxFrameBytes = pieceBytes + 1024;
/** Set in the kind byte of every piece but the last. */
const moreBit = 0x80;
const highestKind = Kind.Proof;

/** The longest header: kind, and two varints of at most 8 bytes. */
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
  readonly more: boolean;
}

/** Reads one frame. @throws ProtocolError when it is too short or of an unknown kind */
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

/** Little-endian base 128, up to 2^53 - 1. */
export function writeVarint(into: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7f) {
    // Bit operations cut at 32 bits, hence the division.
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

/** @throws ProtocolError when it does not end, or is longer than 53 bits */
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

/** Calls `each` with the bytes of every value of a Yield's payload: `(varint length, bytes)*`. */
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
