/**
 * The screen of one prompt, on `/dev/tty`: lines out, edited lines in. It is in raw mode from the beginning to the end,
 * so that Ctrl-C and Ctrl-Z are keys of the prompt and not signals for the tree.
 * Floor 7: below `terminal-worker`, above `history`.
 */
import {type ChildProcess, type StdioOptions, spawn, spawnSync} from 'node:child_process';
import {closeSync, constants, openSync} from 'node:fs';
import {createInterface, type Interface} from 'node:readline';
import {ReadStream, WriteStream} from 'node:tty';
import {plainClock, type Stop} from '../../base/clock.js';
import {escapeText} from '../../base/escape.js';
import {Fifo} from '../../base/fifo.js';
import {escapeButColours} from './colours.js';
import {type History, historySize} from './history.js';

export interface ScreenOptions {
  readonly history: History;
  /** Called with a line that was asked for. */
  readonly line: (text: string) => void;
  /** Called for Ctrl-D. */
  readonly end: () => void;
  /** Called for Ctrl-C while nothing is asked. */
  readonly interrupt: () => void;
  /** Gives the names that complete the last word of a line, and this word. */
  readonly complete: (text: string) => Promise<[names: string[], typed: string]>;
  /** Called when the terminal has hung up. */
  readonly gone: () => void;
}

const device = '/dev/tty';
/** Bracketed paste, in the words of the terminal. */
const pasteMode = {on: '\x1b[?2004h', off: '\x1b[?2004l'};
/** Milliseconds of silence after which lines that came at once, without the terminal's marks of a paste, are all that was pasted. */
const pastedMs = 30;
/** Several lines that came at once, without a key that is not a character. */
const severalLines = /^[^\p{Cc}]*[\r\n](?=.*[^\r\n])(?:[^\p{Cc}]|[\t\r\n])*$/su;
/** Milliseconds between two looks at the size of the terminal, because a worker thread gets no SIGWINCH. */
const resizeMs = 200;

export class Screen {
  readonly #options: ScreenOptions;
  /** The settings of the terminal before the prompt, in the words of `stty`. */
  readonly #saved: string | undefined;
  readonly #guard: ChildProcess | undefined;
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #stopResizing: Stop;
  #editor: Interface;
  /** The prompt before the line that is asked for; undefined while nothing is asked. */
  #asked: string | undefined;
  #goesOn = false;
  /** Whether the keys that come are those of a pasted text, as the terminal says. */
  #isPasting = false;
  /** Whether the keys that come are those of several lines that came at once: a paste in a terminal that does not mark it. */
  #isFlooded = false;
  /** Takes a flood for the beginning of a larger one no longer. */
  #stopFlood: Stop | undefined;
  /** The lines of a pasted text, and the lines before them, that were not sent off yet. */
  #pasted: string[] = [];
  /** Lines that were typed before they were asked for. Undefined is Ctrl-D. */
  readonly #typed = new Fifo<string | undefined>();
  #closed = false;

