/**
 * The files of this library on the disk, which other processes and threads run.
 * Floor 0. A bundler that takes the library into an application leaves these files behind: this file finds that out, and says so.
 */
import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** The URL of this file. Empty where a bundler has made CommonJS of it. */
export const libraryUrl = import.meta.url as string | undefined;

/** The URL of the folder of this library's compiled files. Undefined when the library was bundled, and they are elsewhere. */
export const libraryFolder = libraryUrl ? folderAt(new URL('..', libraryUrl)) : undefined;

function folderAt(folder: URL): string | undefined {
  return folder.protocol === 'file:' && existsSync(fileURLToPath(new URL('child.js', folder)))
    ? folder.href
    : undefined;
}

/** A file of the library that a process or a thread is to run. Undefined when the library was bundled. */
export function libraryFile(name: string): URL | undefined {
  return libraryFolder === undefined ? undefined : new URL(name, libraryFolder);
}

export const bundledText =
  "rxtractor was bundled into the application, and the files that its actors run were left behind. Keep it external, so that it is loaded from node_modules: --packages=external (esbuild), externals: {rxtractor: 'module rxtractor'} (webpack), ssr: {external: ['rxtractor']} (Vite), serverExternalPackages: ['rxtractor'] (Next)";
