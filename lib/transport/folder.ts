/**
 * The private folder in which the actors of one tree have their Unix sockets, and what becomes of those that dead trees left.
 * Floor 2: above `owner`; the root makes it when an actor first listens, its children open it by path.
 *
 * `$XDG_RUNTIME_DIR/rxtractor`, or `rxtractor-<uid>` in the folder for temporary files, holds one folder for each tree:
 * `<pid>-<start of that process>-<tree>`. All of them are 0700 and ours, or nothing is put into them.
 */
import {randomInt} from 'node:crypto';
import {chmodSync, lstatSync, mkdirSync, readdirSync, rmdirSync, type Stats, statSync, unlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, dirname, isAbsolute, join} from 'node:path';
import {ResourceExhausted} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {thrownText} from '../base/foreign.js';
import {log} from '../base/log.js';
import {maxPathBytes} from './address.js';
import {isGone, type Owner, thisOwner} from './owner.js';

export interface FolderOptions {
  readonly treeId: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where temporary files lie. */
  readonly temporary?: string;
}

export class Folder {
  readonly path: string;
  #count = 0;

  /** @param path that of `makeFolder` in the root */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * A path for one more socket. Its name is short and says nothing of the actor, so that no actor's name can make it
   * too long or lead elsewhere; and it never comes again. The folder is made anew where a cleaner has removed it.
   * @throws ResourceExhausted `folder`
   */
  newSocketPath(): string {
    ensurePrivate(join(this.path, '..'));
    ensurePrivate(this.path);
    return join(this.path, socketName(this.#count++));
  }

  /** At the end of the tree. What cannot be removed is logged: it must not take the place of how the tree ended. */
  remove(): void {
    removeFlat(this.path);
  }
}

/** The folder of a new tree; those of dead ones beside it are removed. @throws ResourceExhausted `folder` */
export function makeFolder(options: FolderOptions): Folder {
  const name = folderName(options.treeId);
  const folder = new Folder(join(makeBase(options, name), name));
  ensurePrivate(folder.path);
  sweep(join(folder.path, '..'));
  return folder;
}

/** Removes the folders of trees whose root has ended, and nothing else. */
export function sweep(base: string): void {
  try {
    for (const name of readdirSync(base)) {
      const owner = ownerOf(name);
      if (owner && isGone(owner) && faultOf(join(base, name)) === undefined) removeFlat(join(base, name));
    }
  } catch (error) {
    log('warn', `the folder ${escapeText(base)} could not be swept: ${textOf(error)}`);
  }
}

/** 41 random bits: no two processes of a tree take the same, and none takes that of a process before it. */
function socketName(count: number): string {
  return `${count.toString(36)}-${randomInt(36 ** 8)
    .toString(36)
    .padStart(8, '0')}`;
}
const longestSocketName = `${(36 ** 4).toString(36)}-01234567`;

function folderName(treeId: string): string {
  const {pid, start, space} = thisOwner();
  return `${pid}-${start}-${labelOf(treeId)}${space === '' ? '' : `-${space}`}`;
}

const labelOf = (treeId: string): string => treeId.replaceAll(/[^a-z0-9]/gi, '').slice(0, 8) || 'tree';

/** Whether a socket's path is in the folder of a tree, as far as its name tells. */
export function isOfTree(path: string, treeId: string): boolean {
  return basename(dirname(path)).split('-')[2] === labelOf(treeId);
}

/** Whose folder it is by its name; undefined for a name that we do not give. */
function ownerOf(name: string): Owner | undefined {
  const [, pid, start = '', space = ''] = /^(\d{1,10})-([0-9a-z]+)-[0-9a-zA-Z]{1,8}(?:-([0-9a-z]+))?$/.exec(name) ?? [];
  return pid === undefined ? undefined : {pid: Number(pid), start, space};
}

/** The user's own runtime folder where there is one of use, else the folder for temporary files. */
function makeBase({env = process.env, temporary = tmpdir()}: FolderOptions, name: string): string {
  const runtime = env.XDG_RUNTIME_DIR;
  if (runtime !== undefined && isAbsolute(runtime)) {
    const base = join(runtime, 'rxtractor');
    const fault = faultOf(runtime) ?? openFault(runtime) ?? lengthFault(base, name) ?? makeFault(base);
    if (fault === undefined) {
      ensurePrivate(base);
      return base;
    }
    log('debug', `XDG_RUNTIME_DIR is not used: ${escapeText(runtime)} ${fault}`);
  }
  const base = join(temporary, `rxtractor-${uid()}`);
  const fault = sharedFault(temporary) ?? lengthFault(base, name);
  if (fault !== undefined) throw refusal(temporary, fault);
  ensurePrivate(base);
  return base;
}

/** Makes the folder where it is missing, takes away what others may do in it. @throws ResourceExhausted `folder` */
function ensurePrivate(path: string): void {
  const fault = makeFault(path) ?? faultOf(path);
  if (fault !== undefined) throw refusal(path, fault);
  // Not what `mkdir` was asked for where the umask is odd, and not for a folder that was there.
  if ((lstatSync(path).mode & 0o777) !== 0o700) chmodSync(path, 0o700);
}

function makeFault(path: string): string | undefined {
  try {
    mkdirSync(path, {mode: 0o700});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return `cannot be made: ${textOf(error)}`;
  }
  return undefined;
}

/** Why a folder is none of ours. `lstat`: a link would lead wherever its maker likes. */
function faultOf(path: string): string | undefined {
  const stats = look(path);
  if (!stats) return 'is not there';
  if (stats.isSymbolicLink()) return 'is a symbolic link';
  if (!stats.isDirectory()) return 'is not a folder';
  return stats.uid === uid() ? undefined : `belongs to another user (${stats.uid})`;
}

/** What the system made for the user alone is not ours to mend. */
function openFault(path: string): string | undefined {
  return ((look(path)?.mode ?? 0) & 0o077) === 0 ? undefined : 'is open to others';
}

/** In a shared folder, nobody else may be able to put another thing in the place of ours. */
function sharedFault(path: string): string | undefined {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    return `cannot be read: ${textOf(error)}`;
  }
  if (!stats.isDirectory()) return 'is not a folder';
  if (stats.uid !== uid() && stats.uid !== 0) return `belongs to another user (${stats.uid})`;
  return (stats.mode & 0o022) === 0 || (stats.mode & 0o1000) !== 0
    ? undefined
    : 'lets others replace what is not theirs: it has no sticky bit';
}

function lengthFault(base: string, name: string): string | undefined {
  const bytes = Buffer.byteLength(join(base, name, longestSocketName));
  return bytes <= maxPathBytes
    ? undefined
    : `is too deep for Unix sockets: their paths would have ${bytes} bytes, ${maxPathBytes} are allowed`;
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** A folder and the files in it; never what lies deeper, which nobody of ours has put there. */
function removeFlat(path: string): void {
  try {
    for (const name of readdirSync(path)) unlinkSync(join(path, name));
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    log('warn', `the folder ${escapeText(path)} could not be removed: ${textOf(error)}`);
  }
}

const uid = (): number => process.getuid?.() ?? -1;

const textOf = (error: unknown): string => escapeText(thrownText(error));

function refusal(path: string, fault: string): ResourceExhausted {
  const text = `the sockets of this tree need a private folder, but ${escapeText(path)} ${fault}`;
  return new ResourceExhausted(text, {what: 'folder'});
}
