/**
 * The lines that an actor has written and its program has not taken yet: 1 MiB at most, then the oldest are dropped and counted.
 * Floor 6: a part of `daemon`, which has one for each actor.
 */
import {Fifo} from '../base/fifo.js';
import type {Lines} from './contract.js';

/** Maximum bytes that wait. */
const maxBytes = 1024 * 1024;
/** Lines travel together up to this many bytes. */
const chunkBytes = 64 * 1024;

export class OutputQueue {
  readonly #waiting = new Fifo<Lines>();
  #bytes = 0;
  #dropped = 0;
  #send: ((lines: Lines) => Promise<void>) | undefined;
  #sending: Promise<void> | undefined;

  /** The number of lines that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  add(from: Lines[0], line: Uint8Array): void {
    this.#waiting.push([from, line]);
    this.#bytes += line.length;
    while (this.#bytes > maxBytes) {
      this.#shift();
      this.#dropped++;
    }
    this.#begin();
  }

  /** Sends what waits, and what comes. @param send resolves when there is room for more */
  sendBy(send: (lines: Lines) => Promise<void>): void {
    this.#send = send;
    this.#begin();
  }

  /** Resolves when nothing waits any more, or nothing can be sent. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  #begin(): void {
    if (this.#send && this.#waiting.size > 0) this.#sending ??= this.#sendAll(this.#send);
  }

  async #sendAll(send: (lines: Lines) => Promise<void>): Promise<void> {
    try {
      for (let next = this.#take(); next; next = this.#take()) await send(next);
      this.#sending = undefined;
    } catch {
      // The program is gone, or has given the actor up: nobody reads on.
    }
  }

  /** The next lines that come from the same output. */
  #take(): Lines | undefined {
    const first = this.#waiting.at(0);
    if (!first) return undefined;
    const [from] = first;
    const lines: Uint8Array[] = [];
    let bytes = 0;
    for (let next: Lines | undefined = first; next?.[0] === from && bytes < chunkBytes; next = this.#waiting.at(0)) {
      lines.push(next[1]);
      bytes += next[1].length;
      this.#shift();
    }
    return [from, Buffer.concat(lines)];
  }

  #shift(): void {
    this.#bytes -= this.#waiting.shift()?.[1].length ?? 0;
  }
}
