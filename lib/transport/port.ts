/**
 * Frames over a MessagePort: between a thread and the one that started it.
 * Floor 2: beside `socket`; a port keeps order and loses nothing, but swallows everything: so the reader tells, as a
 * number, how many bytes it has taken, and the writer waits above a mark.
 */
import type {MessagePort} from 'node:worker_threads';
import {ProtocolError} from '../base/errors.js';
import {FrameSplitter} from './framing.js';
import type {Ending, Transport, TransportSink} from './transport.js';

/** As much as a socketpair swallows before it asks the writer to wait. */
const highWaterBytes = 64 * 1024;
/** The reader tells of so many bytes at a time: an answer to every chunk would cost as much as the chunk. */
const toldBytes = highWaterBytes / 2;

export class PortTransport implements Transport {
  readonly #port: MessagePort;
  readonly #splitter: FrameSplitter;
  #sink: TransportSink | undefined;
  #ending: Ending | undefined;
  #closing = false;
  /** Bytes that were written, and that the other end has not told of. */
  #underway = 0;
  #writerWaits = false;
  /** Bytes that were read, and not told of yet. */
  #untold = 0;

  /** @param options.maxFrameBytes a longer frame ends the transport (`protocol`) */
  constructor(port: MessagePort, options: {maxFrameBytes: number}) {
    this.#port = port;
    this.#splitter = new FrameSplitter(options.maxFrameBytes);
    port.on('close', () => {
      if (this.#closing) this.#end({kind: 'closed'});
      else if (this.#splitter.partial)
        this.#end({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
      else this.#end({kind: 'eof'});
    });
  }

  open(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#ending) {
      const ending = this.#ending;
      queueMicrotask(() => sink.ended(ending));
      return;
    }
    this.#port.on('message', (message: Uint8Array | number) => {
      if (typeof message === 'number') this.#taken(message);
      else this.#read(message);
    });
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#ending || this.#closing) return true;
    for (const chunk of chunks) {
      // A copy of its own: a view would take the whole memory beneath it along.
      const own = Uint8Array.from(chunk);
      this.#port.postMessage(own, [own.buffer]);
      this.#underway += chunk.length;
    }
    this.#writerWaits = this.#underway >= highWaterBytes;
    return !this.#writerWaits;
  }

  close(): void {
    if (this.#ending || this.#closing) return;
    this.#closing = true;
    this.#port.close();
  }

  destroy(ending: Ending = {kind: 'closed'}): void {
    this.#end(ending);
    this.#port.close();
  }

  keepAlive(on: boolean): void {
    if (on) this.#port.ref();
    else this.#port.unref();
  }

  drainSync(): void {}

  #read(chunk: Uint8Array): void {
    if (this.#ending) return;
    try {
      this.#splitter.feed(chunk, frame => {
        if (!this.#ending) this.#sink?.frame(frame);
      });
    } catch (cause) {
      this.destroy({kind: 'protocol', cause});
      return;
    }
    this.#untold += chunk.length;
    if (this.#untold < toldBytes) return;
    this.#port.postMessage(this.#untold);
    this.#untold = 0;
  }

  #taken(bytes: number): void {
    this.#underway -= bytes;
    if (this.#ending || !this.#writerWaits || this.#underway >= highWaterBytes) return;
    this.#writerWaits = false;
    this.#sink?.drained();
  }

  #end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#sink?.ended(ending);
  }
}
