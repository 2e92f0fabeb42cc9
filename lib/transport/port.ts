/**
 * Frames over a MessagePort: between a thread and the thread that started it.
 * Floor 2: beside `socket`. A port keeps the order and loses nothing, but it takes bytes without limit. Therefore the reader
 * sends back, as a number, how many bytes it has read, and the writer waits when too many are on their way.
 */
import type {MessagePort} from 'node:worker_threads';
import {ProtocolError} from '../base/errors.js';
import {FramedTransport} from './framed.js';
import type {Ending} from './transport.js';

/** Maximum number of bytes on their way before the writer must wait, because a socketpair holds about as many. */
const highWaterBytes = 64 * 1024;
/** After this many bytes the reader confirms them, because a confirmation of every chunk would cost as much as the chunk. */
const confirmBytes = highWaterBytes / 2;

export class PortTransport extends FramedTransport {
  readonly #port: MessagePort;
  /** Bytes that were written here, and that the other end has not confirmed. */
  #unconfirmedWritten = 0;
  /** True when `write` has returned false, so that the sink must be told when there is room again. */
  #hasWaitingWriter = false;
  /** Bytes that were read here, and that this end has not confirmed yet. */
  #unconfirmedRead = 0;

  /** @param options.maxFrameBytes a longer frame ends the transport (`protocol`) */
  constructor(port: MessagePort, options: {maxFrameBytes: number}) {
    super(options.maxFrameBytes);
    this.#port = port;
    port.on('close', () => {
      if (this.isClosing) this.end({kind: 'closed'});
      else if (this.isWithinFrame)
        this.end({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
      else this.end({kind: 'eof'});
    });
  }

  protected override startDelivery(): void {
    this.#port.on('message', (message: Uint8Array | number) => {
      if (typeof message === 'number') this.#confirmed(message);
      else this.#read(message);
    });
  }

  override write(chunks: readonly Uint8Array[]): boolean {
    if (this.hasEnded || this.isClosing) return true;
    for (const chunk of chunks) {
      // A copy, because the transfer of a view would take away all the memory beneath it.
      const own = Uint8Array.from(chunk);
      this.#port.postMessage(own, [own.buffer]);
      this.#unconfirmedWritten += chunk.length;
    }
    this.#hasWaitingWriter = this.#unconfirmedWritten >= highWaterBytes;
    return !this.#hasWaitingWriter;
  }

  override close(): void {
    if (this.hasEnded || this.isClosing) return;
    this.isClosing = true;
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
    this.#unconfirmedRead += chunk.length;
    if (this.#unconfirmedRead < confirmBytes) return;
    this.#port.postMessage(this.#unconfirmedRead);
    this.#unconfirmedRead = 0;
  }

  #confirmed(bytes: number): void {
    this.#unconfirmedWritten -= bytes;
    if (this.hasEnded || !this.#hasWaitingWriter || this.#unconfirmedWritten >= highWaterBytes) return;
    this.#hasWaitingWriter = false;
    this.sink?.drained();
  }
}
