/**
 * A pair of transports within one process: the reference implementation of the contract.
 * Floor 2: beside the sockets; every frame crosses in a macrotask of its own turn, as bytes do.
 */
import {plainClock} from '../base/clock.js';
import {ProtocolError} from '../base/errors.js';
import {FramedTransport} from './framed.js';
import type {Ending, Transport} from './transport.js';

/** As much as a socketpair swallows before it asks the writer to wait. */
const highWaterBytes = 64 * 1024;

/** Two ends: what is written to one arrives at the other. @param options.maxFrameBytes as for sockets */
export function memoryPair(options: {maxFrameBytes: number}): [Transport, Transport] {
  const a = new MemoryTransport(options.maxFrameBytes);
  const b = new MemoryTransport(options.maxFrameBytes);
  a.peer = b;
  b.peer = a;
  return [a, b];
}

class MemoryTransport extends FramedTransport {
  peer: MemoryTransport | undefined;
  /** Bytes on their way to this end. */
  #arriving: Uint8Array[] = [];
  #arrivingBytes = 0;
  #peerEnded = false;
  #scheduled = false;
  #writerWaits = false;

  protected override opened(): void {
    this.#schedule();
  }

  override write(chunks: readonly Uint8Array[]): boolean {
    const peer = this.peer;
    if (this.ended || this.closing || !peer) return true;
    // Copied, as a kernel would: what the writer does with its memory later is its own affair.
    for (const chunk of chunks) {
      peer.#arriving.push(Uint8Array.from(chunk));
      peer.#arrivingBytes += chunk.length;
    }
    peer.#schedule();
    peer.#writerWaits = peer.#arrivingBytes >= highWaterBytes;
    return !peer.#writerWaits;
  }

  override close(): void {
    if (this.ended || this.closing) return;
    this.closing = true;
    this.#leave();
    this.#schedule();
  }

  override destroy(ending: Ending = {kind: 'closed'}): void {
    if (this.ended) return;
    this.#leave();
    this.end(ending);
  }

  override keepAlive(): void {}
  override drainSync(): void {}

  tellDrained(): void {
    if (!this.ended) this.sink?.drained();
  }

  #leave(): void {
    const peer = this.peer;
    if (!peer) return;
    peer.#peerEnded = true;
    peer.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.sink) return;
    this.#scheduled = true;
    plainClock.soon(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const chunks = this.#arriving;
    this.#arriving = [];
    this.#arrivingBytes = 0;
    for (const chunk of chunks) if (!this.received(chunk)) return;
    if (this.#writerWaits) {
      this.#writerWaits = false;
      this.peer?.tellDrained();
    }
    if (this.#arriving.length > 0) return;
    if (this.closing) this.end({kind: 'closed'});
    else if (this.#peerEnded && this.partial)
      this.end({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
    else if (this.#peerEnded) this.end({kind: 'eof'});
  }
}
