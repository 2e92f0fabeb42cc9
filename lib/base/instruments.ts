/**
 * The places where an instrument looks into the runtime that no channel of `events` tells of: the senders of streams, the records
 * of the log, and the last moment of a process.
 * Floor 0: empty until `rxtractor/otel` fills it, so that to ask costs the reading of one property.
 */
import {plainClock} from './clock.js';
import {processWide} from './process-wide.js';

/** The counters of the sending half of a stream. */
export interface SenderCounters {
  readonly sent: number;
  readonly dropped: number;
  readonly queuedBytes: number;
  /** For how long in all something has waited for room, in ms. */
  readonly stalledMs: number;
  readonly closed: object | undefined;
  readonly isBlocked: boolean;
}

export interface Instruments {
  /** A sender of a stream was made. */
  senderOpened: ((sender: SenderCounters) => void) | undefined;
  /** Fields that each record of the log gets besides. */
  recordDetails: (() => object | undefined) | undefined;
  /** Called when an actor ends in an ordinary way: each sends what is unsent. */
  readonly lastWords: Set<() => Promise<unknown>>;
}

export const instruments = processWide<Instruments>('instruments', () => ({
  senderOpened: undefined,
  recordDetails: undefined,
  lastWords: new Set(),
}));

/** Waits for the last words. Never rejects. @param ms maximum time: the end of an actor waits for them */
export async function sayLastWords(ms: number): Promise<void> {
  const {lastWords} = instruments;
  if (lastWords.size === 0) return;
  const said = Promise.allSettled([...lastWords].map(async say => say()));
  await plainClock.within(said, ms);
}
