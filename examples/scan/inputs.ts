/**
 * The inputs of a scan: the directories and files of the command line, checked.
 * Runs once in the root, before any actor is started.
 */
import {lstatSync, realpathSync, statSync} from 'node:fs';
import {dirname, join, resolve, sep} from 'node:path';
import {fileURLToPath} from 'node:url';
import {UsageError} from './options.js';

export interface Input {
  readonly path: string;
  readonly isFile: boolean;
}

/** Throws `UsageError` for an input that is missing or is neither a directory nor a regular file. */
export function inputsOf(paths: readonly string[]): Input[] {
  const found = (paths.length > 0 ? paths : [ownModules()]).map(inputOf);
  return found.filter((input, index) => !found.some((other, at) => at !== index && covers(other, input, at < index)));
}

function ownModules(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('rxtractor/package.json'))), 'node_modules');
}

// An input that is itself a link is followed (somebody asked for it); links met in the walk are not.
function inputOf(given: string): Input & {readonly real: string} {
  const path = resolve(given);
  try {
    const real = realpathSync(path);
    const stats = statSync(real);
    if (!stats.isFile() && !stats.isDirectory())
      throw new UsageError(`${given}: neither a directory nor a regular file`);
    return {path: lstatSync(path).isSymbolicLink() ? real : path, real, isFile: stats.isFile()};
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${given}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
}

// Every file counts once: an input that lies in another, or is given twice, is scanned with the first.
function covers(outer: {real: string}, inner: {real: string}, isEarlier: boolean): boolean {
  if (outer.real === inner.real) return isEarlier;
  return inner.real.startsWith(outer.real.endsWith(sep) ? outer.real : outer.real + sep);
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT' ? 'no such file or directory' : error.message;
}
