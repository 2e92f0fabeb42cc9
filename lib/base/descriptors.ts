/**
 * File descriptors: whether this process still gets some, and the error when it does not.
 * Floor 0: below everything that opens files, sockets and processes.
 */
import {closeSync, openSync} from 'node:fs';
import {ResourceExhausted} from './errors.js';
import {readProperty} from './foreign.js';

/** As many as the modules of one part of the library open at a time while they are loaded. */
const enough = 32;

/** Whether the error says that this process, or the system, has no file descriptor left. */
export function isOutOfDescriptors(error: unknown): boolean {
  const code = readProperty(error, 'code');
  return code === 'EMFILE' || code === 'ENFILE';
}

/** @param what for what no descriptor is left, for the text */
export function noDescriptorError(what: string, cause: unknown): ResourceExhausted {
  const text = `no file descriptor is left for ${what}: raise the limit (ulimit -n) or close some`;
  return new ResourceExhausted(text, {what: 'fd', cause});
}

/** Opens some descriptors, and closes them again. @throws ResourceExhausted `fd` when this process does not get them */
export function checkDescriptors(what: string): void {
  const open: number[] = [];
  try {
    while (open.length < enough) open.push(openSync('/dev/null', 'r'));
  } catch (error) {
    // Another error, as under `--permission`, says nothing about descriptors.
    if (isOutOfDescriptors(error)) throw noDescriptorError(what, error);
  } finally {
    for (const fd of open) closeSync(fd);
  }
}
