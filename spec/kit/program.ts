// Fixture programs as processes of their own: started, read line by line, ended with the test that started them.
// Beside processes.ts.
import {type ChildProcess, spawn} from 'node:child_process';
import {EventEmitter, once} from 'node:events';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import type {Exit} from '../../lib/index.js';
import {endOf, killed} from './ended.js';
import {eventually} from './eventually.js';
import {untilTreeGone} from './processes.js';

/** Who ends what was started: a test, or a benchmark. */
export type Owner = Pick<ExecutionContext, 'teardown'>;

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that becomes Node, as `ip netns exec …` does. */
  readonly through?: readonly string[];
  /** Whether it has a stdin, for `say`. */
  readonly hears?: boolean;
}

/** A fixture of `spec/fixtures`, running. All that it prints is read, whether or not a test asks for it. */
export class Program {
  readonly process: ChildProcess;
  /** Rejects when it could not begin, or when its output does not end with it: see `endOf`. */
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  #linesRead = 0;
  #ended = false;
  readonly #news = new EventEmitter();

  constructor({args = [], execArgv = [], env = {}, through = [], hears = false}: ProgramOptions) {
    const [command = '', ...rest] = [...through, process.execPath, ...execArgv, ...args];
    const child = spawn(command, rest, {
      stdio: [hears ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: {...process.env, ...env},
    });
    this.process = child;
    this.exited = endOf(child);
    // A spec need not ask for its end.
    this.exited
      .catch(error => (this.stderr += String(error)))
      .finally(() => {
        this.#ended = true;
        this.#news.emit('output');
      });
    child.stdin?.on('error', () => {});
    child.stdout?.on('data', chunk => {
      this.stdout += String(chunk);
      this.#news.emit('output');
    });
    child.stderr?.on('data', chunk => {
      this.stderr += String(chunk);
      this.#news.emit('error output');
    });
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** The next line that it prints, read as JSON. */
  async next<T>(): Promise<T> {
    for (;;) {
      const lines = this.stdout.split('\n').slice(0, -1);
      const line = lines[this.#linesRead];
      if (line !== undefined) {
        this.#linesRead++;
        return JSON.parse(line) as T;
      }
      if (this.#ended) throw this.#without('a further line');
      await once(this.#news, 'output');
    }
  }

  /** All of its stderr, once that matches. */
  async stderrUntil(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.stderr)) {
      if (this.#ended) throw this.#without(String(pattern));
      await Promise.race([once(this.#news, 'error output'), once(this.#news, 'output')]);
    }
    return this.stderr;
  }

  /** The first match in its stdout. */
  async stdoutUntil(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found) return found[0];
      if (this.#ended) throw this.#without(`${pattern} in its stdout:\n${this.stdout}`);
      await once(this.#news, 'output');
    }
  }

  /**
   * Looks again and again until something is found that only a running program brings about.
   *
   * @param look finds nothing: undefined
   * @param what for the failure
   */
  until<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<NonNullable<T>> {
    return eventually(look, what, {unless: () => (this.#ended ? this.#without(what).message : undefined)});
  }

  /** Writes a line to its stdin. */
  say(word: string): void {
    this.process.stdin?.write(`${word}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  #without(what: string): Error {
    const {exitCode, signalCode} = this.process;
    return new Error(`the program ended (${signalCode ?? exitCode}) without ${what}; its stderr:\n${this.stderr}`);
  }
}

export function fixture(name: string): URL {
  return new URL(`../fixtures/${name}.js`, import.meta.url);
}

/** Starts a fixture; whatever becomes of the test, it is not alive after it. */
export function startProgram(t: Owner, name: string, options: ProgramOptions = {}): Program {
  return start(t, {...options, args: [fileURLToPath(fixture(name)), ...(options.args ?? [])]});
}

/** Starts Node with any arguments. */
export function startNode(
  t: Owner,
  args: readonly string[],
  env: ProgramOptions['env'] = {},
  through: ProgramOptions['through'] = [],
): Program {
  return start(t, {args, env, through});
}

/** Starts Node with all options; the file is the first of `args`. */
export function start(t: Owner, options: ProgramOptions): Program {
  const program = new Program(options);
  t.teardown(() => killed(program.process));
  return program;
}

/** Kills what an asserted-on tree should not have left, so that a red spec does not spoil the next. */
export async function sweep(t: ExecutionContext, tree: string, message: string): Promise<void> {
  const left = await untilTreeGone(tree);
  for (const {pid} of left) process.kill(pid, 'SIGKILL');
  t.deepEqual(left, [], message);
}
