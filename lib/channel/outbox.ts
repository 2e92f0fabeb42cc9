/**
 * What a channel has still to send: control first, then one frame of each context in turn.
 * Floor 3: pure; `channel` fills and empties it.
 *
 * Within one context everything keeps its order; only `Cancel` and `Credit` pass values. A large payload leaves in
 * pieces, so that a small message of another context never waits for more than one of them.
 */
import {maxHeaderBytes, pieceBytes, varintLength, writeHeader, writeVarint} from '../msg/frame.js';
import {Kind} from '../msg/types.js';
import {lengthBytes, writeLength} from '../transport/framing.js';

/** One flush gathers about so many bytes before the transport is asked again: a socketpair swallows 230 KB unseen. */
const flushBytes = 64 * 1024;
/** Payloads from this size on go out by reference, without a copy. */
const byReferenceBytes = 8 * 1024;
/** Header slack of a frame that is sent whole though it exceeds a piece. */
const wholeBytes = pieceBytes + 512;

interface Entry {
  readonly kind: Kind;
  readonly context: number;
  readonly seq: number;
  /** The payload; for a Yield the values, each to be prefixed with its length. */
  readonly parts: Uint8Array[];
  /** Payload bytes, prefixes included. */
  bytes: number;
  /** Set once a first piece has left: the rest of the payload. */
  rest?: Uint8Array;
}

export class Outbox {
  readonly #urgent: Entry[] = [];
  /** The contexts with something to send, the next to be served first. */
  readonly #lanes = new Map<number, Entry[]>();
  readonly #writer = new ChunkWriter();

  get empty(): boolean {
    return this.#urgent.length === 0 && this.#lanes.size === 0;
  }

  /** Queues a message behind everything of its context. */
  push(kind: Kind, context: number, seq: number, payload: Uint8Array): void {
    const entry: Entry = {kind, context, seq, parts: [payload], bytes: payload.length};
    const lane = this.#lanes.get(context);
    if (lane) lane.push(entry);
    else this.#lanes.set(context, [entry]);
  }

  /** Queues a message that passes values, though never the Start of its own context. */
  pushUrgent(kind: Kind, context: number, payload: Uint8Array): void {
    const entry: Entry = {kind, context, seq: 0, parts: [payload], bytes: payload.length};
    const lane = this.#lanes.get(context);
    if (lane?.[0]?.kind === Kind.Start) lane.splice(1, 0, entry);
    else this.#urgent.push(entry);
  }

  /** Queues a value; those of one stream that meet here share a frame. */
  pushValue(context: number, seq: number, value: Uint8Array): void {
    const bytes = value.length + varintLength(value.length);
    const lane = this.#lanes.get(context);
    const last = lane?.[lane.length - 1];
    if (last !== undefined && last.kind === Kind.Yield && last.rest === undefined && last.bytes + bytes <= pieceBytes) {
      last.parts.push(value);
      last.bytes += bytes;
      return;
    }
    const entry: Entry = {kind: Kind.Yield, context, seq, parts: [value], bytes};
    if (lane) lane.push(entry);
    else this.#lanes.set(context, [entry]);
  }

  /** Takes back a Start that has not left, with all behind it. True when the peer has never heard of the context. */
  withdraw(context: number): boolean {
    const first = this.#lanes.get(context)?.[0];
    if (first === undefined || first.kind !== Kind.Start || first.rest !== undefined) return false;
    this.#lanes.delete(context);
    return true;
  }

  /** The next chunks for one write, about 64 KiB. */
  take(): readonly Uint8Array[] {
    const writer = this.#writer;
    for (const entry of this.#urgent) writeWhole(writer, entry);
    this.#urgent.length = 0;
    while (writer.bytes < flushBytes) {
      const next = this.#lanes.entries().next();
      if (next.done) break;
      const [context, lane] = next.value;
      const entry = lane[0] as Entry;
      if (writeNext(writer, entry)) lane.shift();
      if (lane.length === 0) this.#lanes.delete(context);
      else if (this.#lanes.size > 1) {
        this.#lanes.delete(context);
        this.#lanes.set(context, lane);
      }
    }
    return writer.take();
  }

  clear(): void {
    this.#urgent.length = 0;
    this.#lanes.clear();
  }
}

/** Writes an entry, or its next piece. True when all of it has left. */
function writeNext(writer: ChunkWriter, entry: Entry): boolean {
  if (entry.rest === undefined && entry.bytes <= wholeBytes) {
    writeWhole(writer, entry);
    return true;
  }
  const rest = entry.rest ?? flatten(entry);
  const more = rest.length > pieceBytes;
  const piece = more ? rest.subarray(0, pieceBytes) : rest;
  writer.frame(entry.kind, more, entry.context, entry.seq, piece.length);
  writer.bytesOf(piece);
  entry.rest = rest.subarray(piece.length);
  return !more;
}

function writeWhole(writer: ChunkWriter, entry: Entry): void {
  writer.frame(entry.kind, false, entry.context, entry.seq, entry.bytes);
  for (const part of entry.parts) {
    if (entry.kind === Kind.Yield) writer.varint(part.length);
    writer.bytesOf(part);
  }
}

/** The payload of a large entry in one piece of memory. */
function flatten(entry: Entry): Uint8Array {
  if (entry.kind !== Kind.Yield) return entry.parts[0] as Uint8Array;
  const all = Buffer.allocUnsafe(entry.bytes);
  let at = 0;
  for (const part of entry.parts) {
    at = writeVarint(all, at, part.length);
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Gathers frames in slabs. A slab is filled once and never written again, so that the transport may hold on to
 * what it was given.
 */
class ChunkWriter {
  #slab = Buffer.allocUnsafeSlow(flushBytes);
  #from = 0;
  #at = 0;
  #chunks: Uint8Array[] = [];
  /** Bytes gathered since the last `take`. */
  bytes = 0;

  frame(kind: Kind, more: boolean, context: number, seq: number, payloadBytes: number): void {
    this.#room(lengthBytes + maxHeaderBytes);
    const start = this.#at;
    this.#at = writeHeader(this.#slab, start + lengthBytes, kind, more, context, seq);
    writeLength(this.#slab, start, this.#at - start - lengthBytes + payloadBytes);
    this.bytes += this.#at - start;
  }

  varint(value: number): void {
    this.#room(8);
    const start = this.#at;
    this.#at = writeVarint(this.#slab, start, value);
    this.bytes += this.#at - start;
  }

  bytesOf(part: Uint8Array): void {
    this.bytes += part.length;
    if (part.length >= byReferenceBytes) {
      this.#cut();
      this.#chunks.push(part);
      return;
    }
    this.#room(part.length);
    this.#slab.set(part, this.#at);
    this.#at += part.length;
  }

  take(): readonly Uint8Array[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.bytes = 0;
    return chunks;
  }

  #room(bytes: number): void {
    if (this.#slab.length - this.#at >= bytes) return;
    this.#cut();
    this.#slab = Buffer.allocUnsafeSlow(flushBytes);
    this.#from = 0;
    this.#at = 0;
  }

  #cut(): void {
    if (this.#at === this.#from) return;
    this.#chunks.push(this.#slab.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }
}
