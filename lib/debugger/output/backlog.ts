/**
 * Output that waits: whole chunks in the order in which they came, up to a maximum of bytes for each writer.
 * Floor 7: below `display`, where output waits for the terminal, and `output-relay`, where it waits for the root.
 */
import {Fifo} from '../../base/fifo.js';
import type {Writer} from '../../base/hooks.js';

/** A chunk that a process has written. */
export interface WrittenChunk {
  readonly writer: Writer;
  readonly chunk: Uint8Array;
  /** How many lines of this writer were dropped before the chunk. */
  readonly lost: number;
}

/**
 * Default maximum for one writer, in bytes: a screen shows some 10 KiB, and this is what a person may want to scroll
 * through.
 */
const defaultBytes = 256 * 1024;
const newline = 10;
/** Memory that a chunk costs besides its bytes, in bytes. */
const overhead = 64;

interface WaitingChunk {
  readonly writer: Writer;
  /** Undefined when the chunk was dropped. */
  chunk: Uint8Array | undefined;
}

interface WriterAccount {
  /** The chunks of this writer that wait and were not dropped. */
  readonly waiting: Fifo<WaitingChunk>;
  bytes: number;
  /** How many lines were dropped since the last chunk that was taken. */
  lost: number;
}

export class Backlog {
  readonly #maxBytes: number;
  /** The chunks of all writers. Dropped ones stay as holes until they are more than half of it. */
  readonly #waiting = new Fifo<WaitingChunk>();
  #dropped = 0;
  readonly #accounts = new Map<string, WriterAccount>();

  /** @param maxBytes the maximum for each writer */
  constructor(maxBytes = defaultBytes) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** @param lost how many lines of this writer were dropped before it came here */
  add(writer: Writer, chunk: Uint8Array, lost = 0): void {
    const account = this.#account(writer);
    const waiting = {writer, chunk};
    account.lost += lost;
    account.bytes += chunk.length + overhead;
    account.waiting.push(waiting);
    this.#waiting.push(waiting);
    // The last chunk stays, however long it is.
    while (account.bytes > this.#maxBytes && account.waiting.size > 1) this.#drop(account);
    if (this.#dropped > this.#waiting.size / 2) this.#cutHoles();
  }

  /** Takes the oldest chunks: at least one, and no more after `maxBytes` are reached. */
  take(maxBytes = Number.POSITIVE_INFINITY): WrittenChunk[] {
    const taken: WrittenChunk[] = [];
    for (let bytes = 0; !this.isEmpty && (taken.length === 0 || bytes < maxBytes); ) {
      const {writer, chunk} = this.#waiting.shift() as WaitingChunk;
      if (!chunk) {
        this.#dropped--;
        continue;
      }
      const account = this.#account(writer);
      taken.push({writer, chunk, lost: account.lost});
      account.lost = 0;
      account.waiting.shift();
      account.bytes -= chunk.length + overhead;
      bytes += chunk.length;
    }
    if (this.isEmpty) this.#accounts.clear();
    return taken;
  }

  #account(writer: Writer): WriterAccount {
    const key = `${writer.pid} ${writer.name}`;
    let account = this.#accounts.get(key);
    if (!account) {
      account = {waiting: new Fifo(), bytes: 0, lost: 0};
      this.#accounts.set(key, account);
    }
    return account;
  }

  #drop(account: WriterAccount): void {
    const oldest = account.waiting.shift() as WaitingChunk;
    const chunk = oldest.chunk as Uint8Array;
    oldest.chunk = undefined;
    account.bytes -= chunk.length + overhead;
    account.lost += linesOf(chunk).length;
    this.#dropped++;
  }

  #cutHoles(): void {
    const waiting = this.#waiting.takeAll();
    this.#dropped = 0;
    for (const one of waiting) if (one.chunk) this.#waiting.push(one);
  }
}

/** The lines of a chunk, each with its end. The last one may have no end. */
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
