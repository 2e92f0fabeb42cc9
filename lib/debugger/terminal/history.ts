/**
 * The lines that were typed at prompts of this tree, and of earlier ones.
 * Floor 7: below `screen`.
 */
import {appendFileSync, readFileSync, writeFileSync} from 'node:fs';

/** As many as readline offers; the file may grow to twice as many before it is cut. */
export const historySize = 1_000;

export class History {
  /** The newest first, as readline wants them. */
  lines: string[] = [];
  readonly #path: string;

  /** @param path `''`: nothing is read or written */
  constructor(path: string) {
    this.#path = path;
    this.lines = this.#read();
  }

  /** A file that cannot be written costs nothing but itself. */
  add(line: string): void {
    if (this.#path === '' || line.trim() === '') return;
    try {
      appendFileSync(this.#path, `${line}\n`, {mode: 0o600});
    } catch {
      // A home that is read-only, or none.
    }
  }

  #read(): string[] {
    if (this.#path === '') return [];
    try {
      const lines = readFileSync(this.#path, 'utf8').split('\n').slice(0, -1);
      const kept = lines.slice(-historySize);
      if (lines.length > 2 * historySize) writeFileSync(this.#path, `${kept.join('\n')}\n`, {mode: 0o600});
      return kept.reverse();
    } catch {
      // The first session of this user.
      return [];
    }
  }
}
