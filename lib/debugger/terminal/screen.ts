/**
 * One session on `/dev/tty`: lines out, edited lines in. In raw mode from beginning to end, so that Ctrl-C and Ctrl-Z are
 * keys of the prompt's and not signals for the tree.
 * Floor 7: below `terminal-worker`.
 */
import {type ChildProcess, type StdioOptions, spawn, spawnSync} from 'node:child_process';
import {closeSync, constants, openSync} from 'node:fs';
import {createInterface, type Interface} from 'node:readline';
import {ReadStream, WriteStream} from 'node:tty';
import {plainClock, type Stop} from '../../base/clock.js';
import {escapeText} from '../../base/escape.js';
import {type History, historySize} from './history.js';

export interface ScreenOptions {
  readonly history: History;
  readonly line: (text: string) => void;
  /** Ctrl-D. */
  readonly end: () => void;
  /** Ctrl-C while nothing is asked. */
  readonly interrupt: () => void;
  readonly complete: (text: string) => Promise<[names: string[], typed: string]>;
  /** The terminal has hung up. */
  readonly gone: () => void;
}

const device = '/dev/tty';
/** A thread is not told of SIGWINCH. */
const resizeMs = 200;

export class Screen {
  readonly #options: ScreenOptions;
  readonly #saved: string | undefined;
  readonly #guard: ChildProcess | undefined;
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #stopResizing: Stop;
  #editor: Interface;
  #asked: string | undefined;
  /** Typed ahead; undefined is Ctrl-D. */
  readonly #typed: (string | undefined)[] = [];
  #closed = false;

  /** @throws the system's error where there is no terminal */
  constructor(options: ScreenOptions) {
    this.#options = options;
    const fd = openTty();
    this.#saved = settingsOf(fd);
    this.#guard = this.#saved === undefined ? undefined : guard(this.#saved);
    this.#input = new ReadStream(fd);
    this.#output = new WriteStream(openTty());
    for (const stream of [this.#input, this.#output]) stream.on('error', () => options.gone());
    this.#input.once('end', () => options.gone());
    this.#editor = this.#edit();
    this.#stopResizing = plainClock.every(resizeMs, () => this.#resize());
  }

  get size(): {readonly columns: number; readonly rows: number} {
    const {columns, rows} = this.#output;
    return {columns: columns || 80, rows: rows || 24};
  }

  print(text: string): void {
    this.#output.write(`${escapeText(text)}\n`);
  }

  /** The next line typed goes to `line`, even if it has been already. */
  ask(prompt: string): void {
    this.#asked = escapeText(prompt);
    if (this.#typed.length > 0) return this.#answer(this.#typed.shift());
    this.#editor.setPrompt(this.#asked);
    this.#editor.prompt();
  }

  /** The line that is being edited, once more: something else was printed where it stood. */
  redraw(): void {
    if (this.#closed || this.#asked === undefined) return;
    // Not in the types: how far above the cursor the old drawing began, which is not there any more.
    (this.#editor as Interface & {prevRows?: number}).prevRows = 0;
    this.#editor.prompt(true);
  }

  /** The terminal as it was before. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopResizing();
    if (this.#asked !== undefined) this.#output.write('\r\n');
    this.#editor.close();
    this.#input.destroy();
    this.#output.destroy();
    this.#restore();
    this.#guard?.stdin?.end('done\n');
  }

  #edit(): Interface {
    const {history} = this.#options;
    const editor = createInterface({
      input: this.#input,
      output: this.#output,
      terminal: true,
      prompt: '',
      history: history.lines,
      historySize,
      removeHistoryDuplicates: true,
      completer: (text: string, done: (error: null, found: [string[], string]) => void) =>
        void this.#options.complete(text).then(found => done(null, found)),
    });
    editor.on('history', (lines: string[]) => {
      history.lines = lines;
    });
    editor.on('line', text => {
      history.add(text);
      this.#take(text);
    });
    editor.on('SIGINT', () => this.#interrupt());
    editor.on('SIGTSTP', () => this.#suspend());
    // Ctrl-D, after which readline is of no more use.
    editor.once('close', () => {
      if (this.#closed) return;
      this.#editor = this.#edit();
      this.#output.write('\r\n');
      this.#take(undefined);
    });
    return editor;
  }

  #take(line: string | undefined): void {
    if (this.#asked === undefined) this.#typed.push(line);
    else this.#answer(line);
  }

  #answer(line: string | undefined): void {
    this.#asked = undefined;
    this.#editor.setPrompt('');
    if (line === undefined) this.#options.end();
    else this.#options.line(line);
  }

  /** The line that is being edited, or what the program is doing. What was typed ahead is not meant any more. */
  #interrupt(): void {
    this.#typed.length = 0;
    this.#editor.write(null, {ctrl: true, name: 'e'});
    this.#output.write('^C');
    clearLine(this.#editor);
    if (this.#asked === undefined) this.#options.interrupt();
    else this.#editor.prompt();
  }

  /**
   * The whole job, as the shell knows it. By a process of the job, not by a signal from here: that could stop this thread
   * a moment later, with the prompt drawn already. One that has stopped itself does not end before the job goes on.
   */
  #suspend(): void {
    this.#input.setRawMode(false);
    this.#restore();
    this.#output.write('\r\n');
    spawnSync('sh', ['-c', 'kill -s TSTP 0'], {stdio: 'ignore'});
    this.#input.setRawMode(true);
    this.#resize();
    this.#editor.prompt(true);
  }

  #resize(): void {
    // Not in the types: `resize` is emitted by it, which the editor listens to.
    (this.#output as WriteStream & {_refreshSize?: () => void})._refreshSize?.();
  }

  #restore(): void {
    if (this.#saved === undefined) return;
    try {
      const fd = openTty();
      stty([this.#saved], [fd, 'ignore', 'ignore']);
      closeSync(fd);
    } catch {
      // Hung up: nobody is there to mind.
    }
  }
}

function openTty(): number {
  return openSync(device, constants.O_RDWR | constants.O_NOCTTY);
}

/** In the words of `stty`, which alone can save and restore all of them. Undefined where there is no `stty`. */
function settingsOf(fd: number): string | undefined {
  const {status, stdout} = stty(['-g'], [fd, 'pipe', 'ignore']);
  return status === 0 ? stdout.trim() : undefined;
}

/** Before a session and after it Ctrl-C is a signal, for all of the job: it must not leave the terminal half way. */
function stty(args: readonly string[], stdio: StdioOptions) {
  const script = `trap '' HUP INT QUIT; exec stty "$@"`;
  return spawnSync('sh', ['-c', script, 'sh', ...args], {stdio, encoding: 'utf8'});
}

/**
 * A process that restores the terminal when this one is killed: what it reads from us ends then, without a word before.
 * It is in the background by that time, and must not be stopped for it.
 */
function guard(saved: string): ChildProcess {
  const script = `trap '' HUP INT TERM TTIN TTOU; read -r done || stty "$1" <${device}`;
  const child = spawn('sh', ['-c', script, 'sh', saved], {stdio: ['pipe', 'ignore', 'ignore']});
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  return child;
}

/** To the next line, with nothing on it. Not in the types, and what Node's own prompt calls. */
function clearLine(editor: Interface): void {
  (editor as Interface & {clearLine?: () => void}).clearLine?.();
}
