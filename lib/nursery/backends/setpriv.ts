/**
 * The program `setpriv` of util-linux, by which the Linux kernel ends a process with its parent.
 * Floor 6: below `spawn-process`.
 */
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';

/** An environment variable: where it is set, processes are started without setpriv, and watch their parent themselves. */
const withoutSetpriv = 'RXTRACTOR_NO_SETPRIV';
/** Absolute paths, so that the PATH of an actor never decides what is run. */
const paths = ['/usr/bin/setpriv', '/bin/setpriv'];
let tried: {readonly path: string | undefined} | undefined;

/** The path of a setpriv that works; undefined where there is none. Tried once for each process. */
export function findSetpriv(): string | undefined {
  if (process.env[withoutSetpriv]) return undefined;
  tried ??= {path: process.platform === 'linux' ? paths.find(works) : undefined};
  return tried.path;
}

/** The setpriv of busybox does not know the parent-death signal. */
function works(path: string): boolean {
  if (!existsSync(path)) return false;
  return spawnSync(path, ['--pdeathsig', 'KILL', '/bin/true'], {stdio: 'ignore', env: {}}).status === 0;
}
