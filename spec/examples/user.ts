/**
 * A user who may not read everything: where the specs run as root, permissions hinder nobody else.
 * For the specs of unreadable files.
 */
import {spawnSync} from 'node:child_process';

/** The option with which `spawn` runs as such a user; nothing when the specs do not run as root. */
export const nobody: {uid?: number} = process.getuid?.() === 0 ? {uid: 65534} : {};

export function canRunAs(user: {uid?: number}, file: string): boolean {
  const options = user.uid === undefined ? {} : {uid: user.uid, gid: user.uid};
  return spawnSync(process.execPath, ['--check', file], {stdio: 'ignore', ...options}).status === 0;
}
