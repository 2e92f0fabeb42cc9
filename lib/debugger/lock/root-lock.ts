/**
 * The lock of the terminal as the actors of a tree reach it: an ordinary context of the root, and a task that waits
 * until nobody has the terminal. The protocol between actors has no message of its own for it.
 * Floor 7: below `terminal-access`, above `tty-lock`. The root offers both functions.
 *
 * ```
 * actor                                root
 *   openContext(lockTerminal) ─────────▶  takes its place in the queue
 *   ◀───────────────────────── started   its turn has come: true, or false where there is no terminal
 *   'released' ────────────────────────▶  the next one has it; 'quit all' ends the tree
 *   ◀────────────────────────── return   confirmed
 * ```
 * When the context is cancelled, or its channel ends, the actor leaves the queue or loses the terminal.
 */
import type {Actor} from '../../actor/actor.js';
import {runtimeFunction} from '../../actor/marks.js';
import {Attached} from '../../base/attached.js';
import {plainClock} from '../../base/clock.js';
import {current} from '../../base/current.js';
import {ContextCancelled, DebuggerQuit, NotExposed} from '../../base/errors.js';
import type {CalleeContext} from '../../context/rx/callee-context.js';
import {userInterface} from '../prompt/user-interface.js';
import {type LockWatcher, TtyLock} from './tty-lock.js';

const locks = new Attached<TtyLock>();

/** Makes the lock of a tree, and offers it to the actors of the tree. */
export function openLock(root: Actor, watcher?: LockWatcher): TtyLock {
  const lock = new TtyLock('the terminal', watcher);
  locks.attach(root, lock);
  root.exposed.allow(lockTerminal);
  root.exposed.allow(terminalFree);
  return lock;
}

function lockHere(): {readonly root: Actor; readonly lock: TtyLock; readonly terminal: string} {
  const root = current()?.runtime as Actor;
  const lock = locks.of(root);
  if (!lock || !root.tree.debug) throw new NotExposed('the terminal is given out by the root of a tree in debug mode');
  return {root, lock, terminal: root.tree.debug.terminal};
}

/** How an actor gives the terminal back. `quit all`: the person wants the whole tree to end. */
export type ReleaseWord = 'released' | 'quit all';

/** Ends the tree because a person wants that: nobody gets a prompt any more, and everything is cancelled. */
export function quitTree(root: Actor, what: string): void {
  const error = new DebuggerQuit(quitAllText(what), {actor: root.id});
  locks.of(root)?.close(new ContextCancelled(error.message, {canceller: root.id, reason: 'shutdown', cause: error}));
  root.scope.fail(error);
}

export const quitAllText = (what: string): string =>
  `the tree was ended at the debugger's prompt with quit all: ${what}`;

export const lockTerminal = runtimeFunction(
  'context',
  'lock the terminal',
  async (ctx: CalleeContext<ReleaseWord, never, boolean>, what: string, task?: string): Promise<void> => {
    const {root, lock, terminal} = lockHere();
    if (!(await userInterface.prepareTerminal(terminal))) return ctx.started.next(false);
    const release = await lock.request({actor: ctx.peer, what: String(what), task: task && String(task)}, ctx.signal);
    let last: ReleaseWord | undefined;
    try {
      ctx.started.next(true);
      for await (const word of ctx.openStream()) {
        last = word;
        break;
      }
    } finally {
      release();
    }
    // In a later turn, so that the actor gets its answer before.
    if (last === 'quit all') plainClock.soon(() => quitTree(root, String(what)));
  },
);

/**
 * Resolves when nobody has the terminal: with the milliseconds since somebody had it, or with null where nobody ever
 * had.
 */
export const terminalFree = runtimeFunction('task', 'terminal free', async (): Promise<number | null> => {
  const free = await lockHere().lock.idle();
  return Number.isFinite(free) ? free : null;
});
