// The end of a process that a spec has started. Above eventually.ts.
import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import type {Exit} from '../../lib/index.js';
import {eventually} from './eventually.js';

/**
 * Resolves when the process has ended and all of its output has come. Call it in the turn in which the process was started.
 *
 * @throws when the output does not end: a process that it has left behind, and that inherited its output, lives on
 */
export async function endOf(child: ChildProcess): Promise<Exit> {
  let isClosed = false;
  const closed = once(child, 'close').then(() => {
    isClosed = true;
  });
  // One that could not begin is told below.
  closed.catch(() => {});
  const [code, signal] = await once(child, 'exit');
  const held = `the end of the output of process ${child.pid}, which has ended with ${code ?? signal}: what it has left behind lives on`;
  try {
    await Promise.race([closed, eventually(() => isClosed, held)]);
  } finally {
    for (const output of [child.stdout, child.stderr]) output?.destroy();
  }
  return {code, signal};
}

/** Whether it has ended: by itself, which gives it a code, or by a signal, which does not. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** How it has ended, in words. Undefined while it runs. */
export function howEnded({exitCode, signalCode}: ChildProcess): string | undefined {
  if (signalCode !== null) return `it has ended by ${signalCode}`;
  return exitCode === null ? undefined : `it has ended with code ${exitCode}`;
}

/** Kills it. Resolves when it has ended, and not only when its output has: an orphan of it may hold that open for ever. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
