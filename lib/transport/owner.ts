/**
 * Identifies the process that owns a name in the file system: by its pid and by the time when it started, because the system
 * uses a pid again after its process has ended.
 * Floor 2: below `folder`. It reads /proc on Linux, and asks `ps` on other systems.
 */
import {spawnSync} from 'node:child_process';
import {readFileSync, readlinkSync} from 'node:fs';

/** One process, different from every other that ever ran. Written as `pid-start`, or `pid-start-space` in a pid namespace. */
export interface Owner {
  readonly pid: number;
  /** When it started, in base 36: ticks since the boot on Linux, seconds since 1970 elsewhere; `0` when it is not known. */
  readonly start: string;
  /** The pid namespace in base 36. Empty for the namespace of the host itself. */
  readonly space: string;
}

/** The identity of this process. */
export function thisOwner(): Owner {
  own ??= {pid: process.pid, start: startOf(process.pid) ?? unknownStart, space: thisSpace()};
  return own;
}
let own: Owner | undefined;

const unknownStart = '0';

/**
 * Whether the process has surely ended. A process in another pid namespace (in a container that shares the folder) cannot be
 * seen from here, so it counts as alive. A process whose start cannot be read counts as alive too.
 */
export function isGone(owner: Owner): boolean {
  if (owner.space !== thisSpace()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // Another code, EPERM, means that the process is there and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  if (owner.start === unknownStart) return false;
  const start = startOf(owner.pid);
  return start !== undefined && start !== owner.start;
}

/** Whether the ids of processes mean the same there as here. They do not where one of the two is in a container of its own. */
export const sharesPids = ({space}: Owner): boolean => space === thisSpace();

/** When a process started; undefined when it is not there, or when its start cannot be read. */
export function startOf(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 2 is the name of the command, in brackets, and may contain any character. Field 22 is the start.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? undefined : Number(ticks).toString(36);
  } catch {
    return undefined;
  }
}

/** Always in the same language and time zone, because the start of one process must always be the same text. */
function startFromPs(pid: number): string | undefined {
  const env = {PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC'};
  const {stdout} = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {encoding: 'utf8', env});
  const ms = Date.parse(`${(stdout ?? '').trim()} UTC`);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000).toString(36);
}

/** The number of the pid namespace of the host itself: Linux always gives it this one. */
const hostSpace = 4_026_531_836;
let space: string | undefined;

function thisSpace(): string {
  space ??= readSpace();
  return space;
}

function readSpace(): string {
  try {
    const number = Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]);
    return number === hostSpace ? '' : number.toString(36);
  } catch {
    return '';
  }
}
