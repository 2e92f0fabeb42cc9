/**
 * Shows at the root what a tree prints: at once while nobody is at a prompt, otherwise after that prompt, each line
 * with the mark of its actor. The actor at the prompt may print at once.
 * Floor 7: below `root-display`, above `backlog`. `lock/tty-lock` tells it who has the terminal.
 */
import {fstatSync} from 'node:fs';
import type {ActorId} from '../../base/actor-id.js';
import type {Writer} from '../../base/hooks.js';
import {lineMark} from '../../nursery/backends/relay-lines.js';
import {Backlog, linesOf, type WrittenChunk} from './backlog.js';

type Stream = 'stdout' | 'stderr';
type Write = NodeJS.WriteStream['write'];

const newline = 10;
/** Goes to the start of the line and empties it: a prompt that stands there is drawn again below. */
const clearPrompt = '\r\x1b[J';

export interface DisplayOptions {
  /** The name of the root. */
  readonly name: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Called when something was printed where the prompt stood. */
  readonly redraw: () => void;
  /** The process of the root. Default: this process. */
  readonly pid?: number;
}

export class Display {
  readonly #options: DisplayOptions;
  readonly #pid: number;
  /** Output that is held back while somebody is at the prompt. */
  readonly #kept = new Backlog();
  #holder: ActorId | undefined;
  /** Take the diversions out of the root's own streams; undefined while there are none. */
  #restores: (() => void)[] | undefined;
  /** The functions with which the root's own streams write, while they are diverted. */
  readonly #writes: Partial<Record<Stream, Write | undefined>> = {};

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#pid = options.pid ?? process.pid;
  }

  /** Somebody has the terminal from now on. */
  taken(holder: ActorId): void {
    this.#divert();
    this.#holder = holder;
  }

  /** An actor has released the terminal: shows the output that was held back, before the next actor gets the terminal. */
  released(): void {
    this.#holder = undefined;
    this.#flush();
  }

  /** Takes lines that a process of the tree has written. @param lost how many of its lines were dropped before them */
  write(writer: Writer, lines: Uint8Array, lost = 0): void {
    if (this.#isHeld(writer)) this.#keep(writer, lines, lost);
    else this.#put({writer, chunk: lines, lost}, this.#holder !== undefined);
  }

  /** Shows what is left, and restores the root's own streams. */
  close(): void {
    this.released();
    for (const restore of this.#restores ?? []) restore();
    this.#restores = undefined;
  }

  /** Whether output waits for the end of the prompt. A file does not disturb the prompt, and must lose nothing. */
  #isHeld({pid, stdio}: Writer): boolean {
    return this.#holder !== undefined && this.#holder.pid !== pid && !isFile(this.#options[stdio]);
  }

  /** Keeps each line by itself, because the oldest lines are dropped where there are too many. */
  #keep(writer: Writer, lines: Uint8Array, lost: number): void {
    for (const [at, line] of linesOf(lines).entries()) this.#kept.add(writer, line, at === 0 ? lost : 0);
  }

  #flush(): void {
    for (const written of this.#kept.take()) this.#put({...written, chunk: this.#marked(written)}, false);
  }

  #marked({writer, chunk}: WrittenChunk): Uint8Array {
    if (writer.marked) return chunk;
    const lines = markLines(writer, chunk);
    return lines.at(-1) === newline ? lines : Buffer.concat([lines, Buffer.from('\n')]);
  }

  /** @param atPrompt whether a prompt stands on the terminal, so that it must be drawn again */
  #put({writer, chunk, lost}: WrittenChunk, atPrompt: boolean): void {
    const stream = this.#options[writer.stdio];
    if (!stream.writable) return;
    const above = atPrompt && stream.isTTY && chunk.at(-1) === newline;
    const told = lost > 0 ? `${lineMark(writer)}(${lost} lines were dropped: more than could be kept)\n` : '';
    // In one write, because the thread of the terminal writes there too.
    const whole = Buffer.concat([Buffer.from(above ? clearPrompt : ''), Buffer.from(told), chunk]);
    (this.#writes[writer.stdio] ?? stream.write).call(stream, whole);
    if (above) this.#options.redraw();
  }

  /** From the first prompt on, the root's own output passes through this display too. */
  #divert(): void {
    if (this.#restores) return;
    // This listener runs after those that restore the terminal, which are older.
    const onExit = (): void => this.close();
    process.on('exit', onExit);
    this.#restores = [() => process.off('exit', onExit), this.#divertStream('stdout'), this.#divertStream('stderr')];
  }

  /** Returns the function that takes the diversion out again. */
  #divertStream(stdio: Stream): () => void {
    const stream = this.#options[stdio];
    const ignore = (): void => {};
    // A stream that has hung up emits errors.
    stream.on('error', ignore);
    const own = Object.getOwnPropertyDescriptor(stream, 'write');
    const {write} = stream;
    this.#writes[stdio] = write;
    const writer = {name: this.#options.name, pid: this.#pid, stdio, marked: true};
    const diverted = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
      const isText = typeof chunk === 'string';
      if (this.#holder === undefined || (!isText && !(chunk instanceof Uint8Array)))
        return write.call(stream, chunk as string, encoding as BufferEncoding, callback as () => void);
      const done = typeof encoding === 'function' ? encoding : callback;
      const kind = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
      this.write(writer, isText ? Buffer.from(chunk, kind) : Uint8Array.from(chunk));
      if (typeof done === 'function') process.nextTick(done as () => void);
      return true;
    };
    stream.write = diverted as Write;
    return () => {
      stream.off('error', ignore);
      this.#writes[stdio] = undefined;
      // A function that somebody has put over this one stays, and this one passes everything on.
      if (stream.write !== diverted) return;
      if (own) Object.defineProperty(stream, 'write', own);
      else Reflect.deleteProperty(stream, 'write');
    };
  }
}

/** The lines, each behind the mark of its writer. */
export function markLines(writer: Writer, lines: Uint8Array): Buffer {
  const mark = Buffer.from(lineMark(writer));
  return Buffer.concat(linesOf(lines).flatMap(line => [mark, line]));
}

function isFile(stream: object): boolean {
  try {
    return 'fd' in stream && fstatSync(stream.fd as number).isFile();
  } catch {
    return false;
  }
}
