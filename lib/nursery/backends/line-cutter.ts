/**
 * Cuts what an actor writes into lines.
 * Floor 6: below `relay-lines`.
 */

/** Maximum bytes of a line. A longer one comes in parts, because an endless line must not fill the memory. */
const longestLine = 64 * 1024;
export const newline = 10;

export class LineCutter {
  readonly #each: (line: Buffer) => void;
  /** The parts of the line that has not ended yet. */
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @param each gets each line, with its end where it has one */
  constructor(each: (line: Buffer) => void) {
    this.#each = each;
  }

  add(chunk: Buffer): void {
    let start = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      this.#take(chunk.subarray(start, at + 1));
      this.end();
      start = at + 1;
    }
    this.#take(chunk.subarray(start));
  }

  /** Gives out the line that has not ended. */
  end(): void {
    if (this.#bytes === 0) return;
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#each(line);
  }

  #take(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; ) {
      if (this.#bytes >= longestLine && bytes[start] !== newline) this.end();
      // One byte more for the end of a line that is exactly as long as a line may be.
      const part = bytes.subarray(start, start + Math.max(1, longestLine - this.#bytes));
      this.#parts.push(part);
      this.#bytes += part.length;
      start += part.length;
    }
  }
}
