/**
 * The trees of this user on this host, found by the folders that their roots own: no registry is needed.
 * Floor 7: `control` puts a socket and a key into the folder, `remote-tree` connects to them.
 */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {liveFolders} from '../transport/folder.js';

/** The names of the two files in the folder of a tree. */
export const socketName = 'window';
export const keyName = 'window.key';

/** A tree that can be observed. */
export interface FoundRoot {
  /** The process of its root. */
  readonly pid: number;
  /** The first characters of the id of the tree, different for each tree. */
  readonly tree: string;
  /** The control socket. */
  readonly socket: string;
  /** The key that its root asks for. */
  readonly key: Uint8Array;
  /** Whether its processes have the same numbers here. In a container of its own they do not. */
  readonly sharesPids: boolean;
}

/** All trees of this user that can be observed, the oldest first. */
export function findRoots(): FoundRoot[] {
  return liveFolders().flatMap(({path, pid, label, sharesPids}) => {
    const socket = join(path, socketName);
    // The key is written first.
    if (!existsSync(socket)) return [];
    try {
      return [{pid, tree: label, socket, key: readKey(path), sharesPids}];
    } catch {
      // No control socket: it was turned off, or no child serves yet.
      return [];
    }
  });
}

/** The key beside a control socket. @throws the error of the file system */
export function readKey(folder: string): Uint8Array {
  return Uint8Array.from(readFileSync(join(folder, keyName)));
}
