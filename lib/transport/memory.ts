/**
 * A pair of transports within one process: the reference implementation of the contract.
 * Floor 2: beside the sockets; every frame crosses in a macrotask of its own turn, as bytes do.
 */
import {ProtocolError} from '../base/errors.js';
import {FrameSplitter} from './framing.js';
import type {Ending, Transport, TransportSink} from './transport.js';

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

class MemoryTransport implements Transport {
  peer: MemoryTransport | undefined;
  readonly #splitter: FrameSplitter;
  #sink: TransportSink | undefined;
  #ending: Ending | undefined;
  #closing = false;
  /** Bytes on their way to this end. */
  #arriving: Uint8Array[] = [];
  #arrivingBytes = 0;
  #peerEnded = false;
  #scheduled = false;
  #writerWaits = false;

  constructor(maxFrameBytes: number) {
    this.#splitter = new FrameSplitter(maxFrameBytes);
  }

  open(sink: TransportSink): void {
    this.#sink = sink;
    const ending = this.#ending;
    if (ending) queueMicrotask(() => sink.ended(ending));
    else this.#schedule();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const peer = this.peer;
    if (this.#ending || this.#closing || !peer) return true;
    // Copied, as a kernel would: what the writer does with its memory later is its own affair.
    for (const chunk of chunks) {
      peer.#arriving.push(Uint8Array.from(chunk));
      peer.#arrivingBytes += chunk.length;
    }
    peer.#schedule();
    peer.#writerWaits = peer.#arrivingBytes >= highWaterBytes;
    return !peer.#writerWaits;
  }

  close(): void {
    if (this.#ending || this.#closing) return;
    this.#closing = true;
    this.#leave();
    this.#schedule();
  }

  destroy(ending: Ending = {kind: 'closed'}): void {
    if (this.#ending) return;
    this.#leave();
    this.#end(ending);
  }

  keepAlive(): void {}
  drainSync(): void {}

  tellDrained(): void {
    if (!this.#ending) this.#sink?.drained();
  }

  #leave(): void {
    const peer = this.peer;
    if (!peer) return;
    peer.#peerEnded = true;
    peer.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#sink) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const chunks = this.#arriving;
    this.#arriving = [];
    this.#arrivingBytes = 0;
    try {
      for (const chunk of chunks) {
        if (this.#ending) return;
        this.#splitter.feed(chunk, frame => {
          if (!this.#ending) this.#sink?.frame(frame);
        });
      }
    } catch (cause) {
      this.destroy({kind: 'protocol', cause});
      return;
    }
    if (this.#writerWaits) {
      this.#writerWaits = false;
      this.peer?.tellDrained();
    }
    if (this.#arriving.length > 0) return;
    if (this.#closing) this.#end({kind: 'closed'});
    else if (this.#peerEnded && this.#splitter.partial)
      this.#end({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
    else if (this.#peerEnded) this.#end({kind: 'eof'});
  }

  #end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#sink?.ended(ending);
  }
}
