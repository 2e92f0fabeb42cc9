/**
 * Sums of the counts of all senders of streams of this process, those that are over included.
 * Floor 7: below `metrics`. A sender counts for itself; here is only added up, when somebody reads.
 */
import {plainClock} from '../base/clock.js';
import type {SenderCounters} from '../base/instruments.js';

export interface Totals {
  values: number;
  dropped: number;
  stalledMs: number;
  queuedBytes: number;
}

/** Maximum number of senders that are over and not yet added up. They are added up then, although nobody has read the sums. */
const maxUnread = 1_000;

export class StreamTotals {
  readonly #every: number;
  readonly #senders = new Set<SenderCounters>();
  /** The sums of the senders that are over. */
  readonly #over = {values: 0, dropped: 0, stalledMs: 0};
  #opened = 0;
  #at = Number.NEGATIVE_INFINITY;
  #last: Totals = {...this.#over, queuedBytes: 0};

  /** @param every a reading counts for so many ms */
  constructor(every: number) {
    this.#every = every;
  }

  opened(sender: SenderCounters): void {
    this.#senders.add(sender);
    if (++this.#opened % maxUnread === 0) this.#add();
  }

  read(): Totals {
    if (plainClock.now() - this.#at < this.#every) return this.#last;
    this.#at = plainClock.now();
    this.#last = this.#add();
    return this.#last;
  }

  #add(): Totals {
    const open = {values: 0, dropped: 0, stalledMs: 0, queuedBytes: 0};
    for (const sender of this.#senders) {
      const isOver = sender.closed !== undefined && !sender.isBlocked;
      const sum = isOver ? this.#over : open;
      sum.values += sender.sent;
      sum.dropped += sender.dropped;
      sum.stalledMs += sender.stalledMs;
      open.queuedBytes += sender.queuedBytes;
      if (isOver) this.#senders.delete(sender);
    }
    const {values, dropped, stalledMs} = this.#over;
    return {
      values: values + open.values,
      dropped: dropped + open.dropped,
      stalledMs: stalledMs + open.stalledMs,
      queuedBytes: open.queuedBytes,
    };
  }
}
