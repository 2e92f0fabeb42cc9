/**
 * What a child writes, relayed in whole lines, and the end of it kept for errors.
 * Floor 6: beside `process`.
 */
import type {Readable, Writable} from 'node:stream';
import {plainClock} from '../base/clock.js';
import {escapeText} from '../base/escape.js';
import type {Writer} from '../base/hooks.js';

const tailBytes = 8 * 1024;
/** What may wait for a reader of our own output; beyond it lines are dropped, and counted. */
const queueBytes = 4 * 1024 * 1024;
/** A line longer than this is relayed in parts: a child that never ends its line must not fill our memory. */
const longestLine = 64 * 1024;
const newline = 10;

export interface RelayOptions {
  /** Before each line. */
  readonly prefix: string;
  /** Given lines, each with its prefix, as many as come at once; those that it takes are not written. */
  readonly take?: ((lines: Buffer) => boolean) | undefined;
}

export interface Relay {
  /** The last 8 KiB, as text. */
  tail(): string;
}

/**
 * Reads all of `from`; writes it line by line to `to`, each with the prefix. Without `to` it is only read. A reader
 * that has gone away (EPIPE) is no reason to end.
 */
export function relayLines(from: Readable | null, to: Writable | undefined, options: RelayOptions): Relay {
  let tail = Buffer.alloc(0);
  let line: Buffer[] = [];
  let lineBytes = 0;
  const prefix = Buffer.from(options.prefix);
  let dropped = 0;
  const gap = (): readonly Buffer[] => {
    const told = dropped > 0 ? [prefix, Buffer.from(`(${dropped} lines were dropped: nobody read them)\n`)] : [];
    dropped = 0;
    return told;
  };
  const put = (whole: Buffer): void => {
    if (to && to.writableLength > queueBytes) dropped++;
    else if (to?.writable) to.write(Buffer.concat([...gap(), whole]));
  };
  let lines: Buffer[] = [];
  const write = (end: Uint8Array): void => {
    const whole = Buffer.concat([prefix, ...line, end]);
    if (to && options.take) lines.push(whole);
    else put(whole);
    line = [];
    lineBytes = 0;
  };
  const hand = (): void => {
    if (lines.length === 0) return;
    if (!options.take?.(Buffer.concat(lines))) for (const one of lines) put(one);
    lines = [];
  };
  const letGo = to && outliveReader(to);
  from?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
    let start = 0;
    for (;;) {
      const at = chunk.indexOf(newline, start);
      if (at < 0) break;
      write(chunk.subarray(start, at + 1));
      start = at + 1;
    }
    if (start < chunk.length) {
      line.push(chunk.subarray(start));
      lineBytes += chunk.length - start;
      if (lineBytes > longestLine) write(Buffer.alloc(0));
    }
    hand();
  });
  from?.on('close', () => {
    if (lineBytes > 0) write(Buffer.from('\n'));
    hand();
    // Nothing comes after which it could be told: one line beyond the bound.
    if (dropped > 0 && to?.writable) to.write(Buffer.concat(gap()));
    // In its own turn: an EPIPE of the last write comes later.
    if (letGo) plainClock.soon(letGo);
  });
  from?.on('error', ignore);
  return {tail: () => tail.toString('utf8').trimEnd()};
}

/** What `stdio: 'prefix'` puts before a line: who wrote it. */
export const lineMark = ({name, pid}: Pick<Writer, 'name' | 'pid'>): string => `${escapeText(name)}(${pid}) `;

const ignore = (): void => {};
/** How many relays write to a stream: they share one listener, so that many actors are no leak in Node's eyes. */
const relaysTo = new WeakMap<Writable, number>();

/** Takes the errors of a stream while relays write to it. Returns how one of them lets go. */
function outliveReader(to: Writable): () => void {
  const before = relaysTo.get(to) ?? 0;
  if (before === 0) to.on('error', ignore);
  relaysTo.set(to, before + 1);
  return () => {
    const left = (relaysTo.get(to) as number) - 1;
    relaysTo.set(to, left);
    if (left === 0) to.off('error', ignore);
  };
}
