// The processes of a tree as the system sees them, whatever the library says of them. Linux: read from /proc.
// Beside program.ts; used by the specs of nursery and actor.
import {existsSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

/** A live actor: what its arguments say (`lib/child.js` takes the parent's pid, the tree, its id, its name). */
export interface ActorProcess {
  readonly pid: number;
  /** Who the system says is its parent: another than `parent` for an orphan. */
  readonly ppid: number;
  readonly parent: number;
  readonly tree: string;
  readonly name: string;
}

/** Rule T11 gives 2 s; a loaded machine gets more before a spec calls it a fault. */
export const orphanMs = 6_000;
const pollMs = 20;
/** The program that the actors of this checkout run; those of another are none of our business. */
const childEntry = fileURLToPath(new URL('../../lib/child.js', import.meta.url));

/** Whether there is a /proc to read. */
export const canInspect = existsSync('/proc/self/stat');

/** Every live actor, or those of one tree. A zombie has no arguments any more and does not count. */
export function actorProcesses(tree?: string): ActorProcess[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => readActor(Number(pid)) ?? []);
  return tree === undefined ? all : all.filter(actor => actor.tree === tree);
}

/** The tree that an actor's process belongs to. */
export function treeOf(pid: number): string {
  const actor = readActor(pid);
  if (!actor) throw new Error(`process ${pid} is no live actor`);
  return actor.tree;
}

export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Resolves with what is still alive of a tree: with nothing as soon as all of it is gone. */
export function untilTreeGone(tree: string, ms = orphanMs): Promise<ActorProcess[]> {
  return untilEmpty(() => actorProcesses(tree), ms);
}

/** Resolves with the pids that are still alive: with none as soon as all are gone. */
export function untilGone(pids: readonly number[], ms = orphanMs): Promise<number[]> {
  return untilEmpty(() => pids.filter(isAlive), ms);
}

/** The processes that a spec file has left behind: live actors below this process, and orphans. */
export function leftBehind(ms = orphanMs): Promise<ActorProcess[]> {
  return untilEmpty(() => actorProcesses().filter(actor => isOrphan(actor) || isBelow(actor.pid)), ms);
}

/** In a container that another spec has made, parents have other numbers than here. */
const isOrphan = ({pid, ppid, parent}: ActorProcess): boolean =>
  ppid !== parent && namespaceOf(pid) === namespaceOf('self');

async function untilEmpty<T>(look: () => T[], ms: number): Promise<T[]> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = look();
    if (found.length === 0 || performance.now() > deadline) return found;
    await delay(pollMs);
  }
}

function isBelow(pid: number): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = statOf(at)?.ppid)
    if (at === process.pid) return true;
  return false;
}

function readActor(pid: number): ActorProcess | undefined {
  const argv = read(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
  const entry = argv.indexOf(childEntry);
  const stat = statOf(pid);
  if (entry < 0 || !stat || stat.state === 'Z') return undefined;
  const [parent = '', tree = '', , name = ''] = argv.slice(entry + 1);
  return {pid, ppid: stat.ppid, parent: Number(parent), tree, name};
}

function statOf(pid: number): {readonly state: string; readonly ppid: number} | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name stands in brackets and may hold anything.
  const [state, ppid] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined ? undefined : {state, ppid: Number(ppid)};
}

/** Where the numbers of a process are counted. */
function namespaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Processes come and go between the listing and the reading. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
