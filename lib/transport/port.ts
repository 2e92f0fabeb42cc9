/**
 * Frames over a MessagePort: between a thread and the one that started it.
 * Floor 2: beside `socket`; a port keeps order and loses nothing, but knows no backpressure: credit bounds what waits.
 */
import type {MessagePort} from 'node:worker_threads';
import {FrameSplitter} from './framing.js';
import type {Ending, Transport, TransportSink} from './transport.js';

export class PortTransport implements Transport {
  readonly #port: MessagePort;
  readonly #splitter: FrameSplitter;
  #sink: TransportSink | undefined;
  #ending: Ending | undefined;
  #closing = false;

  /** @param options.maxFrameBytes a longer frame ends the transport (`protocol`) */
  constructor(port: MessagePort, options: {maxFrameBytes: number}) {
    this.#port = port;
    this.#splitter = new FrameSplitter(options.maxFrameBytes);
    port.on('close', () => this.#end({kind: this.#closing ? 'closed' : 'eof'}));
  }

  open(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#ending) {
      const ending = this.#ending;
      queueMicrotask(() => sink.ended(ending));
      return;
    }
    this.#port.on('message', (chunk: Uint8Array) => this.#read(chunk));
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#ending || this.#closing) return true;
    for (const chunk of chunks) {
      // A copy of its own: a view would take the whole memory beneath it along.
      const own = Uint8Array.from(chunk);
      this.#port.postMessage(own, [own.buffer]);
    }
    return true;
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
    }
  }

  #end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#sink?.ended(ending);
  }
}
