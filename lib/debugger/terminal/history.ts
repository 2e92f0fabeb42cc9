/**
 * The history of the prompt: lines that were typed at prompts of this tree and of earlier ones.
 * Floor 7: below `screen` and `terminal-worker`.
 */
import {appendFileSync, readFileSync, writeFileSync} from 'node:fs';

/** Maximum number of lines that readline offers. The file is cut to this when it has more than twice as many lines. */
export const historySize = 1_000;

export class History {
  /** The lines, the newest first, because readline wants them so. */
  lines: string[] = [];
  readonly #path: string;

  /** @param path the file; `''`: nothing is read or written */
  constructor(path: string) {
    this.#path = path;
    this.lines = this.#read();
  }

  /** Adds a line to the file. A file that cannot be written is not an error: the prompt works without it. */
  add(line: string): void {
    if (this.#path === '' || line.trim() === '') return;
    try {
      appendFileSync(this.#path, `${line}\n`, {mode: 0o600});
    } catch {
      // The home folder is read-only, or there is none.
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
      // The user has no history yet.
      return [];
    }
  }
}
