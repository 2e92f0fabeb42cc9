/**
 * The app that a module belongs to: how another host, which has the same app in another folder, finds the module.
 * Floor 5: the host of a remote actor and the process that places it use it, one at each end.
 */
import {readFileSync, realpathSync, statSync} from 'node:fs';
import {dirname, isAbsolute, join, relative, sep} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {attempt, readProperty} from '../base/foreign.js';

/** An app: the folder of its package.json, and the name there. */
export interface App {
  readonly name: string;
  readonly folder: string;
}

/** The app in a folder. @throws TypeError when the folder has no package.json with a name */
export function appIn(folder: string): App {
  const name = attempt(() => readProperty(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), 'name'));
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`${folder} is no app: it has no package.json with a name`);
  return {name, folder: realpathSync(folder)};
}

/** Where a module is in its app: the nearest folder above it that has a package.json with a name. Undefined: in none. */
export function placeInApp(url: string): {readonly app: string; readonly path: string} | undefined {
  const file = attempt(() => realpathSync(fileURLToPath(url)));
  if (file === undefined) return undefined;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const app = attempt(() => appIn(folder));
    if (app) return {app: app.name, path: relative(app.folder, file).split(sep).join('/')};
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * The URL of a file of an app, by its path there. Links are followed first.
 *
 * @throws TypeError in words for the one who has asked, when the path leads out of the app, or to no file
 */
export function urlInApp({name, folder}: App, path: string): string {
  const file = attempt(() => realpathSync(join(folder, path)));
  if (file === undefined || !statSync(file).isFile()) throw new TypeError(`${name} has no ${path} there`);
  const inside = relative(folder, file);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new TypeError(`${path} leads out of ${name}`);
  return pathToFileURL(file).href;
}
