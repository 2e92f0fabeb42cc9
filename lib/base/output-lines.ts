/**
 * The lines that an actor prints, for whoever wants to read them: hot, with a beginning that waits for its first reader.
 * Floor 0: the nursery fills it, a portal shows it as an Observable.
 */
import {Fifo} from './fifo.js';

/** One line that an actor has printed. */
export interface OutputLine {
  /** The output on which it was printed. */
  readonly stream: 'stdout' | 'stderr';
  /** The text without the end of the line. A line of more than 64 KiB comes in several parts. */
  readonly line: string;
}

export interface OutputListener {
  next(line: OutputLine): void;
  complete(): void;
}

/** Maximum bytes of the lines that wait for the first reader. */
const keptBytes = 64 * 1024;

export class OutputLines {
  /** The lines that no reader has taken yet, the oldest first. Undefined from the moment in which a reader has taken all. */
  #kept: Fifo<OutputLine> | undefined = new Fifo();
  #keptBytes = 0;
  /** Whether what was kept is given out in a moment. */
  #isDue = false;
  #hasEnded = false;
  readonly #listeners = new Set<OutputListener>();

  add(line: OutputLine): void {
    if (this.#hasEnded) return;
    if (this.#kept) this.#keep(this.#kept, line);
    else this.#tell(line);
  }

  /** Nothing comes any more. May be called again. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (!this.#kept) this.#complete();
  }

  /**
   * Returns how to stop. What was kept is given out in a microtask, so that all readers that come in this turn see it. When
   * the last of them leaves before the end of it, the rest waits for the next reader.
   */
  listen(listener: OutputListener): () => void {
    this.#listeners.add(listener);
    if (!this.#kept) {
      if (this.#hasEnded) this.#complete();
    } else if (!this.#isDue) {
      this.#isDue = true;
      queueMicrotask(() => this.#giveOut(this.#kept));
    }
    return () => this.#listeners.delete(listener);
  }

  #keep(kept: Fifo<OutputLine>, line: OutputLine): void {
    kept.push(line);
    this.#keptBytes += bytesOf(line);
    // The oldest lines go, because the newest say what the actor does now.
    while (this.#keptBytes > keptBytes && kept.size > 1) this.#keptBytes -= bytesOf(kept.shift());
  }

  #giveOut(kept = new Fifo<OutputLine>()): void {
    this.#isDue = false;
    while (this.#listeners.size > 0) {
      const line = kept.shift();
      if (!line) {
        this.#kept = undefined;
        if (this.#hasEnded) this.#complete();
        return;
      }
      this.#keptBytes -= bytesOf(line);
      this.#tell(line);
    }
  }

  #tell(line: OutputLine): void {
    for (const listener of [...this.#listeners]) listener.next(line);
  }

  #complete(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.complete();
  }
}

const bytesOf = (line: OutputLine | undefined): number => Buffer.byteLength(line?.line ?? '');
