/**
 * Installs what only the bench needs: the peers, the newest Node, and what draws the plots. Not beside their programs in
 * `spec`, because the compiler and the specs read all files there.
 * Beneath `main`.
 */
import {execFile} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {promisify} from 'node:util';
import {peersFolder, peersSource} from './peers-folder.js';

const packages = new URL('node_modules/.package-lock.json', peersFolder);

/** @returns why it is not possible */
export async function installPeers(): Promise<string | undefined> {
  const lock = 'package-lock.json';
  const isInstalled = existsSync(packages) && read(new URL(lock, peersFolder)) === read(new URL(lock, peersSource));
  mkdirSync(peersFolder, {recursive: true});
  cpSync(peersSource, peersFolder, {recursive: true});
  if (isInstalled) return undefined;
  console.error('rxtractor: installing what the benchmarks are held against');
  try {
    // No package needs its script: none is run.
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: peersFolder,
    });
    return undefined;
  } catch (error) {
    rmSync(packages, {force: true});
    return (error as Error).message.trim().split('\n').at(-1) ?? String(error);
  }
}

/** The versions of the peers, by package. */
export function peerVersions(): Record<string, string> {
  return JSON.parse(read(new URL('package.json', peersSource))).dependencies as Record<string, string>;
}

function read(path: URL): string {
  return readFileSync(path, 'utf8');
}
