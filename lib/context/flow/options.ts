/**
 * The options of a stream: how much may be on its way between the two ends, and how much may wait at the sender.
 * Floor 4, room `flow`: checked and completed here once, trusted everywhere else.
 */
import {checkAmount, checkCount, checkWord} from '../../base/option-checks.js';

/**
 * How a sender treats values that are pushed while the receiver grants no room.
 *
 * - `error`: when more than `bufferBytes` wait, the context fails with StreamOverrun
 * - `dropOldest`: when more than `bufferBytes` wait, the oldest values are dropped
 * - `latest`: one value waits, the last one
 */
export type Overflow = 'error' | 'dropOldest' | 'latest';

/** How much of a stream may be on its way, and how much may wait at the sender. */
export interface FlowOptions {
  /** How many values the sender may be ahead of the consumer. Default: 1 024. */
  readonly window?: number | undefined;
  /** How many bytes the sender may be ahead of the consumer. Default: 1 MiB. A window starts with 64 KiB and grows with use. */
  readonly windowBytes?: number | undefined;
  /**
   * How many bytes of pushed values may wait at the sender for room. A value counts with its encoded size and 160 bytes more.
   * Default: 16 MiB.
   */
  readonly bufferBytes?: number | undefined;
  /** How the sender treats what is pushed beyond `bufferBytes`. Default: `error`. */
  readonly overflow?: Overflow | undefined;
}

const overflows: readonly Overflow[] = ['error', 'dropOldest', 'latest'];

/** The options, checked and completed. */
export interface Flow {
  readonly window: number;
  readonly windowBytes: number;
  readonly bufferBytes: number;
  readonly overflow: Overflow;
}

/** @throws RangeError for a number out of range, TypeError for an unknown `overflow` */
export function flowOf(options: FlowOptions): Flow {
  const {window = 1_024, windowBytes = 1024 * 1024, bufferBytes = 16 * 1024 * 1024, overflow = 'error'} = options;
  checkCount('window', window, 'values');
  checkCount('windowBytes', windowBytes, 'bytes');
  checkAmount('bufferBytes', bufferBytes, 'bytes');
  checkWord('overflow', overflow, overflows);
  return {window, windowBytes, bufferBytes, overflow};
}
