/**
 * Tells the terminal of a root who is in its tree, who has the terminal and who waits for it, whenever that changes.
 * The terminal keeps this, because the root's own main thread may stand still when a person asks.
 * Floor 7: above `terminal/root-terminal` and `tty-lock`; `attach` starts it at the root of a tree in debug mode.
 */
import type {Actor} from '../../actor/actor.js';
import {type TreeRow, watchTree} from '../../discovery/root-portal.js';
import {tellTerminal} from '../terminal/root-terminal.js';
import type {Roster, RosterClaim, RosterRow} from '../terminal/roster.js';
import type {LockRequest, TtyLock} from './tty-lock.js';

/** Publishes the roster until the returned function is called. */
export function publishRoster(root: Actor, lock: TtyLock, terminal: string): () => void {
  let told = true;
  const tell = (): void => {
    told = true;
    tellTerminal(terminal, roster(tree.rows(), lock));
  };
  // While nobody has the terminal nobody can ask, so that changes of the tree are not told.
  const changed = (): void => {
    if (!told || !lock.busy) return;
    told = false;
    // All changes of one moment are told together. This thread cannot stand still before: that takes an answer of
    // another one.
    queueMicrotask(tell);
  };
  const tree = watchTree(root, changed);
  lock.onChange = changed;
  return () => {
    lock.onChange = undefined;
    tree.stop();
  };
}

function roster(rows: readonly TreeRow[], lock: TtyLock): Roster {
  return {
    actors: inOrder(rows),
    holder: lock.holder && claimOf(lock.holder),
    waiting: lock.waiting.map(claimOf),
  };
}

const claimOf = ({actor, what}: LockRequest): RosterClaim => ({id: actor.id, what});

/** Each actor stands before those below it. The children of one parent keep the order in which they were entered. */
function inOrder(rows: readonly TreeRow[]): RosterRow[] {
  const below = new Map<string | undefined, TreeRow[]>();
  for (const row of rows) {
    const siblings = below.get(row.parent);
    if (siblings) siblings.push(row);
    else below.set(row.parent, [row]);
  }
  const found: RosterRow[] = [];
  const left: [TreeRow, number][] = (below.get(undefined) ?? []).map(row => [row, 0]);
  for (let next = left.pop(); next; next = left.pop()) {
    const [{actor, parent: _}, depth] = next;
    found.push({id: actor.id, name: actor.name, pid: actor.pid, depth});
    for (const child of (below.get(actor.id) ?? []).toReversed()) left.push([child, depth + 1]);
  }
  return found;
}
