/**
 * The options of a stream: how much may be on its way between the two ends, and how much may wait at the sender.
 * Floor 4, room `flow`: checked and completed here once, trusted everywhere else.
 */

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
  /** How many bytes of pushed values may wait at the sender for room. Default: 16 MiB. */
  readonly bufferBytes?: number | undefined;
  /** How the sender treats what is pushed beyond `bufferBytes`. Default: `error`. */
  readonly overflow?: Overflow | undefined;
}

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
  if (!(Number.isSafeInteger(window) && window >= 1))
    throw new RangeError(`window is a number of values from 1 on, not ${window}`);
  if (!(Number.isSafeInteger(windowBytes) && windowBytes >= 1))
    throw new RangeError(`windowBytes is a number of bytes from 1 on, not ${windowBytes}`);
  if (!(bufferBytes >= 0)) throw new RangeError(`bufferBytes is a number of bytes, not ${bufferBytes}`);
  if (!isOverflow(overflow)) throw new TypeError(`overflow is error, dropOldest or latest, not ${String(overflow)}`);
  return {window, windowBytes, bufferBytes, overflow};
}

function isOverflow(value: unknown): value is Overflow {
  return value === 'error' || value === 'dropOldest' || value === 'latest';
}
