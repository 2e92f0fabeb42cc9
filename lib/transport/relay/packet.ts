/**
 * The packets that the two ends of a relayed stream send each other through a broker, as bytes.
 * Floor 2: pure; below `sending` and `receiving`.
 */
import {ProtocolError} from '../../base/errors.js';

/**
 * The kinds of packets. Each packet also tells what has arrived at its sender, and for how much there is room.
 *
 * - `data`: bytes of the stream
 * - `end`: the stream ends here
 * - `state`: nothing else
 * - `ask`: its sender wants to be told the same
 * - `again`: its sender has missed something, and wants all that follows `received`
 * - `reset`: its sender has been destroyed
 */
const kinds = ['data', 'end', 'state', 'ask', 'again', 'reset'] as const;
export type PacketKind = (typeof kinds)[number];

/** Numbers of a packet. All are positions in a stream: how many bytes stand before. The end of a stream counts as one byte. */
export interface Stamp {
  /** The position of the packet. In one without a position of its own: of what its sender sends next. */
  readonly at: number;
  /** Everything before this position has arrived at the sender of the packet. */
  readonly received: number;
  /** The sender of the packet takes nothing behind this position. */
  readonly limit: number;
}

export interface Packet extends Stamp {
  readonly kind: PacketKind;
  readonly bytes: Uint8Array;
}

/** Six bytes for a position are enough for 281 TB. */
const positionBytes = 6;
export const headerBytes = 1 + 3 * positionBytes;

/** A packet that has its bytes, and gets its stamp when it is sent. The bytes are copied. */
export function newPacket(kind: PacketKind, bytes: Uint8Array = none): Buffer {
  const packet = Buffer.allocUnsafe(headerBytes + bytes.length);
  packet[0] = kinds.indexOf(kind);
  packet.set(bytes, headerBytes);
  return packet;
}

const none = new Uint8Array(0);

/** Writes the stamp into a packet, also into one that was sent before: the newer one says more. */
export function stamp(packet: Buffer, {at, received, limit}: Stamp): void {
  packet.writeUIntLE(at, 1, positionBytes);
  packet.writeUIntLE(received, 1 + positionBytes, positionBytes);
  packet.writeUIntLE(limit, 1 + 2 * positionBytes, positionBytes);
}

/** @throws ProtocolError for bytes that are not a packet */
export function readPacket(packet: Uint8Array): Packet {
  const kind = kinds[packet[0] ?? kinds.length];
  if (kind === undefined || packet.length < headerBytes)
    throw new ProtocolError(`${packet.length} bytes came through the broker that are not a packet`);
  const numbers = Buffer.from(packet.buffer, packet.byteOffset, headerBytes);
  const position = (index: number): number => numbers.readUIntLE(1 + index * positionBytes, positionBytes);
  const bytes = packet.subarray(headerBytes);
  if (bytes.length > 0 !== (kind === 'data'))
    throw new ProtocolError(`a packet (${kind}) came through the broker with ${bytes.length} bytes`);
  return {kind, at: position(0), received: position(1), limit: position(2), bytes};
}
