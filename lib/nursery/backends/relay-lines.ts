/**
 * The output of an actor, relayed in whole lines; the end of it is kept for errors.
 * Floor 6: below the backends that start a process or a thread.
 */
import type {Readable, Writable} from 'node:stream';
import {plainClock} from '../../base/clock.js';
import {escapeText} from '../../base/escape.js';
import type {Writer} from '../../base/hooks.js';

/** Maximum bytes kept of the end of an output, because errors show it. */
const tailBytes = 8 * 1024;
/** Maximum bytes that wait in this process's own output. When nobody reads it, further lines are dropped and counted. */
const queueBytes = 4 * 1024 * 1024;
/** Maximum bytes of a line. A longer one is relayed in parts, because an endless line must not fill the memory. */
const longestLine = 64 * 1024;
const newline = 10;

export interface RelayOptions {
  /** Written before each line. */
  readonly prefix: string;
  /**
   * Gets the lines that arrive together, each with its prefix. True: it has taken them, and they are not written here.
   */
  readonly take?: ((lines: Buffer) => boolean) | undefined;
}

export interface Relay {
  /** The last 8 KiB, as text. */
  tail(): string;
}

/**
 * Reads all of `from` and writes it to `to`, line by line, each with the prefix. Without `to` it only reads. When the
 * reader of `to` has gone away (EPIPE), the relay goes on reading.
 */
export function relayLines(from: Readable | null, to: Writable | undefined, options: RelayOptions): Relay {
  let tail = Buffer.alloc(0);
  const lines = new LineWriter(to, options);
  const letGo = to && ignoreErrors(to);
  from?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
    lines.add(chunk);
  });
  from?.on('close', () => {
    lines.end();
    // In a later turn, because an EPIPE of the last write comes later.
    if (letGo) plainClock.soon(letGo);
  });
  from?.on('error', ignore);
  return {tail: () => tail.toString('utf8').trimEnd()};
}

class LineWriter {
  readonly #to: Writable | undefined;
  readonly #take: RelayOptions['take'];
  readonly #prefix: Buffer;
  /** The parts of the line that has not ended yet. */
  #line: Buffer[] = [];
  #lineBytes = 0;
  /** Whole lines that `take` has not been given yet. */
  #untold: Buffer[] = [];
  /** How many lines were dropped since the last line that was written. */
  #dropped = 0;

  constructor(to: Writable | undefined, {prefix, take}: RelayOptions) {
    this.#to = to;
    this.#take = to && take;
    this.#prefix = Buffer.from(prefix);
  }

  add(chunk: Buffer): void {
    let start = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      this.#endLine(chunk.subarray(start, at + 1));
      start = at + 1;
    }
    if (start < chunk.length) {
      this.#line.push(chunk.subarray(start));
      this.#lineBytes += chunk.length - start;
      if (this.#lineBytes > longestLine) this.#endLine(Buffer.alloc(0));
    }
    this.#tell();
  }

  end(): void {
    if (this.#lineBytes > 0) this.#endLine(Buffer.from('\n'));
    this.#tell();
    // No line comes any more that this note could stand before: it is written beyond the bound.
    if (this.#dropped > 0 && this.#to?.writable) this.#to.write(Buffer.concat(this.#noteOfDropped()));
  }

  #endLine(end: Uint8Array): void {
    const whole = Buffer.concat([this.#prefix, ...this.#line, end]);
    if (this.#take) this.#untold.push(whole);
    else this.#write(whole);
    this.#line = [];
    this.#lineBytes = 0;
  }

  #tell(): void {
    if (this.#untold.length === 0) return;
    if (!this.#take?.(Buffer.concat(this.#untold))) for (const line of this.#untold) this.#write(line);
    this.#untold = [];
  }

  #write(line: Buffer): void {
    const to = this.#to;
    if (to && to.writableLength > queueBytes) this.#dropped++;
    else if (to?.writable) to.write(Buffer.concat([...this.#noteOfDropped(), line]));
  }

  #noteOfDropped(): readonly Buffer[] {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped > 0 ? [this.#prefix, Buffer.from(`(${dropped} lines were dropped: nobody read them)\n`)] : [];
  }
}

/** The mark before a line that says who wrote it, as `stdio: 'prefix'` puts it. */
export const lineMark = ({name, pid}: Pick<Writer, 'name' | 'pid'>): string => `${escapeText(name)}(${pid}) `;

const ignore = (): void => {};
/** How many relays write to a stream. They share one listener: Node warns of a leak at the eleventh. */
const relaysTo = new WeakMap<Writable, number>();

/** Ignores the errors of a stream while relays write to it. Returns how one relay lets go of it. */
function ignoreErrors(to: Writable): () => void {
  const before = relaysTo.get(to) ?? 0;
  if (before === 0) to.on('error', ignore);
  relaysTo.set(to, before + 1);
  return () => {
    const left = (relaysTo.get(to) as number) - 1;
    relaysTo.set(to, left);
    if (left === 0) to.off('error', ignore);
  };
}
