/**
 * Reads what the system says of processes of this host: the time that they have used, and their memory. Nothing is asked of them, so that
 * one in a busy loop shows its hundred percent.
 * Floor 7: reads /proc on Linux, and asks `ps` on other systems.
 */
import {execFile} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';
import {promisify} from 'node:util';

export interface Usage {
  /** The processor time that it has used, in ms. */
  readonly cpuMs: number;
  /** Its memory in bytes. */
  readonly rss: number;
}

/** Linux counts the time of processes in hundredths of a second for everybody who asks, whatever its own clock is. */
const tickMs = 10;
/** Maximum number of processes that are read at a time: each takes two file descriptors. */
const maxReaders = 16;

/** The usage of those that are there. */
export async function usageOf(pids: Iterable<number>): Promise<Map<number, Usage>> {
  const wanted = [...new Set(pids)].filter(pid => pid > 0);
  if (process.platform !== 'linux') return usageFromPs(wanted);
  const usages = await eachOf(wanted, usageFromProc);
  return new Map(wanted.flatMap((pid, at) => (usages[at] ? [[pid, usages[at]]] : [])));
}

/** Reads all, a few at a time. */
export async function eachOf<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const readOn = async (): Promise<void> => {
    for (const [at, item] of left) results[at] = await read(item);
  };
  await Promise.all(Array.from({length: maxReaders}, readOn));
  return results;
}

async function usageFromProc(pid: number): Promise<Usage | undefined> {
  try {
    const [stat, status] = await Promise.all(
      ['stat', 'status'].map(name => readFile(`/proc/${pid}/${name}`, 'latin1')),
    );
    // The name of the command stands in brackets, and may contain any character.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status ?? '')?.[1] ?? 0);
    return {cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs, rss: kib * 1_024};
  } catch {
    return undefined;
  }
}

async function usageFromPs(pids: readonly number[]): Promise<Map<number, Usage>> {
  if (pids.length === 0) return new Map();
  const {stdout} = await promisify(execFile)('ps', ['-o', 'pid=,time=,rss=', '-p', pids.join(',')], {
    env: {PATH: '/bin:/usr/bin', LC_ALL: 'C'},
  }).catch(() => ({stdout: ''}));
  return new Map([...stdout.matchAll(/^\s*(\d+)\s+(\S+)\s+(\d+)/gm)].map(readPsLine));
}

/** `ps` writes the time as `[[days-]hours:]minutes:seconds`. */
function readPsLine([, pid, time = '', kib]: RegExpMatchArray): [number, Usage] {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time];
  const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return [Number(pid), {cpuMs: (Number(days) * 86_400 + seconds) * 1_000, rss: Number(kib) * 1_024}];
}

/** A process of a tree, as its arguments tell. */
export interface TreeProcess {
  readonly pid: number;
  /** The process that has started it. */
  readonly parent: number;
  readonly id: string;
  readonly name: string;
}

/** The spawned processes of a tree, found by their arguments. @param tree the first characters of the id of the tree */
export async function processesOf(tree: string): Promise<TreeProcess[]> {
  const found = await (process.platform === 'linux' ? argumentsFromProc() : argumentsFromPs());
  return found.flatMap(({pid, args}) => {
    const at = args.findIndex(arg => arg.endsWith('/child.js'));
    const [parent, treeId = '', id, name] = args.slice(at + 1);
    return at >= 0 && id && name && treeId.startsWith(tree) ? [{pid, parent: Number(parent), id, name}] : [];
  });
}

interface Arguments {
  readonly pid: number;
  readonly args: readonly string[];
}

async function argumentsFromProc(): Promise<Arguments[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  return eachOf(pids, async pid => {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return {pid: Number(pid), args: line.split('\0')};
  });
}

/** `ps` does not tell where an argument ends, so that a name with a space is cut. */
async function argumentsFromPs(): Promise<Arguments[]> {
  const {stdout} = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,args='], {
    env: {PATH: '/bin:/usr/bin', LC_ALL: 'C'},
    maxBuffer: 64 * 1_048_576,
  }).catch(() => ({stdout: ''}));
  return stdout.split('\n').map(line => {
    const [pid, ...args] = line.trim().split(/\s+/);
    return {pid: Number(pid), args};
  });
}
