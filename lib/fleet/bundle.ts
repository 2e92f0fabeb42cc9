/**
 * A bundle that a program ships: one file with all the code of an actor, for hosts that do not have it.
 * Floor 6: below `ship`, which sends it, and `bundle-store`, which keeps it.
 */
import {realpathSync, statSync} from 'node:fs';
import {resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {hashOf} from '../actor/codebase.js';
import {attempt, inherits, textOf} from '../base/foreign.js';

/** Maximum size of a bundle. */
export const maxBundleBytes = 32 * 1024 * 1024;

/** A host knows a bundle by these. */
export interface BundleKey {
  /** The SHA-256 of its bytes, in hex. */
  readonly hash: string;
  /** In bytes. */
  readonly size: number;
}

export interface Bundle extends BundleKey {
  /** As the user has named it, for texts. */
  readonly name: string;
  /** Its real path. */
  readonly file: string;
}

/** The bundle that the option `ship` of a root names, as it is now. @throws TypeError when it cannot be shipped */
export function bundleAt(ship: string | URL): Bundle {
  const name = textOf(ship);
  const file = fileOf(ship);
  const stats = file === undefined ? undefined : attempt(() => statSync(file));
  if (file === undefined || !stats?.isFile())
    throw new TypeError(`ship: there is no file ${name}: build the bundle first`);
  if (stats.size === 0) throw new TypeError(`ship: ${name} is empty`);
  if (stats.size > maxBundleBytes) throw new TypeError(`ship: ${name} ${tooLargeText(stats.size)}`);
  return {name, file, hash: hashOf(pathToFileURL(file).href), size: stats.size};
}

/** Whether the module at a URL is the bundle, also when the file is not there any more: a host may have it. */
export function isBundle({file}: Bundle, url: string): boolean {
  return (fileOf(new URL(url)) ?? attempt(() => fileURLToPath(url))) === file;
}

function fileOf(ship: string | URL): string | undefined {
  return attempt(() => realpathSync(inherits(ship, URL) ? fileURLToPath(ship) : resolve(ship as string)));
}

const scheme = 'bundle:';

/** The path of its module in an order. */
export const pathOfBundle = ({hash}: BundleKey): string => `${scheme}${hash}`;

/** The hash of a bundle that the path of a module in an order names. Undefined for another module. */
export function bundleIn(path: string): string | undefined {
  const hash = path.slice(scheme.length);
  return path.startsWith(scheme) && isHash(hash) ? hash : undefined;
}

export const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

export function tooLargeText(size: number): string {
  return `has ${(size / 1024 / 1024).toFixed(1)} MiB: a bundle has at most ${maxBundleBytes / 1024 / 1024} MiB`;
}
