/**
 * What a tree prints, at its root: at once while nobody is at a prompt, and after that prompt otherwise, each line with
 * the mark of its actor. Whoever is at the prompt sees what they print themselves.
 * Floor 7: above `backlog`; told by `root-lock` who has the terminal, and by `output` what others print.
 */
import {fstatSync} from 'node:fs';
import type {ActorId} from '../../base/actor-id.js';
import type {Writer} from '../../base/hooks.js';
import {lineMark} from '../../nursery/backends/relay-lines.js';
import {Backlog, linesOf, type Written} from './backlog.js';

type Stream = 'stdout' | 'stderr';
type Write = NodeJS.WriteStream['write'];

const newline = 10;
/** To the start of the line, and nothing on it: a prompt may stand there, which is drawn again below. */
const clearPrompt = '\r\x1b[J';

export interface DisplayOptions {
  /** The name of the root. */
  readonly name: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Something was printed where the prompt stood. */
  readonly redraw: () => void;
  /** Default: of the process. */
  readonly pid?: number;
}

export class Display {
  readonly #options: DisplayOptions;
  readonly #pid: number;
  readonly #kept = new Backlog();
  #holder: ActorId | undefined;
  /** How to take them out again. */
  #valves: (() => void)[] | undefined;
  /** What the root's own streams write with, while they go through here. */
  readonly #writes: Partial<Record<Stream, Write | undefined>> = {};

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#pid = options.pid ?? process.pid;
  }

  /** Somebody has the terminal from now on. */
  taken(holder: ActorId): void {
    this.#open();
    this.#holder = holder;
  }

  /** Nobody has it: what was held back is shown, before the next one gets it. */
  released(): void {
    this.#holder = undefined;
    this.#flush();
  }

  /** Lines that a process of the tree has written. */
  write(writer: Writer, lines: Uint8Array, lost = 0): void {
    if (this.#isHeld(writer)) this.#keep(writer, lines, lost);
    else this.#put({writer, chunk: lines, lost}, this.#holder !== undefined);
  }

  /** The root's own streams are as they were. Shows what is left. */
  close(): void {
    this.released();
    for (const shut of this.#valves ?? []) shut();
    this.#valves = undefined;
  }

  /** Who writes to a file disturbs nobody, and must lose nothing. */
  #isHeld({pid, stdio}: Writer): boolean {
    return this.#holder !== undefined && this.#holder.pid !== pid && !isFile(this.#options[stdio]);
  }

  /** Line by line: of what is too much the oldest lines are dropped. */
  #keep(writer: Writer, lines: Uint8Array, lost: number): void {
    for (const [at, line] of linesOf(lines).entries()) this.#kept.add(writer, line, at === 0 ? lost : 0);
  }

  #flush(): void {
    for (const written of this.#kept.take()) this.#put({...written, chunk: this.#marked(written)}, false);
  }

  #marked({writer, chunk}: Written): Uint8Array {
    if (writer.marked) return chunk;
    const lines = markLines(writer, chunk);
    return lines.at(-1) === newline ? lines : Buffer.concat([lines, Buffer.from('\n')]);
  }

  #put({writer, chunk, lost}: Written, atPrompt: boolean): void {
    const stream = this.#options[writer.stdio];
    if (!stream.writable) return;
    const above = atPrompt && stream.isTTY && chunk.at(-1) === newline;
    const told = lost > 0 ? `${lineMark(writer)}(${lost} lines were dropped: more than could be kept)\n` : '';
    // At once: the thread of the terminal writes there too.
    const whole = Buffer.concat([Buffer.from(above ? clearPrompt : ''), Buffer.from(told), chunk]);
    (this.#writes[writer.stdio] ?? stream.write).call(stream, whole);
    if (above) this.#options.redraw();
  }

  /** The root writes to the terminal by itself: from the first prompt on it goes through here. */
  #open(): void {
    if (this.#valves) return;
    // Last of all, when the terminal is as it was.
    const onExit = (): void => this.close();
    process.on('exit', onExit);
    this.#valves = [() => process.off('exit', onExit), this.#valve('stdout'), this.#valve('stderr')];
  }

  #valve(stdio: Stream): () => void {
    const stream = this.#options[stdio];
    const ignore = (): void => {};
    // One that has hung up.
    stream.on('error', ignore);
    const own = Object.getOwnPropertyDescriptor(stream, 'write');
    const {write} = stream;
    this.#writes[stdio] = write;
    const writer = {name: this.#options.name, pid: this.#pid, stdio, marked: true};
    const valve = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
      const isText = typeof chunk === 'string';
      if (this.#holder === undefined || (!isText && !(chunk instanceof Uint8Array)))
        return write.call(stream, chunk as string, encoding as BufferEncoding, callback as () => void);
      const done = typeof encoding === 'function' ? encoding : callback;
      const kind = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
      this.write(writer, isText ? Buffer.from(chunk, kind) : Uint8Array.from(chunk));
      if (typeof done === 'function') process.nextTick(done as () => void);
      return true;
    };
    stream.write = valve as Write;
    return () => {
      stream.off('error', ignore);
      this.#writes[stdio] = undefined;
      // Whoever put theirs over it keeps it, and finds it open.
      if (stream.write !== valve) return;
      if (own) Object.defineProperty(stream, 'write', own);
      else Reflect.deleteProperty(stream, 'write');
    };
  }
}

/** Each with the mark of who wrote it. */
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