  /** @throws the error of the system where there is no terminal */
  constructor(options: ScreenOptions) {
    this.#options = options;
    const fd = openTty();
    this.#saved = settingsOf(fd);
    this.#guard = this.#saved === undefined ? undefined : guard(this.#saved);
    this.#input = new ReadStream(fd);
    this.#output = new WriteStream(openTty());
    for (const stream of [this.#input, this.#output]) stream.on('error', () => options.gone());
    this.#input.once('end', () => options.gone());
    this.#input.on('data', (keys: Buffer) => this.#heedFlood(String(keys)));
    this.#editor = this.#edit();
    this.#input.on('keypress', (_, {name}: {readonly name?: string}) => this.#heedPaste(name));
    this.#setPasteMode(true);
    this.#stopResizing = plainClock.every(resizeMs, () => this.#resize());
  }

  get look(): {readonly columns: number; readonly rows: number; readonly colours: boolean} {
    const {columns, rows} = this.#output;
    // Node heeds TERM, and lets FORCE_COLOR win over NO_COLOR.
    const colours = !process.env.NO_COLOR && this.#output.hasColors();
    return {columns: columns || 80, rows: rows || 24, colours};
  }

  print(text: string): void {
    this.#output.write(`${escapeButColours(text)}\n`);
  }

  /**
   * The next line goes to `line`. It may have been typed already.
   *
   * @param goesOn whether it belongs to the line before, so that Ctrl-C answers as Ctrl-D does
   */
  ask(prompt: string, goesOn = false): void {
    this.#asked = escapeText(prompt);
    this.#goesOn = goesOn;
    if (this.#typed.size > 0) return this.#answer(this.#typed.shift());
    this.#editor.setPrompt(this.#asked);
    this.#editor.prompt();
  }

  /** Draws the line that is being edited again, because something else was printed where it stood. */
  redraw(): void {
    if (this.#closed || this.#asked === undefined) return;
    // Not in the types: the number of rows between the old drawing and the cursor. The old drawing is not there any
    // more.
    (this.#editor as Interface & {prevRows?: number}).prevRows = 0;
    this.#editor.prompt(true);
  }

  /** Restores the terminal. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopResizing();
    this.#stopFlood?.();
    if (this.#asked !== undefined) this.#output.write('\r\n');
    this.#setPasteMode(false);
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
      this.#entered(text);
    });
    editor.on('SIGINT', () => this.#interrupt());
    editor.on('SIGTSTP', () => this.#suspend());
    // Ctrl-D closes readline, which cannot be used after that.
    editor.once('close', () => {
      if (this.#closed) return;
      this.#editor = this.#edit();
      this.#output.write('\r\n');
      this.#pasted = [];
      this.#take(undefined);
    });
    return editor;
  }

  /** The terminal says before and after a pasted text that it was pasted, where it can do so. */
  #setPasteMode(on: boolean): void {
    if (process.env.TERM !== 'dumb') this.#output.write(on ? pasteMode.on : pasteMode.off);
  }

  #heedPaste(key: string | undefined): void {
    if (key === 'paste-start') this.#isPasting = true;
    if (key === 'paste-end') this.#isPasting = false;
    this.#complete(!this.#isPasting);
  }

  /** A Tab in a pasted text is a character of it. */
  #complete(isOn: boolean): void {
    Object.assign(this.#editor, {isCompletionEnabled: isOn});
  }

  /**
   * Called before the editor gets what has come from the terminal. A terminal without marks gives a pasted block in one piece, or in
   * some that follow at once.
   */
  #heedFlood(keys: string): void {
    const goesOn = this.#stopFlood !== undefined && /^(?:[^\p{Cc}]|[\t\r\n])*$/u.test(keys);
    if (this.#isPasting || !(goesOn || severalLines.test(keys))) return;
    this.#stopFlood?.();
    this.#isFlooded = true;
    this.#complete(false);
    // The editor has handled all of these keys by then.
    process.nextTick(() => {
      this.#isFlooded = false;
      this.#stopFlood = plainClock.timer(pastedMs, () => this.#flooded(/[\r\n]$/.test(keys)));
    });
  }

  /** All of it has come. A block whose last line is whole needs no other Enter. */
  #flooded(isWhole: boolean): void {
    this.#stopFlood = undefined;
    if (this.#closed) return;
    this.#complete(true);
    if (!isWhole || this.#pasted.length === 0) return;
    // In place of the prompt for another line.
    if (this.#asked !== undefined) this.#output.write('\r\x1b[K');
    this.#take(this.#pasted.splice(0).join('\n'));
  }

  /** The lines of a pasted block are one piece, which the person sends off with the next Enter. */
  #entered(line: string): void {
    if (this.#isPasting || this.#isFlooded) {
      this.#pasted.push(line);
      if (this.#asked === undefined) return;
      this.#editor.setPrompt('... ');
      return this.#editor.prompt();
    }
    const whole = [...this.#pasted, line].join('\n');
    this.#pasted = [];
    this.#take(whole);
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

  /** Drops the line that is being edited, or interrupts the program. Lines that were typed ahead are dropped too. */
  #interrupt(): void {
    this.#typed.takeAll();
    this.#pasted = [];
    this.#editor.write(null, {ctrl: true, name: 'e'});
    this.#output.write('^C');
    clearLine(this.#editor);
    if (this.#asked === undefined) this.#options.interrupt();
    else if (this.#goesOn) this.#answer(undefined);
    else {
      this.#editor.setPrompt(this.#asked);
      this.#editor.prompt();
    }
  }

  /**
   * Stops the whole job, as the shell knows it. A process of the job does it, because a signal from here could stop
   * this thread a moment later, when the prompt is drawn already. That process does not end before the job goes on.
   */
  #suspend(): void {
    this.#input.setRawMode(false);
    this.#setPasteMode(false);
    this.#restore();
    this.#output.write('\r\n');
    spawnSync('sh', ['-c', 'kill -s TSTP 0'], {stdio: 'ignore'});
    this.#input.setRawMode(true);
    this.#setPasteMode(true);
    this.#resize();
    this.#editor.prompt(true);
  }

  #resize(): void {
    // Not in the types: it emits `resize`, to which the editor listens.
    (this.#output as WriteStream & {_refreshSize?: () => void})._refreshSize?.();
  }

  #restore(): void {
    if (this.#saved === undefined) return;
    try {
      const fd = openTty();
      stty([this.#saved], [fd, 'ignore', 'ignore']);
      closeSync(fd);
    } catch {
      // The terminal has hung up, so that there is nothing to restore.
    }
  }
}

function openTty(): number {
  return openSync(device, constants.O_RDWR | constants.O_NOCTTY);
}

/**
 * The settings of a terminal, in the words of `stty`, which can save and restore all of them. Undefined without `stty`.
 */
function settingsOf(fd: number): string | undefined {
  const {status, stdout} = stty(['-g'], [fd, 'pipe', 'ignore']);
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Before and after a prompt, Ctrl-C is a signal for the whole job. `stty` ignores it, so that it does its work to the
 * end.
 */
function stty(args: readonly string[], stdio: StdioOptions) {
  const script = `trap '' HUP INT QUIT; exec stty "$@"`;
  return spawnSync('sh', ['-c', script, 'sh', ...args], {stdio, encoding: 'utf8'});
}

/**
 * A process that restores the terminal when this process is killed: its input ends then without the word `done`. At
 * that time it runs in the background. It ignores the signals that stop a background process which writes to the
 * terminal.
 */
function guard(saved: string): ChildProcess {
  const script = `trap '' HUP INT TERM TTIN TTOU; read -r done || { stty "$1" <${device}; printf '\\033[?2004l' >${device}; }`;
  const child = spawn('sh', ['-c', script, 'sh', saved], {stdio: ['pipe', 'ignore', 'ignore']});
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  return child;
}

/** Goes to the next line and empties it. Not in the types; Node's own prompt calls it too. */
function clearLine(editor: Interface): void {
  (editor as Interface & {clearLine?: () => void}).clearLine?.();
}
