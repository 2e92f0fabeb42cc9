/**
 * What a channel has still to send: control first, then one frame of each context in turn.
 * Floor 3: pure; `channel` fills and empties it.
 *
 * Within one context everything keeps its order; only `Cancel` and `Credit` pass values. A large payload leaves in
 * pieces, so that a small message of another context never waits for more than one of them.
 */
import {IdMap} from '../base/id-map.js';
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
  readonly payload: Uint8Array;
  /** Of a Yield: the values that share its frame with the first. Each is prefixed with its length. */
  others: Uint8Array[] | undefined;
  /** Payload bytes, prefixes included. */
  bytes: number;
  /** Set once a first piece has left: the rest of the payload. */
  rest: Uint8Array | undefined;
  /** Behind it in its lane. */
  next: Entry | undefined;
}

/** What one context has to send, in its order. */
interface Lane {
  readonly context: number;
  first: Entry | undefined;
  last: Entry;
  /** The lane that is served after it. */
  next: Lane | undefined;
}

export class Outbox {
  readonly #urgent: Entry[] = [];
  /** The contexts with something to send. */
  readonly #lanes = new IdMap<Lane>();
  /** The lane to be served first, and the last in the row: linked, as some that were withdrawn still stand in it. */
  #first: Lane | undefined;
  #last: Lane | undefined;
  readonly #writer = new ChunkWriter();

  get empty(): boolean {
    return this.#urgent.length === 0 && this.#lanes.size === 0;
  }

  /** Queues a message behind everything of its context. */
  push(kind: Kind, context: number, seq: number, payload: Uint8Array): void {
    this.#append(newEntry(kind, context, seq, payload, payload.length), this.#lanes.get(context));
  }

  /** Queues a message that passes values, though never the Start of its own context. */
  pushUrgent(kind: Kind, context: number, payload: Uint8Array): void {
    const entry = newEntry(kind, context, 0, payload, payload.length);
    const lane = this.#lanes.get(context);
    const start = lane?.first;
    if (!lane || start?.kind !== Kind.Start) {
      this.#urgent.push(entry);
      return;
    }
    entry.next = start.next;
    start.next = entry;
    if (lane.last === start) lane.last = entry;
  }

  /** Queues a value; those of one stream that meet here share a frame. */
  pushValue(context: number, seq: number, value: Uint8Array): void {
    const bytes = value.length + varintLength(value.length);
    const lane = this.#lanes.get(context);
    const last = lane?.last;
    if (last !== undefined && last.kind === Kind.Yield && last.rest === undefined && last.bytes + bytes <= pieceBytes) {
      last.others ??= [];
      last.others.push(value);
      last.bytes += bytes;
      return;
    }
    this.#append(newEntry(Kind.Yield, context, seq, value, bytes), lane);
  }

  /** Takes back a Start that has not left, with all behind it. True when the peer has never heard of the context. */
  withdraw(context: number): boolean {
    const lane = this.#lanes.get(context);
    if (lane?.first?.kind !== Kind.Start || lane.first.rest !== undefined) return false;
    this.#lanes.delete(context);
    lane.first = undefined;
    return true;
  }

  /** The next chunks for one write, about 64 KiB. */
  take(): readonly Uint8Array[] {
    const writer = this.#writer;
    for (const entry of this.#urgent) writeWhole(writer, entry);
    this.#urgent.length = 0;
    while (writer.bytes < flushBytes) {
      const lane = this.#shiftLane();
      if (!lane) break;
      const entry = lane.first;
      if (!entry) continue;
      if (writeNext(writer, entry)) {
        lane.first = entry.next;
        // What has left points at nothing that stays: see `base/ring`.
        entry.next = undefined;
      }
      if (lane.first) this.#pushLane(lane);
      else this.#lanes.delete(lane.context);
    }
    return writer.take();
  }

  clear(): void {
    this.#urgent.length = 0;
    this.#lanes.clear();
    this.#first = undefined;
    this.#last = undefined;
  }

  #append(entry: Entry, lane: Lane | undefined): void {
    if (lane) {
      lane.last.next = entry;
      lane.last = entry;
      return;
    }
    const {context} = entry;
    const opened: Lane = {context, first: entry, last: entry, next: undefined};
    this.#lanes.set(context, opened);
    this.#pushLane(opened);
  }

  #pushLane(lane: Lane): void {
    if (this.#last) this.#last.next = lane;
    else this.#first = lane;
    this.#last = lane;
  }

  #shiftLane(): Lane | undefined {
    const lane = this.#first;
    if (!lane) return undefined;
    this.#first = lane.next;
    if (!this.#first) this.#last = undefined;
    lane.next = undefined;
    return lane;
  }
}

function newEntry(kind: Kind, context: number, seq: number, payload: Uint8Array, bytes: number): Entry {
  return {kind, context, seq, payload, others: undefined, bytes, rest: undefined, next: undefined};
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
  const isYield = entry.kind === Kind.Yield;
  if (isYield) writer.varint(entry.payload.length);
  writer.bytesOf(entry.payload);
  if (!entry.others) return;
  for (const value of entry.others) {
    writer.varint(value.length);
    writer.bytesOf(value);
  }
}

/** The payload of a large entry in one piece of memory. */
function flatten(entry: Entry): Uint8Array {
  if (entry.kind !== Kind.Yield) return entry.payload;
  const all = Buffer.allocUnsafe(entry.bytes);
  let at = 0;
  for (const part of [entry.payload, ...(entry.others ?? [])]) {
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
