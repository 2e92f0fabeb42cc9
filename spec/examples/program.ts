/**
 * Runs an example as its users do, and looks for what it leaves behind.
 * For the process specs of `examples`.
 */
import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {once} from 'node:events';
import {readdirSync, readFileSync} from 'node:fs';
import type {Readable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {attempt} from '../../lib/base/foreign.js';
import {hasEnded} from '../kit/ended.js';

export const mainFile = fileURLToPath(new URL('../../examples/scan/main.js', import.meta.url));
const markName = 'RXTRACTOR_EXAMPLE_SPEC';

export interface RunOptions {
  readonly uid?: number;
  /** Default: the scan. */
  readonly file?: string;
  /** In a session of its own, which has no terminal. */
  readonly withoutTerminal?: boolean;
}

export interface Outcome {
  /** The exit code, or the signal that ended the program. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Processes of its tree that were alive 2 s after its end. */
  readonly left: readonly number[];
}

export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The processes of its tree that are alive, itself included. */
  pids(): number[];
  /** Waits for all output and the end. */
  outcome(): Promise<Outcome>;
}

export function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return start(args, options).outcome();
}

export function start(args: readonly string[], options: RunOptions = {}): Running {
  // Every process of the tree inherits the mark, whatever becomes of its parent.
  const mark = randomUUID();
  const child = spawn(process.execPath, [options.file ?? mainFile, ...args], {
    // Colours that the tests' own output is asked to have are not part of what an example prints.
    env: {...process.env, FORCE_COLOR: undefined, [markName]: mark},
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.withoutTerminal === true,
    ...(options.uid !== undefined && {uid: options.uid, gid: options.uid}),
  });
  const pids = (): number[] => marked(`${markName}=${mark}`);
  return {
    child,
    pids,
    async outcome() {
      const texts = Promise.all([text(child.stdout), text(child.stderr)]);
      if (!hasEnded(child)) await once(child, 'exit');
      const left = await goneWithin(2000, pids);
      // They may hold the output, whose end is waited for.
      for (const pid of left) attempt(() => process.kill(pid, 'SIGKILL'));
      const [stdout, stderr] = await texts;
      return {code: child.exitCode ?? child.signalCode, stdout, stderr, left};
    },
  };
}

/** Resolves when the stream has shown `pattern`; rejects when it ends before. */
export async function shown(stream: Readable, pattern: RegExp): Promise<void> {
  let seen = '';
  await new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      seen += chunk;
      if (!pattern.test(seen)) return;
      stream.off('data', look).off('end', ended);
      resolve();
    };
    const ended = (): void => reject(new Error(`ended without ${pattern}: ${seen}`));
    stream.on('data', look).on('end', ended);
  });
}

async function goneWithin(ms: number, pids: () => number[]): Promise<readonly number[]> {
  const until = Date.now() + ms;
  while (pids().length > 0 && Date.now() < until) await sleep(20);
  return pids();
}

function marked(entry: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => environmentOf(pid).includes(entry))
    .map(Number);
}

// A process can end between the listing and the reading; one that has ended but was not awaited has an empty one.
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
