/**
 * Installs what only the bench needs: the peers, the newest Node, and what draws the plots.
 * Beneath `main`.
 */
import {execFile} from 'node:child_process';
import {existsSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {peersFolder} from './plan.js';

/** @returns why it is not possible */
export async function installPeers(): Promise<string | undefined> {
  const installed = join(peersFolder, 'node_modules', '.package-lock.json');
  const lock = join(peersFolder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return undefined;
  console.error('rxtractor: installing what the benchmarks are held against');
  try {
    // No package needs its script: none is run.
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: peersFolder,
    });
    return undefined;
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1) ?? String(error);
  }
}

/** The versions of the peers, by package. */
export function peerVersions(): Record<string, string> {
  const {dependencies} = JSON.parse(readFileSync(join(peersFolder, 'package.json'), 'utf8'));
  return dependencies as Record<string, string>;
}
