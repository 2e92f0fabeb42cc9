/**
 * The contract of every transport: it moves frames, in order, whole, and ends once.
 * Floor 2: knows no messages; `channel` above gives the bytes their meaning.
 */
import type {TransportEnd} from '../base/errors.js';

/** Why a transport ended. `cause` is the error beneath, where there was one. */
export interface Ending {
  readonly kind: TransportEnd;
  readonly cause?: unknown;
}

/** What a transport tells its channel. No method may throw. */
export interface TransportSink {
  /** One frame, without its length. The bytes are the receiver's: no transport writes into them again. */
  frame(bytes: Uint8Array): void;
  /** There is room again after `write` returned false. */
  drained(): void;
  /** Once, after the last frame. Nothing follows. */
  ended(ending: Ending): void;
}

export interface Transport {
  /** Starts delivery. Called once; what arrived before is delivered then, never within this call. */
  open(sink: TransportSink): void;
  /**
   * Takes whole frames, each with its length in front, as the chunks of one write.
   * Returns false when the system takes no more for now: write again after `drained()`, though control that cannot
   * wait may still be written. After the end it is a no-op: the end has been, or is being, reported.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Sends what was written, then ends: `ended({kind: 'closed'})` here, `eof` over there. Idempotent. */
  close(): void;
  /** Ends at once; what was not sent is lost. Idempotent. `ending` is reported in place of `closed`. */
  destroy(ending?: Ending): void;
  /** Whether the transport alone keeps the process running. Default true. */
  keepAlive(on: boolean): void;
  /**
   * For the `exit` handler, where no callback runs any more: pushes what was written into the system, blocking
   * for at most `ms`. Gives up in silence: nobody is left to tell.
   */
  drainSync(ms: number): void;
}
