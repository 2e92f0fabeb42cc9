// The command rxtractor as a process of its own, and programs that it looks at.
// Beside program.ts; used by the specs of `cli`.
import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {findRoots} from '../../lib/window/roots.js';
import {eventually} from './eventually.js';
import {endOf, killed} from './processes.js';
import {fixture} from './program.js';

export const commandFile = fileURLToPath(new URL('../../lib/cli/rxtractor.js', import.meta.url));

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end, as in a pipe. */
export function rxtractor(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  return new Promise(resolve => {
    const options = {env: {...process.env, ...env}, encoding: 'utf8', maxBuffer: 1e8} as const;
    execFile(process.execPath, [commandFile, ...args], options, (error, stdout, stderr) => {
      resolve({code: error ? Number(error.code) : 0, stdout, stderr});
    });
  });
}

/** A program that the command looks at. */
export interface Shown {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Writes a line to its stdin. */
  say(word: string): void;
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
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {...process.env, ...env},
  });
  t.teardown(() => killed(child));
  child.stdout.resume();
  const pid = child.pid as number;
  await eventually(
    () => findRoots().some(found => found.pid === pid),
    `the root in ${file}`,
    () => endOf(child),
  );
  return {pid, process: child, say: word => child.stdin?.write(`${word}\n`)};
}
