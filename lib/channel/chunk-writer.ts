/**
 * Writes frames into chunks for one write of a transport.
 * Floor 3: a part of `outbox`; pure.
 */
import {maxHeaderBytes, writeHeader, writeVarint} from '../msg/frame.js';
import type {Kind} from '../msg/types.js';
import {lengthBytes, writeLength} from '../transport/framing.js';

/**
 * The number of bytes, about, that one write takes before the transport is asked again, because a socketpair takes 230 KB without
 * asking to wait.
 */
export const flushBytes = 64 * 1024;
/** Minimum size in bytes of a payload that is sent by reference: up to here a copy costs as much, and at 32 KiB 1.4 times as much. */
const byReferenceBytes = 8 * 1024;
/**
 * The size in bytes of the first slab of a channel. Many channels say little and end, and memory outside the heap drives the collector.
 * Everything that is copied fits.
 */
const firstSlabBytes = byReferenceBytes;
const noSlab = Buffer.alloc(0);

/**
 * Writes frames into slabs of memory. A slab is filled once and never written again, because the transport may keep the chunks
 * that it was given.
 */
export class ChunkWriter {
  #slab = noSlab;
  /** Where the next chunk begins in the slab. */
  #from = 0;
  /** Where the next byte goes in the slab. */
  #at = 0;
  /** The chunks that are finished. */
  #chunks: Uint8Array[] = [];
  /** The number of bytes since the last `take`. */
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

  /** Appends bytes: copies a small part, and refers to a large one. */
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

  /** Lets go of its memory: a function that goes on when its channel has ended may hold the channel. */
  clear(): void {
    this.take();
    this.#slab = noSlab;
    this.#from = 0;
    this.#at = 0;
  }

  #room(bytes: number): void {
    if (this.#slab.length - this.#at >= bytes) return;
    this.#cut();
    this.#slab = Buffer.allocUnsafeSlow(this.#slab === noSlab ? firstSlabBytes : flushBytes);
    this.#from = 0;
    this.#at = 0;
  }

  #cut(): void {
    if (this.#at === this.#from) return;
    this.#chunks.push(this.#slab.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }
}
