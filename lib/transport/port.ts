/**
 * Frames over a MessagePort: between a thread and the one that started it.
 * Floor 2: beside `socket`; a port keeps order and loses nothing, but swallows everything: so the reader tells, as a
 * number, how many bytes it has taken, and the writer waits above a mark.
 */
import type {MessagePort} from 'node:worker_threads';
import {ProtocolError} from '../base/errors.js';
import {FramedTransport} from './framed.js';
import type {Ending} from './transport.js';

/** As much as a socketpair swallows before it asks the writer to wait. */
const highWaterBytes = 64 * 1024;
/** The reader tells of so many bytes at a time: an answer to every chunk would cost as much as the chunk. */
const toldBytes = highWaterBytes / 2;

export class PortTransport extends FramedTransport {
  readonly #port: MessagePort;
  /** Bytes that were written, and that the other end has not told of. */
  #underway = 0;
  #writerWaits = false;
  /** Bytes that were read, and not told of yet. */
  #untold = 0;

  /** @param options.maxFrameBytes a longer frame ends the transport (`protocol`) */
  constructor(port: MessagePort, options: {maxFrameBytes: number}) {
    super(options.maxFrameBytes);
    this.#port = port;
    port.on('close', () => {
      if (this.closing) this.end({kind: 'closed'});
      else if (this.partial) this.end({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
      else this.end({kind: 'eof'});
    });
  }

  protected override opened(): void {
    this.#port.on('message', (message: Uint8Array | number) => {
      if (typeof message === 'number') this.#taken(message);
      else this.#read(message);
    });
  }

  override write(chunks: readonly Uint8Array[]): boolean {
    if (this.ended || this.closing) return true;
    for (const chunk of chunks) {
      // A copy of its own: a view would take the whole memory beneath it along.
      const own = Uint8Array.from(chunk);
      this.#port.postMessage(own, [own.buffer]);
      this.#underway += chunk.length;
    }
    this.#writerWaits = this.#underway >= highWaterBytes;
    return !this.#writerWaits;
  }

  override close(): void {
    if (this.ended || this.closing) return;
    this.closing = true;
    this.#port.close();
  }

  override destroy(ending: Ending = {kind: 'closed'}): void {
    this.end(ending);
    this.#port.close();
  }

  override keepAlive(on: boolean): void {
    if (on) this.#port.ref();
    else this.#port.unref();
  }

  override drainSync(): void {}

  #read(chunk: Uint8Array): void {
    if (!this.received(chunk)) return;
    this.#untold += chunk.length;
    if (this.#untold < toldBytes) return;
    this.#port.postMessage(this.#untold);
    this.#untold = 0;
  }

  #taken(bytes: number): void {
    this.#underway -= bytes;
    if (this.ended || !this.#writerWaits || this.#underway >= highWaterBytes) return;
    this.#writerWaits = false;
    this.sink?.drained();
  }
}
