/**
 * Which process a name in the file system belongs to: its pid, and when that process began, because pids come again.
 * Floor 2: below `folder`; reads /proc on Linux, asks `ps` elsewhere.
 */
import {spawnSync} from 'node:child_process';
import {readFileSync, readlinkSync} from 'node:fs';

/** A process as no other ever is. Written as `pid-start`, in a pid namespace of its own with that behind. */
export interface Owner {
  readonly pid: number;
  /** Ticks since the boot on Linux, seconds since 1970 elsewhere, base 36; `0` where nobody could say. */
  readonly start: string;
  /** Empty on the host itself. */
  readonly space: string;
}

/** This process. */
export function thisOwner(): Owner {
  own ??= {pid: process.pid, start: startOf(process.pid) ?? unknownStart, space: thisSpace()};
  return own;
}
let own: Owner | undefined;

const unknownStart = '0';

/**
 * Whether the process has surely ended. One in another pid namespace (a container that shares a folder with this one)
 * cannot be seen from here, and passes for alive; so does one whose start cannot be read.
 */
export function isGone(owner: Owner): boolean {
  if (owner.space !== thisSpace()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  if (owner.start === unknownStart) return false;
  const start = startOf(owner.pid);
  return start !== undefined && start !== owner.start;
}

/** When a process began; undefined when it is not there or nobody can say. */
function startOf(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, field 2, stands in brackets and may hold anything; the start is field 22.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? undefined : Number(ticks).toString(36);
  } catch {
    return undefined;
  }
}

/** In one language and one time zone: the same process must always say the same. */
function startFromPs(pid: number): string | undefined {
  const env = {PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC'};
  const {stdout} = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {encoding: 'utf8', env});
  const ms = Date.parse(`${(stdout ?? '').trim()} UTC`);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000).toString(36);
}

/** The number that Linux gives to the pid namespace of the host itself. */
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
