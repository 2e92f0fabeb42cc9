// The command rxtractor as a process of its own, and programs that it looks at.
// Beside program.ts; used by the specs of `cli`.
import {type ChildProcess, execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {findRoots} from '../../lib/window/roots.js';
import {patienceMs} from './eventually.js';
import {fixture, type Program, start} from './program.js';

export const commandFile = fileURLToPath(new URL('../../lib/cli/rxtractor.js', import.meta.url));

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end, as in a pipe. One that does not come to its end is killed, and fails the test. */
export function rxtractor(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const bounds = {maxBuffer: 1e8, timeout: patienceMs, killSignal: 'SIGKILL'} as const;
  const options = {env: {...process.env, ...env}, encoding: 'utf8', ...bounds} as const;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [commandFile, ...args], options, (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number') return resolve({code, stdout, stderr});
      reject(new Error(`rxtractor ${args.join(' ')}: ${error?.signal ?? code}; it said:\n${stdout}${stderr}`));
    });
  });
}

/** The value that the command prints as JSON. */
export async function rxtractorJson<T>(args: readonly string[]): Promise<T> {
  const {code, stdout, stderr} = await rxtractor([...args, '--json']);
  if (code !== 0) throw new Error(`rxtractor ${args.join(' ')} has ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** A program that the command looks at. */
export interface Shown {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Writes a line to its stdin. */
  say(word: string): void;
  /** Looks until something is found, or the program has ended. */
  readonly until: Program['until'];
}

/** Starts a fixture that prints its pid, and waits until it can be observed. */
export async function startShown(
  t: ExecutionContext,
  name: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  return startShownFile(t, fileURLToPath(fixture(name)), args, env);
}

/** The same for any file, which need not print anything. */
export async function startShownFile(
  t: ExecutionContext,
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const program = start(t, {args: [file, ...args], env, hears: true});
  const {pid} = program;
  await program.until(() => findRoots().find(found => found.pid === pid), 'a window');
  return {pid, process: program.process, say: word => program.say(word), until: program.until.bind(program)};
}
