/**
 * Output that has to wait: whole chunks in the order in which they came, so much of each writer and no more.
 * Floor 7: below `display` (where it waits for the terminal) and `outlet` (where it waits for the root).
 */
import type {Writer} from '../../base/hooks.js';

/** What somebody wrote. `lost`: how many of its lines before this were dropped. */
export interface Written {
  readonly writer: Writer;
  readonly chunk: Uint8Array;
  readonly lost: number;
}

/** Of one writer: a screen shows some 10 KiB, and this is what one may want to scroll through. */
const defaultBytes = 256 * 1024;
const newline = 10;
/** What a chunk costs besides its bytes. */
const overhead = 64;

interface Entry {
  readonly writer: Writer;
  chunk: Uint8Array | undefined;
}

interface Account {
  /** Those that wait, the oldest first; what stands before `head` is gone. */
  entries: Entry[];
  head: number;
  bytes: number;
  lost: number;
}

export class Backlog {
  readonly #maxBytes: number;
  #entries: Entry[] = [];
  #head = 0;
  #dropped = 0;
  readonly #accounts = new Map<string, Account>();

  constructor(maxBytes = defaultBytes) {
    this.#maxBytes = maxBytes;
  }

  get empty(): boolean {
    return this.#head === this.#entries.length;
  }

  /** @param lost how many lines of this writer were dropped before it came here */
  add(writer: Writer, chunk: Uint8Array, lost = 0): void {
    const account = this.#account(writer);
    const entry = {writer, chunk};
    account.lost += lost;
    account.bytes += chunk.length + overhead;
    account.entries.push(entry);
    this.#entries.push(entry);
    // The last one stays, however long it is.
    while (account.bytes > this.#maxBytes && account.head < account.entries.length - 1) this.#drop(account);
    if (this.#dropped > this.#entries.length / 2) this.#compact();
  }

  /** The oldest, as many as have so many bytes together, and one at least. */
  take(maxBytes = Number.POSITIVE_INFINITY): Written[] {
    const taken: Written[] = [];
    for (let bytes = 0; this.#head < this.#entries.length && (taken.length === 0 || bytes < maxBytes); this.#head++) {
      const {writer, chunk} = this.#entries[this.#head] as Entry;
      if (!chunk) {
        this.#dropped--;
        continue;
      }
      const account = this.#account(writer);
      taken.push({writer, chunk, lost: account.lost});
      account.lost = 0;
      this.#spend(account, chunk);
      bytes += chunk.length;
    }
    if (this.empty) this.#clear();
    return taken;
  }

  #account(writer: Writer): Account {
    const key = `${writer.pid} ${writer.name}`;
    let account = this.#accounts.get(key);
    if (!account) {
      account = {entries: [], head: 0, bytes: 0, lost: 0};
      this.#accounts.set(key, account);
    }
    return account;
  }

  #drop(account: Account): void {
    const entry = account.entries[account.head] as Entry;
    const chunk = entry.chunk as Uint8Array;
    this.#spend(account, chunk);
    entry.chunk = undefined;
    account.lost += linesOf(chunk).length;
    this.#dropped++;
  }

  #spend(account: Account, chunk: Uint8Array): void {
    account.bytes -= chunk.length + overhead;
    account.head++;
    if (account.head > account.entries.length / 2) {
      account.entries = account.entries.slice(account.head);
      account.head = 0;
    }
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head).filter(({chunk}) => chunk);
    this.#head = 0;
    this.#dropped = 0;
  }

  #clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#dropped = 0;
    this.#accounts.clear();
  }
}

/** Each with its end; the last may have none. */
export function linesOf(chunk: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < chunk.length; ) {
    const at = chunk.indexOf(newline, start);
    const end = at < 0 ? chunk.length : at + 1;
    lines.push(chunk.subarray(start, end));
    start = end;
  }
  return lines;
}
