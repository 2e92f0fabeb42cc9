/**
 * The path of a Unix socket that listens: taken only where nobody else listens, given back only while it is still ours.
 * Floor 2: below `listener`.
 *
 * Node removes the path that it has bound when the server closes, whoever owns it by then. So a server binds another name
 * in the same folder, which is then given the real name: what Node removes at the end is long gone.
 */
import {randomInt} from 'node:crypto';
import {chmodSync, linkSync, lstatSync, renameSync, type Stats, unlinkSync} from 'node:fs';
import {connect} from 'node:net';
import {basename, dirname, join} from 'node:path';
import {isMainThread} from 'node:worker_threads';
import {plainClock} from '../base/clock.js';
import {ResourceExhausted} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {maxPathBytes} from './address.js';

/** How long somebody may take to let us in before we believe that nobody is there. The kernel answers for a busy one. */
const probeMs = 1_000;
const attempts = 10;

/** @param bind makes the server listen on the path that it is given. Returns how to give the path back. */
export async function takePath(path: string, bind: (path: string) => Promise<void>): Promise<() => void> {
  for (let left = attempts; ; left--) {
    const other = bindingName(path);
    try {
      await unreadable(() => bind(other));
      chmodSync(other, 0o600);
      await publish(other, path);
      const taken = lstatSync(path);
      return () => giveBack(path, taken);
    } catch (error) {
      // The name for binding is somebody's already: only where there is room for no more than a letter or two.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || left === 0) throw error;
    }
  }
}

/** A name nobody knows in the same folder, not longer than there is room for. */
function bindingName(path: string): string {
  const folder = dirname(path);
  const room = Math.max(maxPathBytes - Buffer.byteLength(join(folder, '-')) + 1, Buffer.byteLength(basename(path)));
  let name = '';
  while (name.length < Math.min(room, 8)) name += randomInt(36).toString(36);
  return join(folder, name);
}

/** The socket appears with no right for others, not even for a moment. In a thread, where that cannot be asked, `chmod` follows. */
function unreadable(bind: () => Promise<void>): Promise<void> {
  if (!isMainThread) return bind();
  const before = process.umask(0o177);
  try {
    // Binding happens within this call, before its promise is settled.
    return bind();
  } finally {
    process.umask(before);
  }
}

/** Gives the bound socket its real name, which must be free, or left over from one who is dead. */
async function publish(bound: string, path: string): Promise<void> {
  try {
    for (let left = attempts; ; left--) {
      if (give(bound, path)) return;
      const there = look(path);
      if (!there) continue;
      if (!there.isSocket()) throw taken(path, `${kindOf(there)} is in its place`);
      if (left === 0 || (await isLive(path))) throw taken(path, 'somebody listens there already');
      removeStale(path, there);
    }
  } catch (error) {
    remove(bound);
    throw error;
  }
}

/** False when the name is taken: `link`, unlike `rename`, puts nothing in the place of another. */
function give(bound: string, path: string): boolean {
  try {
    linkSync(bound, path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A file system without links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    if (look(path)) return false;
    renameSync(bound, path);
  }
  remove(bound);
  return true;
}

/** Only a dead socket refuses at once. */
function isLive(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    const answer = (live: boolean): void => {
      stopTimer();
      socket.destroy();
      resolve(live);
    };
    const stopTimer = plainClock.timer(probeMs, () => answer(true));
    socket.once('connect', () => answer(true));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/** Moved aside first: should another have taken the place since we looked, it gets its name back. */
function removeStale(path: string, stale: Stats): void {
  const aside = bindingName(path);
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = look(aside);
  if (moved && !isSame(moved, stale)) give(aside, path);
  remove(aside);
}

function giveBack(path: string, taken: Stats): void {
  const there = look(path);
  if (there && isSame(there, taken)) remove(path);
}

const isSame = (one: Stats, other: Stats): boolean => one.ino === other.ino && one.dev === other.dev;

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or the folder is not ours any more: nothing is lost by it.
  }
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return 'a symbolic link';
  return stats.isDirectory() ? 'a folder' : 'a file';
}

const taken = (path: string, why: string): ResourceExhausted =>
  new ResourceExhausted(`cannot listen on unix:${escapeText(path)}: ${why}`, {what: 'address'});
