/**
 * Whether this program was started by nodemon, which asks it by SIGUSR2 to end, and starts it again.
 * Floor 8: asked by `process-events` when that signal comes.
 */
import {readFileSync} from 'node:fs';
import {attempt} from './base/foreign.js';
import {nodeProcesses} from './base/node-modules.js';

/** Maximum number of ancestors that are looked at, because npm and shells may stand between. */
const maxAncestors = 16;
/** The program itself, or the script that Node runs. */
const isNodemon = (word: string): boolean => /(^|\/)nodemon(\.js)?$/.test(word);

interface Ancestor {
  readonly ppid: number;
  /** The first words of its command: the program, and the script of that. */
  readonly words: readonly string[];
}

export function isUnderNodemon(): boolean {
  let pid = process.ppid;
  for (let left = maxAncestors; left > 0 && pid > 0; left--) {
    const ancestor = ancestorOf(pid);
    if (!ancestor) return false;
    if (ancestor.words.some(isNodemon)) return true;
    pid = ancestor.ppid;
  }
  return false;
}

/** Undefined when it cannot be seen. */
function ancestorOf(pid: number): Ancestor | undefined {
  return attempt(() => (process.platform === 'linux' ? fromProc(pid) : fromPs(pid)));
}

function fromProc(pid: number): Ancestor {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 3);
  const ppid = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {ppid: Number(ppid), words};
}

function fromPs(pid: number): Ancestor {
  const {stdout} = nodeProcesses().spawnSync('/bin/ps', ['-o', 'ppid=,command=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  const [ppid, ...words] = stdout.trim().split(/\s+/).slice(0, 4);
  return {ppid: Number(ppid), words};
}
