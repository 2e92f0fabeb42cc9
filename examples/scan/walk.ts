/**
 * The lazy walk: every regular file beneath the inputs, one at each pull.
 * Runs in the root, below `share`; it opens directories and reads no file.
 *
 * Synchronous on purpose: the names that are asked for are in the kernel's cache, and a trip through the thread pool for
 * each directory costs five times the processor time (47 000 against 370 000 files/s), which the actors need.
 */
import {type Dir, type Dirent, opendirSync} from 'node:fs';
import type {Input} from './inputs.js';
import {childOf, fsPath, type Path} from './path.js';

/** Told of each directory that cannot be read; the walk goes on with the next. */
export type OnUnreadable = (path: Path, error: NodeJS.ErrnoException) => void;

/** Links are not followed. One directory a level is held open, so that a directory of a million files costs no memory. */
export function* walk(inputs: readonly Input[], onUnreadable: OnUnreadable): Generator<Path, void, undefined> {
  for (const input of inputs) {
    if (input.isFile) yield input.path;
    else yield* filesBeneath(input.path, onUnreadable);
  }
}

interface Level {
  readonly path: Path;
  readonly dir: Dir;
}

function* filesBeneath(root: Path, onUnreadable: OnUnreadable): Generator<Path, void, undefined> {
  const levels: Level[] = [];
  try {
    enter(levels, root, onUnreadable);
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      const entry = nextEntry(level, onUnreadable);
      if (!entry) {
        levels.pop();
        level.dir.closeSync();
      } else if (entry.isDirectory()) {
        enter(levels, childOf(level.path, nameOf(entry)), onUnreadable);
      } else if (entry.isFile()) {
        yield childOf(level.path, nameOf(entry));
      }
    }
  } finally {
    for (const {dir} of levels) dir.closeSync();
  }
}

function enter(levels: Level[], path: Path, onUnreadable: OnUnreadable): void {
  try {
    levels.push({path, dir: opendirSync(fsPath(path), dirOptions)});
  } catch (error) {
    onUnreadable(path, error as NodeJS.ErrnoException);
  }
}

function nextEntry({path, dir}: Level, onUnreadable: OnUnreadable): Dirent | null {
  try {
    return dir.readSync();
  } catch (error) {
    onUnreadable(path, error as NodeJS.ErrnoException);
    return null;
  }
}

// Node takes 'buffer' and then gives names as bytes; its types know neither for `opendir`.
const dirOptions = {encoding: 'buffer' as BufferEncoding, bufferSize: 256};
const nameOf = (entry: Dirent): Buffer => entry.name as unknown as Buffer;
