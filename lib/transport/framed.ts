/**
 * The part that all transports of bytes share: it makes frames out of chunks, and reports the end exactly once, also to a
 * sink that is opened after the end.
 * Floor 2: the base class of `socket`, `port` and `memory`.
 */
import {FrameSplitter} from './framing.js';
import type {Ending, Transport, TransportSink} from './transport.js';

export abstract class FramedTransport implements Transport {
  readonly #splitter: FrameSplitter;
  readonly #maxFrameBytes: number;
  #sink: TransportSink | undefined;
  #ending: Ending | undefined;
  /** True after `close()` was called on this end. */
  protected isClosing = false;

  /** @param maxFrameBytes a longer frame ends the transport (`protocol`) before it is buffered */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#splitter = new FrameSplitter(maxFrameBytes);
  }

  /** The receiver of frames; undefined before `open`. */
  protected get sink(): TransportSink | undefined {
    return this.#sink;
  }

  protected get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Whether the bytes so far end within a frame: if the transport ends now, that frame was cut short. */
  protected get isWithinFrame(): boolean {
    return this.#splitter.isWithinFrame;
  }

  /**
   * Sets a lower limit for the length of frames, from the next frame on; without an argument, the usual limit again. During the
   * handshake the peer is unknown, so its frames must be small.
   */
  limitFrames(bytes = this.#maxFrameBytes): void {
    this.#splitter.maxBytes = Math.min(bytes, this.#maxFrameBytes);
  }

  open(sink: TransportSink): void {
    this.#sink = sink;
    const ending = this.#ending;
    // The transport has ended before this call: the sink is told, but not within the call.
    if (ending) queueMicrotask(() => sink.ended(ending));
    else this.startDelivery();
  }

  abstract write(chunks: readonly Uint8Array[]): boolean;
  abstract close(): void;
  abstract destroy(ending?: Ending): void;
  abstract keepAlive(on: boolean): void;
  abstract drainSync(ms: number): void;

  /** Called once, as soon as there is a sink. */
  protected abstract startDelivery(): void;

  /** Takes bytes that have arrived. Returns false when they broke the protocol, which has ended the transport. */
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
