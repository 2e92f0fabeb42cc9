// Fixture programs as processes of their own: started, read line by line, ended with the test that started them.
// Beside processes.ts.
import {type ChildProcess, spawn} from 'node:child_process';
import {EventEmitter, once} from 'node:events';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import type {Exit} from '../../lib/index.js';
import {killed, untilTreeGone} from './processes.js';

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that becomes Node, as `ip netns exec …` does. */
  readonly through?: readonly string[];
}

/** A fixture of `spec/fixtures`, running. All that it prints is read, whether or not a test asks for it. */
export class Program {
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  #linesRead = 0;
  #ended = false;
  readonly #news = new EventEmitter();

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, through: readonly string[] = []) {
    const [command = '', ...rest] = [...through, process.execPath, ...args];
    const child = spawn(command, rest, {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...env}});
    this.process = child;
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.#ended = true;
      this.#news.emit('output');
      return {code, signal};
    });
    child.stdout.on('data', chunk => {
      this.stdout += String(chunk);
      this.#news.emit('output');
    });
    child.stderr.on('data', chunk => {
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
      if (this.#ended) throw new Error(`the program ended without a further line; its stderr:\n${this.stderr}`);
      await once(this.#news, 'output');
    }
  }

  /** All of its stderr, once that matches. */
  async stderrUntil(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.stderr)) {
      if (this.#ended) throw new Error(`the program ended without ${pattern}; its stderr:\n${this.stderr}`);
      await Promise.race([once(this.#news, 'error output'), once(this.#news, 'output')]);
    }
    return this.stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}

export function fixture(name: string): URL {
  return new URL(`../fixtures/${name}.js`, import.meta.url);
}

/** Starts a fixture; whatever becomes of the test, it is not alive after it. */
export function startProgram(t: ExecutionContext, name: string, options: ProgramOptions = {}): Program {
  return startNode(
    t,
    [...(options.execArgv ?? []), fileURLToPath(fixture(name)), ...(options.args ?? [])],
    options.env,
    options.through,
  );
}

/** Starts Node with any arguments. */
export function startNode(
  t: ExecutionContext,
  args: readonly string[],
  env: ProgramOptions['env'] = {},
  through: ProgramOptions['through'] = [],
): Program {
  const program = new Program(args, env, through);
  t.teardown(() => killed(program.process));
  return program;
}

/** Kills what an asserted-on tree should not have left, so that a red spec does not spoil the next. */
export async function sweep(t: ExecutionContext, tree: string, message: string): Promise<void> {
  const left = await untilTreeGone(tree);
  for (const {pid} of left) process.kill(pid, 'SIGKILL');
  t.deepEqual(left, [], message);
}
