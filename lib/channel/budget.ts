/**
 * How many bytes all windows of one channel may grant together, so that many streams are as bounded as one.
 * Floor 3: kept by the channel, drawn on by the receiving half of each stream in `context/flow/credit`.
 */

/** What the windows of a channel may grant, each way: 64 MiB. */
const channelBytes = 64 * 1024 * 1024;

export class WindowBudget {
  readonly #bytes: number;
  /** What windows hold at present. */
  used = 0;

  constructor(bytes = channelBytes) {
    this.#bytes = bytes;
  }

  /** As much as is left of what is wanted; but `least` in any case, for a window of nothing would never open. */
  take(wanted: number, least = 0): number {
    const taken = Math.max(Math.min(wanted, this.#bytes - this.used), Math.min(wanted, least));
    this.used += taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}
