/**
 * The private folder in which the actors of one tree have their Unix sockets. It also removes the folders of trees that have
 * ended without doing so.
 * Floor 2: above `owner`. The root makes the folder when an actor first listens; its children get the path.
 *
 * The base folder is `$XDG_RUNTIME_DIR/rxtractor`, or `rxtractor-<uid>` in the folder for temporary files. It holds one folder
 * for each tree: `<pid>-<start of that process>-<tree>`. All of them must have mode 0700 and belong to this user; otherwise they
 * are not used.
 */
import {chmodSync, lstatSync, mkdirSync, readdirSync, rmdirSync, type Stats, statSync, unlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, dirname, isAbsolute, join} from 'node:path';
import {ResourceExhausted} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {thrownText} from '../base/foreign.js';
import {log} from '../base/log.js';
import {platform} from '../base/platform.js';
import {maxPathBytes} from './address.js';
import {isGone, type Owner, sharesPids, thisOwner} from './owner.js';

export interface FolderOptions {
  readonly treeId: string;
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder for temporary files. Default: that of the system. */
  readonly temporary?: string;
}

export class Folder {
  readonly path: string;
  #count = 0;

  /** @param path the `path` of the folder that `makeFolder` has made in the root */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * A path for one more socket, which is never given out again. The name is short and does not contain the name of the actor,
   * so an actor's name cannot make it too long or lead to another folder. If a cleaner has removed the folder, it is made again.
   *
   * @throws ResourceExhausted `folder`
   */
  newSocketPath(): string {
    ensurePrivate(join(this.path, '..'));
    ensurePrivate(this.path);
    return join(this.path, socketName(this.#count++));
  }

  /** Removes it at the end of the tree. A failure is only logged, because it must not hide how the tree ended. */
  remove(): void {
    removeFlat(this.path);
  }
}

/** Makes the folder of a new tree, and removes the folders of ended trees beside it. @throws ResourceExhausted `folder` */
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

/** A folder whose root lives. */
export interface LiveFolder {
  readonly path: string;
  /** The process of the root, as that is numbered where it runs. */
  readonly pid: number;
  /** Whether processes have the same numbers here. */
  readonly sharesPids: boolean;
  /** The first characters of the id of the tree. */
  readonly label: string;
}

/**
 * The folders of all trees of this user whose root lives, in all places where they may be, the oldest first. The environment of the root
 * may differ from this one: `sudo`, `docker exec` and `cron` do not set XDG_RUNTIME_DIR, where a login does.
 *
 * @param runtimes the folder in which the system makes those that XDG_RUNTIME_DIR names
 */
export function liveFolders({
  env = process.env,
  temporary = tmpdir(),
  runtimes = '/run/user',
}: Omit<FolderOptions, 'treeId'> & {readonly runtimes?: string} = {}): LiveFolder[] {
  const {XDG_RUNTIME_DIR: runtime = join(runtimes, String(uid()))} = env;
  const bases = [join(temporary, `rxtractor-${uid()}`)];
  if (isAbsolute(runtime)) bases.push(join(runtime, 'rxtractor'));
  const found = bases.filter(base => faultOf(base) === undefined).flatMap(foldersIn);
  return found.sort((a, b) => a.madeAt - b.madeAt);
}

function foldersIn(base: string): (LiveFolder & {readonly madeAt: number})[] {
  return readdirSync(base).flatMap(name => {
    const path = join(base, name);
    const owner = ownerOf(name);
    if (!owner || isGone(owner) || faultOf(path) !== undefined) return [];
    const label = name.split('-')[2] as string;
    return [{path, pid: owner.pid, label, sharesPids: sharesPids(owner), madeAt: look(path)?.birthtimeMs ?? 0}];
  });
}

/** Whether processes have the same numbers for the root of a tree as here, as far as the name of its folder tells. */
export function hasPidsOfHere(path: string): boolean {
  const owner = ownerOf(basename(path));
  return owner !== undefined && sharesPids(owner);
}

/** The name has 41 random bits, so that two processes of a tree do not take the same one, even after each other. */
function socketName(count: number): string {
  return `${count.toString(36)}-${platform
    .randomInt(36 ** 8)
    .toString(36)
    .padStart(8, '0')}`;
}
const longestSocketName = `${(36 ** 4).toString(36)}-01234567`;

function folderName(treeId: string): string {
  const {pid, start, space} = thisOwner();
  return `${pid}-${start}-${labelOf(treeId)}${space === '' ? '' : `-${space}`}`;
}

const labelOf = (treeId: string): string => treeId.replaceAll(/[^a-z0-9]/gi, '').slice(0, 8) || 'tree';

/** Whether a socket is in the folder of a tree, as far as the name of its folder tells. */
export function isOfTree(path: string, treeId: string): boolean {
  return basename(dirname(path)).split('-')[2] === labelOf(treeId);
}

/** The process that made a folder, read from its name; undefined for a name that this library does not give. */
function ownerOf(name: string): Owner | undefined {
  const [, pid, start = '', space = ''] = /^(\d{1,10})-([0-9a-z]+)-[0-9a-zA-Z]{1,8}(?:-([0-9a-z]+))?$/.exec(name) ?? [];
  return pid === undefined ? undefined : {pid: Number(pid), start, space};
}

/** Makes the base folder: in the user's runtime folder when that can be used, otherwise in the folder for temporary files. */
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
  if (fault !== undefined) throw folderError(temporary, fault);
  ensurePrivate(base);
  return base;
}

/** Makes the folder if it is missing, and takes away all rights of others. @throws ResourceExhausted `folder` */
function ensurePrivate(path: string): void {
  const fault = makeFault(path) ?? faultOf(path);
  if (fault !== undefined) throw folderError(path, fault);
  // The mode may differ from what `mkdir` was asked for: with an unusual umask, or when the folder was there before.
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

/** Why a folder cannot be used; undefined when it can. It uses `lstat`, because a link can lead to a folder of another user. */
function faultOf(path: string): string | undefined {
  const stats = look(path);
  if (!stats) return 'is not there';
  if (stats.isSymbolicLink()) return 'is a symbolic link';
  if (!stats.isDirectory()) return 'is not a folder';
  return stats.uid === uid() ? undefined : `belongs to another user (${stats.uid})`;
}

/** Why a folder is not private to this user; undefined when it is. */
export function privacyFault(path: string): string | undefined {
  return faultOf(path) ?? openFault(path);
}

/**
 * Makes a folder that is private to this user, if it is missing. A folder that is open to others is not repaired, because others may have put
 * something into it. Returns why it cannot be used; undefined when it can.
 */
export function makePrivate(path: string): string | undefined {
  const parent = sharedFault(dirname(path));
  if (parent !== undefined) return `cannot be used: ${dirname(path)} ${parent}`;
  return makeFault(path) ?? privacyFault(path);
}

/** Why the runtime folder is not private. It is not repaired, because the system has made it, not this library. */
function openFault(path: string): string | undefined {
  const mode = look(path)?.mode ?? 0;
  return (mode & 0o077) === 0 ? undefined : `is open to others (mode ${(mode & 0o777).toString(8)})`;
}

/** Why a shared folder is not safe: other users must not be able to replace the folders of this user. */
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

/** Removes a folder and the files in it, but no folders within it, because this library has not made them. */
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

function folderError(path: string, fault: string): ResourceExhausted {
  const text = `the sockets of this tree need a private folder, but ${escapeText(path)} ${fault}`;
  return new ResourceExhausted(text, {what: 'folder'});
}
