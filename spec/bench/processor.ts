/**
 * Processor time at both ends of a measurement: of this process, and of the processes below it.
 * Beneath `measure`. Time of a wall clock is noise on a machine that others use; this is not.
 */
import {existsSync, readdirSync, readFileSync} from 'node:fs';

/** Processor time in µs since the start of a process: of this one with its threads, and of all that it has started. */
export interface Used {
  readonly here: number;
  /** NaN where the system does not tell: only Linux does. */
  readonly there: number;
}

const isTold = existsSync('/proc/self/task');

export function used(): Used {
  const {user, system} = process.cpuUsage();
  return {here: user + system, there: isTold ? sum(descendants().map(ofProcess)) : Number.NaN};
}

/** The ids of the processes below this one. Empty where the system does not tell. */
export function descendants(of: number = process.pid): number[] {
  const children = tasks(of).flatMap(task =>
    read(`/proc/${of}/task/${task}/children`).trim().split(' ').filter(Boolean),
  );
  return children.map(Number).flatMap(child => [child, ...descendants(child)]);
}

/** The memory in MiB that a process shares with no other. */
export function privateMemory(pid: number): number {
  const parts = [...read(`/proc/${pid}/smaps_rollup`).matchAll(/^Private_\w+:\s+(\d+) kB$/gm)];
  return parts.length === 0 ? Number.NaN : sum(parts.map(([, kilobytes]) => Number(kilobytes))) / 1024;
}

function ofProcess(pid: number): number {
  const nanoseconds = tasks(pid).map(task => Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]));
  return sum(nanoseconds) / 1_000;
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Processes and threads end while they are looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
