/**
 * The path of a listening Unix socket: it is taken only when nobody else listens there, and removed at the end only when it is
 * still the socket of this process.
 * Floor 2: below `listener`.
 *
 * When a server closes, Node removes the path that it has bound, even if the path belongs to another process by then. Therefore
 * a server here binds a temporary name in the same folder, and the socket then gets its real name. What Node removes at the end
 * does not exist any more.
 */
import {chmodSync, linkSync, lstatSync, renameSync, type Stats, unlinkSync} from 'node:fs';
import {connect} from 'node:net';
import {basename, dirname, join} from 'node:path';
import {isMainThread} from 'node:worker_threads';
import {plainClock} from '../base/clock.js';
import {ResourceExhausted} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {platform} from '../base/platform.js';
import {maxPathBytes} from './address.js';

/**
 * Timeout in ms for an answer from the path, after which a live socket is assumed. A busy process answers in time too, because
 * its kernel accepts the connection.
 */
const probeMs = 1_000;
/** Maximum number of attempts to take a path, because another process may take or remove names in the same folder. */
const maxAttempts = 10;

/**
 * Makes a server listen at a path. Returns how to remove the path again.
 *
 * @param bind makes the server listen on the path that it is given
 * @throws ResourceExhausted `address` when somebody listens there, or when something that is not a socket has the name
 */
export async function takePath(path: string, bind: (path: string) => Promise<void>): Promise<() => void> {
  for (let left = maxAttempts; ; left--) {
    const temporary = temporaryName(path);
    try {
      await withoutAccess(() => bind(temporary));
      chmodSync(temporary, 0o600);
      await publish(temporary, path);
      const own = lstatSync(path);
      return () => giveBack(path, own);
    } catch (error) {
      // The temporary name is taken. That happens only when the path leaves room for no more than a letter or two.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || left === 0) throw error;
    }
  }
}

/** An unpredictable name in the same folder, short enough for a Unix socket. */
function temporaryName(path: string): string {
  const folder = dirname(path);
  const room = Math.max(maxPathBytes - Buffer.byteLength(join(folder, '-')) + 1, Buffer.byteLength(basename(path)));
  let name = '';
  while (name.length < Math.min(room, 8)) name += platform.randomInt(36).toString(36);
  return join(folder, name);
}

/**
 * Binds with a umask that gives others no access to the socket at any time. A thread cannot set the umask; there the `chmod`
 * after it must do.
 */
function withoutAccess(bind: () => Promise<void>): Promise<void> {
  if (!isMainThread) return bind();
  const before = process.umask(0o177);
  try {
    // The socket is bound within this call, not when the promise settles.
    return bind();
  } finally {
    process.umask(before);
  }
}

/** Gives the bound socket its real name. The name must be free, or belong to a socket whose process has ended. */
async function publish(bound: string, path: string): Promise<void> {
  try {
    for (let left = maxAttempts; ; left--) {
      if (rename(bound, path)) return;
      const there = look(path);
      if (!there) continue;
      if (!there.isSocket()) throw takenPathError(path, `${kindOf(there)} is in its place`);
      if (left === 0 || (await isLive(path))) throw takenPathError(path, 'somebody listens there already');
      removeStale(path, there);
    }
  } catch (error) {
    remove(bound);
    throw error;
  }
}

/** Returns false when the new name is taken. It uses `link`, because the `rename` of the system would replace what is there. */
function rename(bound: string, path: string): boolean {
  try {
    linkSync(bound, path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // This file system has no links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    if (look(path)) return false;
    renameSync(bound, path);
  }
  remove(bound);
  return true;
}

/** Whether a process listens at the path. Only a socket whose process has ended refuses a connection at once. */
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

/**
 * Removes a dead socket. It is moved to a temporary name first: if another process has taken the path since the last look, that
 * one gets its name back.
 */
function removeStale(path: string, stale: Stats): void {
  const aside = temporaryName(path);
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = look(aside);
  if (moved && !isSame(moved, stale)) rename(aside, path);
  remove(aside);
}

function giveBack(path: string, own: Stats): void {
  const there = look(path);
  if (there && isSame(there, own)) remove(path);
}

const isSame = (one: Stats, other: Stats): boolean => one.ino === other.ino && one.dev === other.dev;

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, or the folder does not belong to this user any more. Neither does any harm.
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

const takenPathError = (path: string, why: string): ResourceExhausted =>
  new ResourceExhausted(`cannot listen on unix:${escapeText(path)}: ${why}`, {what: 'address'});
