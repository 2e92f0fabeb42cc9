/**
 * The figures of a scan, added up finding by finding.
 * Held by the root; `report` shows what `summary` returns. Its memory does not grow with the files, but for the table of
 * contents and the names of imported packages.
 */
import {Contents} from './contents.js';
import type {Result} from './inspect.js';
import {type Path, textOf} from './path.js';

/** Also the object that `--json` prints. */
export interface Summary {
  readonly files: number;
  readonly bytes: number;
  readonly lines: number;
  readonly unreadable: number;
  /** Files beyond the first of each content, and what they take; null when nobody looked. */
  readonly duplicates: {readonly files: number; readonly bytes: number} | null;
  /** The ten packages that most files import. */
  readonly imports: ReadonlyArray<{readonly name: string; readonly files: number}>;
  /** `host`: where it has run, when not here. */
  readonly actors: ReadonlyArray<{readonly name: string; readonly files: number; readonly host?: string}>;
  readonly seconds: number;
}

const shownImports = 10;
const keptUnreadable = 20;

export class Survey {
  #started = performance.now();
  readonly #contents: Contents | undefined;
  readonly #duplicates = {files: 0, bytes: 0};
  readonly #imports = new Map<string, number>();
  readonly #actors: Map<string, number>;
  readonly #hosts = new Map<string, string>();
  readonly #unreadable: string[] = [];
  #unreadableCount = 0;
  #files = 0;
  #bytes = 0;
  #lines = 0;

  constructor(actors: readonly string[], options: {duplicates: boolean}) {
    this.#actors = new Map(actors.map(name => [name, 0]));
    this.#contents = options.duplicates ? new Contents() : undefined;
  }

  /** Starts the clock: before it the actors were started. */
  begin(): void {
    this.#started = performance.now();
  }

  /** The actor runs on another host. */
  runsOn(actor: string, host: string): void {
    this.#hosts.set(actor, host);
  }

  /** Files that were met, readable or not. */
  get met(): number {
    return this.#files + this.#unreadableCount;
  }

  get contents(): Contents | undefined {
    return this.#contents;
  }

  /** The first few that could not be read, with the reason: enough to see what is wrong. */
  get unreadable(): readonly string[] {
    return this.#unreadable;
  }

  add(actor: string, result: Result): void {
    if ('error' in result) {
      this.addUnreadable(result.path, result.error);
      return;
    }

    this.#files += 1;
    this.#bytes += result.bytes;
    this.#lines += result.lines;
    this.#actors.set(actor, (this.#actors.get(actor) ?? 0) + 1);
    for (const name of result.imports) this.#imports.set(name, (this.#imports.get(name) ?? 0) + 1);
    if (this.#contents && !this.#contents.add(result.sha256)) {
      this.#duplicates.files += 1;
      this.#duplicates.bytes += result.bytes;
    }
  }

  addUnreadable(path: Path, reason: string): void {
    this.#unreadableCount += 1;
    if (this.#unreadable.length < keptUnreadable) this.#unreadable.push(`${textOf(path)}: ${reason}`);
  }

  summary(): Summary {
    return {
      files: this.#files,
      bytes: this.#bytes,
      lines: this.#lines,
      unreadable: this.#unreadableCount,
      duplicates: this.#contents ? {...this.#duplicates} : null,
      imports: counted(this.#imports).sort(mostFirst).slice(0, shownImports),
      actors: counted(this.#actors).map(actor => {
        const host = this.#hosts.get(actor.name);
        return host === undefined ? actor : {...actor, host};
      }),
      seconds: Math.round(performance.now() - this.#started) / 1000,
    };
  }
}

interface Count {
  readonly name: string;
  readonly files: number;
}

function counted(counts: ReadonlyMap<string, number>): Count[] {
  return Array.from(counts, ([name, files]) => ({name, files}));
}

function mostFirst(a: Count, b: Count): number {
  return b.files - a.files || (a.name < b.name ? -1 : 1);
}
