/**
 * What every transport of bytes does alike: frames out of chunks, and one end, told once and to whoever comes later.
 * Floor 2: the base of `socket`, `port` and `memory`.
 */
import {FrameSplitter} from './framing.js';
import type {Ending, Transport, TransportSink} from './transport.js';

export abstract class FramedTransport implements Transport {
  readonly #splitter: FrameSplitter;
  readonly #maxFrameBytes: number;
  #sink: TransportSink | undefined;
  #ending: Ending | undefined;
  /** This end has been asked to close. */
  protected closing = false;

  /** @param maxFrameBytes a longer frame ends the transport (`protocol`) before it is buffered */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#splitter = new FrameSplitter(maxFrameBytes);
  }

  /** Undefined before `open`. */
  protected get sink(): TransportSink | undefined {
    return this.#sink;
  }

  protected get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Whether what has arrived ends within a frame: an end now cuts it short. */
  protected get partial(): boolean {
    return this.#splitter.partial;
  }

  /** A lower limit from the next frame on, or the usual one again: a stranger may say less at a time than a friend. */
  limitFrames(bytes = this.#maxFrameBytes): void {
    this.#splitter.maxBytes = Math.min(bytes, this.#maxFrameBytes);
  }

  open(sink: TransportSink): void {
    this.#sink = sink;
    const ending = this.#ending;
    // An end that came before is told now, though never within this call.
    if (ending) queueMicrotask(() => sink.ended(ending));
    else this.opened();
  }

  abstract write(chunks: readonly Uint8Array[]): boolean;
  abstract close(): void;
  abstract destroy(ending?: Ending): void;
  abstract keepAlive(on: boolean): void;
  abstract drainSync(ms: number): void;

  /** There is a sink: delivery begins. */
  protected abstract opened(): void;

  /** Bytes have arrived. False when they broke the protocol, and with that ended the transport. */
  protected received(chunk: Uint8Array): boolean {
    if (this.#ending) return false;
    try {
      this.#splitter.feed(chunk, frame => {
        if (!this.#ending) this.#sink?.frame(frame);
      });
      return true;
    } catch (cause) {
      this.destroy({kind: 'protocol', cause});
      return false;
    }
  }

  protected end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#sink?.ended(ending);
  }
}
