/**
 * The birth of a process: what of it is fixed when it begins, and how it is begun.
 * Floor 6: below `spawn-process`, which begins an actor, and `standbys`, which begin what will be an actor later.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {accessSync, constants, readFileSync, statSync} from 'node:fs';
import type {Socket} from 'node:net';
import {getPriority} from 'node:os';
import {resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {isMainThread} from 'node:worker_threads';
import {SpawnFailed} from '../../base/errors.js';
import {attempt, readProperty} from '../../base/foreign.js';
import {libraryFile} from '../../base/library.js';
import {platform} from '../../base/platform.js';
import {environment} from './environment.js';
import {nodeArgs} from './node-args.js';
import {findSetpriv} from './setpriv.js';
import {bundledError, type SpawnRequest} from './spawner.js';

/** The part of a request that is fixed when the process begins. */
export type Surroundings = Pick<
  SpawnRequest,
  'name' | 'env' | 'cwd' | 'execArgv' | 'maxHeap' | 'stdio' | 'debug' | 'startFolder' | 'setpriv'
>;

export interface Birth {
  /** The path of the setpriv that begins it; null: nothing but Node. */
  readonly setpriv: string | null;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: 'inherit' | 'ignore' | 'pipe';
  /** The folder in which it begins; undefined: that of this process. */
  readonly startFolder: string | undefined;
  /** The folder to which it changes in its first line. Empty where it stays. */
  readonly folder: string;
  /**
   * A connection that becomes its channel, or a new socketpair. Then it learns who it is over a further descriptor. Undefined: a new
   * socketpair, and no further descriptor.
   */
  readonly channel?: Socket | 'pipe';
}

/** Who a new process is: its arguments behind those of Node. An empty id makes it a standby. */
export interface Newborn {
  readonly treeId: string;
  readonly id: string;
  readonly name: string;
  readonly argv: readonly string[];
}

/** @throws SpawnFailed when its folder cannot be used, and the error of the system when no process can be started now */
export function birthOf(wanted: Surroundings, boot = 'child.js'): Birth {
  // A path and not an import: the entry of a spawned process stands two floors above.
  const entry = libraryFile(boot);
  if (!entry) throw bundledError(wanted.name);
  const folder = wanted.cwd === undefined ? attempt(() => process.cwd()) : folderOf(wanted.name, wanted.cwd);
  const setpriv = wanted.setpriv === undefined ? findSetpriv() : wanted.setpriv;
  const node = [process.execPath, ...nodeArgs(wanted), fileURLToPath(entry)];
  return {
    setpriv,
    command: setpriv === null ? node : [setpriv, '--pdeathsig', 'KILL', ...node],
    env: environment(wanted),
    stdout: isStdoutRead(wanted) ? 'pipe' : (wanted.stdio as 'inherit' | 'ignore'),
    startFolder: startFolderOf(wanted) ?? folder,
    folder: folder ?? '',
  };
}

/** Begins a process. Resolves when the system has made it. */
export async function begin(birth: Birth, {treeId, id, name, argv}: Newborn): Promise<ChildProcess> {
  const {command, env, stdout, startFolder, folder} = birth;
  const [program = '', ...args] = [...command, String(process.pid), treeId, id, name, folder, platform.host(), ...argv];
  const child = spawn(program, args, {
    env,
    stdio: ['ignore', stdout, 'pipe', ...(birth.channel ? [birth.channel, 'pipe' as const] : ['pipe' as const])],
    ...(startFolder !== undefined && {cwd: startFolder}),
  });
  // Listens for the error at once: it comes later, and where no descriptor is left the child has no streams at all.
  const spawned = once(child, 'spawn');
  child.stdio?.[3]?.on('error', () => {});
  await spawned;
  return child;
}

/**
 * Two births with the same key, at whatever times, make processes that nothing can tell apart. The key has what a process
 * inherits although nobody names it, as far as Node can change that: its user and groups, its umask, its priority.
 */
export function keyOf({command, env, stdout, startFolder, folder}: Birth): string {
  const users = [
    process.getuid?.(),
    process.geteuid?.(),
    process.getgid?.(),
    process.getegid?.(),
    process.getgroups?.(),
  ];
  return JSON.stringify([command, env, stdout, startFolder, folder, users, umask(), getPriority()]);
}

/** `process.umask()` would set it for a moment, in which another thread could make a file that anybody may write. */
function umask(): string | undefined {
  return attempt(() => /^Umask:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

/**
 * A process starts in the folder in which the root was started, and changes to its own later: what its arguments name is looked
 * for where Node has found it for the root.
 */
function startFolderOf({startFolder}: Surroundings): string | undefined {
  return startFolder !== undefined && folderFault(startFolder) === undefined ? startFolder : undefined;
}

/** The absolute path of the folder that a user wants for an actor. @throws SpawnFailed when it cannot be used */
function folderOf(name: string, cwd: string): string {
  const path = resolve(cwd);
  const fault = folderFault(path);
  if (fault !== undefined)
    throw new SpawnFailed(`actor ${name} could not be started: its cwd ${cwd} ${fault}`, {phase: 'exec'});
  return path;
}

function folderFault(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isDirectory() ? undefined : 'is not a folder';
  } catch (error) {
    const code = readProperty(error, 'code');
    if (code === 'EACCES') return 'may not be entered by this user';
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : undefined;
  }
}

/**
 * In debug mode this process reads all output: somebody may be at a prompt, and must not be disturbed. The stdout of a thread
 * may be read by its parent, and the system can inherit only that of the whole process.
 */
function isStdoutRead({stdio, debug}: Surroundings): boolean {
  return stdio === 'prefix' || stdio === 'pipe' || (stdio === 'inherit' && (debug !== undefined || !isMainThread));
}
