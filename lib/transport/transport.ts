/**
 * The contract of every transport: it moves whole frames, in order, and ends exactly once.
 * Floor 2: it does not know messages; `channel` above gives the bytes their meaning.
 */
import type {TransportEnd} from '../base/errors.js';

/** Why a transport ended. */
export interface Ending {
  readonly kind: TransportEnd;
  /** The error that ended it, when there was one. */
  readonly cause?: unknown;
}

/** The receiver of a transport, usually its channel. No method may throw. */
export interface TransportSink {
  /** One frame, without its length. The bytes are lent for the time of this call: the transport uses their memory again. */
  frame(bytes: Uint8Array): void;
  /** There is room again, after `write` has returned false. */
  drained(): void;
  /** Called once, after the last frame. No other call follows. */
  ended(ending: Ending): void;
}

export interface Transport {
  /**
   * About how many bytes were written that the system has not taken yet: it shrinks with everything that the system takes.
   * Undefined where that is not known.
   */
  readonly unsentBytes?: number;
  /** Starts the delivery of frames. Called once. Frames that have arrived before are delivered too, but not within this call. */
  open(sink: TransportSink): void;
  /**
   * Sends whole frames, each with its length before it, as the chunks of one write.
   *
   * Returns false when the system takes no more for now. Then the caller should write again only after `drained()`; control
   * messages that cannot wait may still be written. After the end it does nothing, because the end is reported anyway.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Sends all that was written, then ends: `closed` is reported here, `eof` at the other end. Idempotent. */
  close(): void;
  /** Ends at once; bytes that were not sent are lost. Idempotent. @param ending is reported instead of `closed` */
  destroy(ending?: Ending): void;
  /** Whether the transport alone keeps the process running. Default true. */
  keepAlive(on: boolean): void;
  /**
   * For the `exit` handler, where no callback runs any more: gives all that was written to the system, and blocks for at most
   * `ms` milliseconds. When it fails it reports nothing, because the process is about to end.
   */
  drainSync(ms: number): void;
}
