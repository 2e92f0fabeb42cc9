/**
 * Tells the terminal of a root who is in its tree, and who has or awaits it, whenever that changes: the root's own main
 * thread may stand still when somebody asks.
 * Floor 7: above `root-terminal` and `tty-lock`; `attach` starts it at the root of a tree in debug mode.
 */
import type {Actor} from '../../actor/actor.js';
import {type TreeRow, watchTree} from '../../discovery/root-portal.js';
import {tellTerminal} from '../terminal/root-terminal.js';
import type {Roster, RosterPlace, RosterRow} from '../terminal/roster.js';
import type {Asker, TtyLock} from './tty-lock.js';

/** Until the root ends. Returns how to stop. */
export function keepRoster(root: Actor, lock: TtyLock, terminal: string): () => void {
  let told = true;
  const tell = (): void => {
    told = true;
    tellTerminal(terminal, roster(tree.rows(), lock));
  };
  // Nobody can ask while nobody has it: until then a tree may grow and shrink without a word.
  const changed = (): void => {
    if (!told || !lock.busy) return;
    told = false;
    // Those of one moment together; before this thread can stand still, which takes an answer from another.
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
    holder: lock.holder && placeOf(lock.holder),
    waiting: lock.waiting.map(placeOf),
  };
}

const placeOf = ({actor, what}: Asker): RosterPlace => ({id: actor.id, what});

/** Each with those below it behind it; those of one parent in the order in which they were entered. */
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
