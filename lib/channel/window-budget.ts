/**
 * The number of bytes that all windows of one channel may grant together, so that many streams need no more memory than one.
 * Floor 3: a channel has one; the receiving end of each stream, in `context/flow/credit`, takes from it.
 */

/** Maximum number of bytes that the windows of a channel grant together: 64 MiB in each direction. */
const channelBytes = 64 * 1024 * 1024;

export class WindowBudget {
  readonly #bytes: number;
  /** The bytes that windows have taken at present. */
  used = 0;

  constructor(bytes = channelBytes) {
    this.#bytes = bytes;
  }

  /**
   * Takes as many bytes as are wanted and left. Returns how many.
   *
   * @param least taken even when nothing is left, because a window without bytes would never open
   */
  take(wanted: number, least = 0): number {
    const taken = Math.max(Math.min(wanted, this.#bytes - this.used), Math.min(wanted, least));
    this.used += taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}
