/**
 * How much may be on its way between two ends, and wait at one.
 * Floor 4: the options of streams, checked and completed once.
 */

/**
 * What happens when values are pushed while the receiver grants no room. `error`: beyond `bufferBytes` the context
 * fails with StreamOverrun. `dropOldest`: beyond `bufferBytes` the oldest go. `latest`: one value waits, the last.
 */
export type Overflow = 'error' | 'dropOldest' | 'latest';

export interface FlowOptions {
  /** Values that a sender may be ahead of the consumer: 1 024. */
  readonly window?: number | undefined;
  /** The same in bytes: 1 MiB. A window starts with 64 KiB of it and grows with use. */
  readonly windowBytes?: number | undefined;
  /** Bytes that may wait at the sender for room, when values are pushed: 16 MiB. */
  readonly bufferBytes?: number | undefined;
  /** What happens when more is pushed than that: `error`. */
  readonly overflow?: Overflow | undefined;
}

export interface Flow {
  readonly window: number;
  readonly windowBytes: number;
  readonly bufferBytes: number;
  readonly overflow: Overflow;
}

/** The options with their defaults. @throws RangeError, TypeError */
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
