/**
 * The program `setpriv` of util-linux, by which the Linux kernel ends a process with its parent.
 * Floor 6: below `spawn-process`.
 */
import {spawnSync} from 'node:child_process';

/** An environment variable: where it is set, processes are started without setpriv, and watch their parent themselves. */
const withoutSetpriv = 'RXTRACTOR_NO_SETPRIV';
/** Absolute paths, so that the PATH of an actor never decides what is run. */
const paths = ['/usr/bin/setpriv', '/bin/setpriv'];
/** The system has no such program, or this user may not run it. Other failures of a try say nothing about the program. */
const absent = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOEXEC', 'ENOTDIR']);
let tried: {readonly path: string | null} | undefined;

/**
 * The path of a setpriv that works; null where there is none. Tried once by the process of a tree that first starts a
 * process; that one hands the answer down.
 *
 * @throws the error of the system when no process can be started at this moment
 */
export function findSetpriv(): string | null {
  if (process.env[withoutSetpriv]) return null;
  tried ??= {path: (process.platform === 'linux' && paths.find(works)) || null};
  return tried.path;
}

/** The setpriv of busybox does not know the parent-death signal. */
function works(path: string): boolean {
  const {status, error} = spawnSync(path, ['--pdeathsig', 'KILL', '/bin/true'], {stdio: 'ignore', env: {}});
  if (error && !absent.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  return status === 0;
}
