/**
 * The terminal of the root, as the main thread of the root sees it. A thread does its work, because the root's own main
 * thread can be the one that stands still.
 * Floor 7: below `root-terminal`, above `terminal-worker`, which it starts by URL. Actors reach the terminal by its
 * path.
 */
import {once} from 'node:events';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {startDebuggerThread} from './debugger-thread.js';
import type {Roster} from './roster.js';
import type {TerminalClaim} from './terminal-socket.js';

export interface TerminalOptions {
  /** The path at which it listens: a new one in the tree's private folder. */
  readonly path: string;
  /**
   * The file with the lines of earlier prompts; `''`: none. Default: `RXTRACTOR_DEBUG_HISTORY`, or a file in the home
   * folder.
   */
  readonly history?: string;
  /** Takes the lock of the terminal if it is free, and returns how to release it. Default: it is never free. */
  readonly claim?: (claim: TerminalClaim) => (() => void) | undefined;
}

export interface Terminal {
  readonly path: string;
  /** Draws the prompt again, because something was printed where it stood. */
  redraw(): void;
  /** The person is gone: an open prompt ends, the program runs on, and no prompt is opened any more. */
  hangUp(): void;
  /** Keeps who is in the tree, for a person who asks at a prompt. */
  tell(roster: Roster): void;
  /** Ends an open prompt, and restores the terminal. Idempotent. */
  close(): Promise<void>;
}

export type TerminalToMain =
  | {readonly type: 'listening'}
  | {readonly type: 'claim'; readonly id: number; readonly claim: TerminalClaim}
  | {readonly type: 'unclaim'; readonly id: number};

export type MainToTerminal =
  | {readonly type: 'claimed'; readonly id: number; readonly granted: boolean}
  | {readonly type: 'redraw'}
  | {readonly type: 'hangUp'}
  | {readonly type: 'roster'; readonly roster: Roster}
  | {readonly type: 'close'; readonly done?: Int32Array};

/** Resolves when actors can connect. Whether there is a terminal at all turns out with the first prompt. */
export async function openTerminal({
  path,
  history = defaultHistory(),
  claim = () => undefined,
}: TerminalOptions): Promise<Terminal> {
  const worker = startDebuggerThread(new URL('./terminal-worker.js', import.meta.url), {
    name: 'rxtractor terminal',
    workerData: {path, history},
    // The thread alone can take the terminal out of raw mode.
    exitMessage: (done): MainToTerminal => ({type: 'close', done}),
    exitMs: 2_000,
  });
  const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()));
  // Rejects with the error that keeps it from listening.
  await once(worker, 'message');
  worker.on('error', () => {});
  const held = new Map<number, () => void>();
  worker.on('message', (message: TerminalToMain) => {
    if (message.type === 'claim') {
      const release = claim(message.claim);
      if (release) held.set(message.id, release);
      worker.postMessage({type: 'claimed', id: message.id, granted: release !== undefined} satisfies MainToTerminal);
    } else if (message.type === 'unclaim') {
      held.get(message.id)?.();
      held.delete(message.id);
    }
  });
  worker.unref();
  return {
    path,
    redraw: () => worker.postMessage({type: 'redraw'} satisfies MainToTerminal),
    hangUp: () => worker.postMessage({type: 'hangUp'} satisfies MainToTerminal),
    tell: roster => worker.postMessage({type: 'roster', roster} satisfies MainToTerminal),
    close: () => {
      worker.ref();
      worker.postMessage({type: 'close'} satisfies MainToTerminal);
      return ended;
    },
  };
}

function defaultHistory(): string {
  return process.env.RXTRACTOR_DEBUG_HISTORY ?? join(homedir(), '.rxtractor_debug_history');
}
