/**
 * The terminal of the root, for whoever of the tree has the lock. Its work is done by a thread, because the root's own
 * main thread can be the one that is stopped.
 * Floor 7: above `terminal-worker`, which is data here; the root opens it, actors reach it by path.
 */
import {once} from 'node:events';
import {homedir} from 'node:os';
import {join} from 'node:path';
import type {Roster} from './roster.js';
import {startThread} from './thread.js';

export interface TerminalOptions {
  /** Where it listens: a new path in the tree's private folder. */
  readonly path: string;
  /** A file for the lines of earlier sessions; `''`: none. Default: `RXTRACTOR_DEBUG_HISTORY`, or one in the home folder. */
  readonly history?: string;
}

export interface Terminal {
  readonly path: string;
  /** Something was printed where the prompt stood: it is drawn again. */
  redraw(): void;
  /** Whoever sat there has gone: a session that is open ends, and the program runs on; there is no other. */
  hangUp(): void;
  /** Who is there, for whoever asks at a prompt. */
  tell(roster: Roster): void;
  /** Ends a session that is open; the terminal is then as it was before it. Idempotent. */
  close(): Promise<void>;
}

export type ToTerminalWorker =
  | {readonly type: 'redraw'}
  | {readonly type: 'hangUp'}
  | {readonly type: 'roster'; readonly roster: Roster}
  | {readonly type: 'close'; readonly done?: Int32Array};

/** Resolves when actors can connect. That there is a terminal at all turns out with the first session. */
export async function openTerminal({path, history = defaultHistory()}: TerminalOptions): Promise<Terminal> {
  const worker = startThread(new URL('./terminal-worker.js', import.meta.url), {
    name: 'rxtractor terminal',
    workerData: {path, history},
    // Nobody else would take the terminal out of raw mode.
    lastWord: (done): ToTerminalWorker => ({type: 'close', done}),
    exitMs: 2_000,
  });
  const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()));
  // Rejects with what keeps it from listening.
  await once(worker, 'message');
  worker.on('error', () => {});
  worker.unref();
  return {
    path,
    redraw: () => worker.postMessage({type: 'redraw'} satisfies ToTerminalWorker),
    hangUp: () => worker.postMessage({type: 'hangUp'} satisfies ToTerminalWorker),
    tell: roster => worker.postMessage({type: 'roster', roster} satisfies ToTerminalWorker),
    close: () => {
      worker.ref();
      worker.postMessage({type: 'close'} satisfies ToTerminalWorker);
      return ended;
    },
  };
}

function defaultHistory(): string {
  return process.env.RXTRACTOR_DEBUG_HISTORY ?? join(homedir(), '.rxtractor_debug_history');
}
