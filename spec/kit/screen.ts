// A program on a pseudo-terminal of its own, as a person sees it: what is on the screen, and keys to press.
// Beside program.ts; used by the specs of the debugger.
import {EventEmitter, once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import pty, {type IPty} from '@lydell/node-pty';
import xterm from '@xterm/headless';
import type {ExecutionContext} from 'ava';
import {orphanMs} from './processes.js';
import {fixture} from './program.js';

export interface ScreenOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  /** Another program than Node with a fixture. */
  readonly command?: readonly [file: string, ...args: string[]];
}

export const keys = {
  up: '\x1b[A',
  down: '\x1b[B',
  left: '\x1b[D',
  tab: '\t',
  enter: '\r',
  ctrlA: '\x01',
  ctrlC: '\x03',
  ctrlD: '\x04',
  ctrlE: '\x05',
  ctrlK: '\x0b',
  ctrlU: '\x15',
  ctrlZ: '\x1a',
} as const;

/** readline writes a prompt and then moves the cursor behind it: until then, keys could be lost to the mode that was before. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is made of them
const promptEnd = /\x1b\[\d+G$/;
/** The last of a line that is drawn anew, which begins with a move to the first column; or a move within the line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is made of them
const lineEnd = /\x1b\[(?:(?!1G)\d+G|\d+[CD])$/;

/** Notes the terminal's settings before and after a program. Survives a Ctrl-C that the program does. */
const script =
  'trap : INT; before=$1 after=$2; shift 2; stty -g >"$before"; "$@"; code=$?; stty -g >"$after"; exit $code';

export class PtyProgram {
  /** The exit code; 128 and more for a signal. */
  readonly exited: Promise<number>;
  /** Every byte that came. */
  raw = '';
  readonly #pty: IPty;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #news = new EventEmitter();
  readonly #folder = mkdtempSync(join(tmpdir(), 'screen-'));
  #ended = false;
  /** How much of `raw` had come when keys were last sent, and how much of it is on the screen. */
  #sent = 0;
  /** Whether there was a whole line among those keys. */
  #entered = false;
  #drawn = 0;

  constructor(t: ExecutionContext, name: string, options: ScreenOptions = {}) {
    const {columns = 100, rows = 40} = options;
    const [file, ...args] = options.command ?? [
      process.execPath,
      fileURLToPath(fixture(name)),
      ...(options.args ?? []),
    ];
    this.#terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true, scrollback: 1000});
    const [before, after] = this.#settings;
    this.#pty = pty.spawn('sh', ['-c', script, 'sh', before, after, file, ...args], {
      cols: columns,
      rows,
      env: {...process.env, RXTRACTOR_DEBUG_HISTORY: '', ...options.env} as Record<string, string>,
    });
    this.#pty.onData(data => {
      this.raw += data;
      const {length} = this.raw;
      this.#terminal.write(data, () => {
        this.#drawn = length;
        this.#news.emit('news');
      });
    });
    this.exited = new Promise(resolve => {
      this.#pty.onExit(({exitCode, signal}) => {
        // The output that came last is not on the screen yet.
        this.#terminal.write('', () => {
          this.#ended = true;
          this.#news.emit('news');
          resolve(signal ? 128 + signal : exitCode);
        });
      });
    });
    t.teardown(async () => {
      for (const pid of this.#processes()) kill(pid);
      await this.exited;
      rmSync(this.#folder, {recursive: true});
      if (!t.passed) t.log(this.screen());
    });
  }

  /** Asserts how the program ends: its code, the terminal as before, no process left. */
  async ends(t: ExecutionContext, code: number): Promise<void> {
    t.is(await this.exited, code, this.screen());
    const [before, after] = this.#settings.map(path => readFileSync(path, 'utf8'));
    t.is(after, before, 'the settings of the terminal');
    await this.leavesNothing(t);
  }

  async leavesNothing(t: ExecutionContext): Promise<void> {
    const deadline = performance.now() + orphanMs;
    while (this.#processes().length > 0 && performance.now() < deadline) await delay(20);
    t.deepEqual(this.#processes(), [], 'no process is left');
  }

  /** The lines of the screen and of what has scrolled out of it, without the empty ones at the end. */
  screen(): string {
    const {active} = this.#terminal.buffer;
    const lines = Array.from({length: active.length}, (_, y) => active.getLine(y)?.translateToString(true) ?? '');
    return lines.join('\n').trimEnd();
  }

  /** Resolves with the screen once a prompt has come since the last keys, and waits for more. */
  prompt(label: string): Promise<string> {
    return this.until(() => this.asks(label), `prompt of ${label}`);
  }

  /** Resolves once the prompt for the next line of something unfinished has come. */
  secondLine(): Promise<string> {
    return this.until(() => this.#asks('...'), 'second line');
  }

  asks(label: string): boolean {
    return this.#asks(`${label}>`);
  }

  #asks(prompt: string): boolean {
    const answer = this.raw.slice(this.#sent);
    // A line that is taken is answered with a new one: before that, this is the rest of the prompt at which it was typed.
    return promptEnd.test(answer) && (!this.#entered || answer.includes('\n')) && this.screen().endsWith(prompt);
  }

  async until(holds: (screen: string) => boolean, what: string): Promise<string> {
    for (;;) {
      const screen = this.screen();
      // Bytes that have come and are not drawn yet would be in `raw` and not on the screen.
      if (this.#drawn === this.raw.length && holds(screen)) return screen;
      if (this.#ended) throw new Error(`the program ended without the ${what}; its screen:\n${screen}`);
      await once(this.#news, 'news');
    }
  }

  /** Presses keys. */
  press(text: string): void {
    this.#sent = this.raw.length;
    this.#entered = text.includes(keys.enter);
    this.#pty.write(text);
  }

  /**
   * Presses one after the other at a prompt, as a hand does: readline takes what comes at once for text that was pasted.
   * Only for keys that the prompt answers.
   */
  async type(...parts: readonly string[]): Promise<void> {
    for (const part of parts) {
      this.press(part);
      while (!this.#isDrawn(part) && !this.#ended) await once(this.#news, 'news');
    }
  }

  /** readline echoes what is added at the end of a line; anything else it draws anew, the cursor last. */
  #isDrawn(keys: string): boolean {
    const answer = this.raw.slice(this.#sent, this.#drawn);
    return answer.includes('\x1b') ? lineEnd.test(answer) : answer !== '' && answer.length >= keys.length;
  }

  /** Types a line, waits for the next prompt. @returns what came in between, without the line itself */
  async line(text: string, label: string): Promise<string> {
    const before = this.screen().split('\n').length;
    this.press(`${text}${keys.enter}`);
    const screen = await this.prompt(label);
    return screen.split('\n').slice(before, -1).join('\n');
  }

  /** Closes the terminal, as a window does. */
  hangUp(): void {
    (this.#pty as IPty & {destroy(): void}).destroy();
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** The paths of what the terminal was set to before the program and after it, in the words of `stty`. */
  get #settings(): readonly [before: string, after: string] {
    return [join(this.#folder, 'before'), join(this.#folder, 'after')];
  }

  /** All that runs on this terminal. */
  #processes(): number[] {
    return readdirSync('/proc').flatMap(name =>
      /^\d+$/.test(name) && sessionOf(name) === this.#pty.pid ? [Number(name)] : [],
    );
  }
}

/** Undefined for one that is a zombie or gone. */
function sessionOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = 'Z', , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(session);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in between.
  }
}
