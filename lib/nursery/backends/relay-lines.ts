/**
 * The output of an actor, in whole lines: relayed to the output of this process, or given to whoever reads it. The end of it
 * is kept for errors.
 * Floor 6: above `line-cutter`, below the backends that start a process or a thread.
 */
import type {Readable, Writable} from 'node:stream';
import {StringDecoder} from 'node:string_decoder';
import {plainClock} from '../../base/clock.js';
import {deferred} from '../../base/deferred.js';
import {escapeLine} from '../../base/escape.js';
import type {Writer} from '../../base/hooks.js';
import type {OutputLine, OutputLines} from '../../base/output-lines.js';
import {LineCutter, newline} from './line-cutter.js';

/** Maximum bytes kept of the end of an output, because errors show it. */
const tailBytes = 8 * 1024;
/** Maximum bytes that wait in this process's own output. When nobody reads it, further lines are dropped and counted. */
const queueBytes = 4 * 1024 * 1024;

export interface RelayOptions {
  /** Written before each line. */
  readonly prefix: string;
  /**
   * Gets the lines that arrive together, each with its prefix. True: it has taken them, and they are not written here.
   */
  readonly take?: ((lines: Buffer) => boolean) | undefined;
}

/** One output of an actor, which is being read. */
export interface Relay {
  /** The last 8 KiB, as text. */
  tail(): string;
  /** Resolves when all of it has been read. A process that the actor has left behind may hold that up. */
  readonly ended: Promise<void>;
  /** The actor has ended: a last line without an end is not waited for any longer. */
  finish(): void;
}

/** Takes the lines of an output. */
interface LineSink {
  line(line: Buffer): void;
  /** The lines that arrived together are there. */
  pause?(): void;
  /** No line comes any more. May be called again. */
  end(): void;
}

/**
 * Reads all of `from` and writes it to `to`, line by line, each with the prefix. Without `to` it only reads. When the
 * reader of `to` has gone away (EPIPE), the relay goes on reading.
 */
export function relayLines(from: Readable | null, to: Writable | undefined, options: RelayOptions): Relay {
  const relay = readLines(from, new LineWriter(to, options));
  if (to) {
    const letGo = ignoreErrors(to);
    // In a later turn, because an EPIPE of the last write comes later.
    void relay.ended.then(() => plainClock.soon(letGo));
  }
  return relay;
}

/** Reads all of `from` and gives it to `output` as text, line by line. */
export function collectLines(from: Readable | null, stream: OutputLine['stream'], output: OutputLines): Relay {
  return readLines(from, new LineReader(stream, output));
}

function readLines(from: Readable | null, sink: LineSink): Relay {
  let tail = Buffer.alloc(0);
  const ended = deferred();
  const cutter = new LineCutter(line => sink.line(line));
  const finish = (): void => {
    cutter.end();
    sink.end();
  };
  from?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
    cutter.add(chunk);
    sink.pause?.();
  });
  from?.on('close', () => {
    finish();
    ended.resolve();
  });
  from?.on('error', ignore);
  if (!from) ended.resolve();
  return {tail: () => tail.toString('utf8').trimEnd(), ended: ended.promise, finish};
}

class LineReader implements LineSink {
  readonly #stream: OutputLine['stream'];
  readonly #output: OutputLines;
  /** Keeps the bytes of a character that is not complete at the end of a part. */
  readonly #decoder = new StringDecoder('utf8');

  constructor(stream: OutputLine['stream'], output: OutputLines) {
    this.#stream = stream;
    this.#output = output;
  }

  line(line: Buffer): void {
    const isWhole = line.at(-1) === newline;
    const text = isWhole ? this.#decoder.end(line.subarray(0, -1)) : this.#decoder.write(line);
    this.#output.add({stream: this.#stream, line: text});
  }

  end(): void {
    const rest = this.#decoder.end();
    if (rest !== '') this.#output.add({stream: this.#stream, line: rest});
  }
}

class LineWriter implements LineSink {
  readonly #to: Writable | undefined;
  readonly #take: RelayOptions['take'];
  readonly #prefix: Buffer;
  /** Whole lines that `take` has not been given yet. */
  #untold: Buffer[] = [];
  /** How many lines were dropped since the last line that was written. */
  #dropped = 0;
  #isWithinLine = false;

  constructor(to: Writable | undefined, {prefix, take}: RelayOptions) {
    this.#to = to;
    this.#take = to && take;
    this.#prefix = Buffer.from(prefix);
  }

  line(line: Buffer): void {
    const whole = Buffer.concat([this.#prefix, line]);
    this.#isWithinLine = line.at(-1) !== newline;
    if (this.#take) this.#untold.push(whole);
    else this.#write(whole);
  }

  pause(): void {
    if (this.#untold.length === 0) return;
    if (!this.#take?.(Buffer.concat(this.#untold))) for (const line of this.#untold) this.#write(line);
    this.#untold = [];
  }

  end(): void {
    if (this.#isWithinLine) this.#endLine();
    this.pause();
    // No line comes any more that this note could stand before: it is written beyond the bound.
    if (this.#dropped > 0 && this.#to?.writable) this.#to.write(Buffer.concat(this.#noteOfDropped()));
  }

  #endLine(): void {
    this.#isWithinLine = false;
    const end = Buffer.from('\n');
    if (this.#take) this.#untold.push(end);
    else this.#write(end);
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
export const lineMark = ({name, pid}: Pick<Writer, 'name' | 'pid'>): string => `${escapeLine(name)}(${pid}) `;

/** The same for a thread, which has no process id of its own. */
export const threadMark = (name: string, threadId: number): string => `${escapeLine(name)}(thread ${threadId}) `;

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
