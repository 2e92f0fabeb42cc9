/**
 * The app that a module belongs to: how another host, which has the same app in another folder, finds the module.
 * Floor 5: the host of a remote actor and the process that places it use it, one at each end.
 */
import {readFileSync, realpathSync, statSync} from 'node:fs';
import {dirname, isAbsolute, join, relative, sep} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {attempt, readProperty} from '../base/foreign.js';
import {sha256} from '../base/node-modules.js';

/** An app, or a package that it uses: the folder of its package.json, and the name and the version there. */
export interface App {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/** Where a module is, in words that hold on every host. */
export interface ModulePlace {
  /** The name of the app that it belongs to. Undefined for a module of a package. */
  readonly app: string | undefined;
  /** Its path in the app, or `pkg:@shop/worker@3.2.1/main.js`. */
  readonly path: string;
  /** The SHA-256 of the file of the module. Empty where this host does not have the file. */
  readonly hash: string;
}

/** The app in a folder. @throws TypeError when the folder has no package.json with a name */
export function appIn(folder: string): App {
  const found = attempt(() => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const [name, version] = [readProperty(found, 'name'), readProperty(found, 'version')];
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`${folder} is no app: it has no package.json with a name`);
  return {name, version: typeof version === 'string' ? version : '', folder: realpathSync(folder)};
}

/**
 * Where a module is: in the nearest folder above it that has a package.json with a name. That is a package when it lies in a folder
 * `node_modules`, and otherwise the app. Undefined: in none.
 */
export function placeInApp(url: string): ModulePlace | undefined {
  if (url.startsWith(packageScheme)) return {app: undefined, path: url, hash: ''};
  const file = attempt(() => realpathSync(fileURLToPath(url)));
  if (file === undefined) return undefined;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const app = attempt(() => appIn(folder));
    if (app) return placeIn(app, file);
    if (folder === dirname(folder)) return undefined;
  }
}

function placeIn({name, version, folder}: App, file: string): ModulePlace {
  const [path, hash] = [relative(folder, file).split(sep).join('/'), hashOf(pathToFileURL(file).href)];
  return folder.split(sep).includes('node_modules')
    ? {app: undefined, path: `${packageScheme}${name}@${version}/${path}`, hash}
    : {app: name, path, hash};
}

/** The hash of a file: two hosts with the same one have the same build of a module, as far as that is in its file. */
export function hashOf(url: string): string {
  return sha256(readFileSync(fileURLToPath(url)));
}

const packageScheme = 'pkg:';
/** The name of a package, its version, and the path of a file in it. */
const packageForm = /^pkg:((?:@[\w.-]+\/)?[\w-][\w.-]*)@([^/]*)\/(.+)$/;

/**
 * The URL of a file of an app, or of a package that it uses, by its `path` as of `ModulePlace`. Links are followed first.
 *
 * @throws TypeError in words for the one who has asked, when the path leads out of the app, or to no file
 */
export function urlInApp(app: App, path: string): string {
  if (!path.startsWith(packageScheme)) return urlIn(app, path);
  const [, name = '', version = '', file = ''] = packageForm.exec(path) ?? [];
  if (file === '') throw new TypeError(`${path} is no module of a package: pkg:@shop/worker@3.2.1/main.js is one`);
  const found = name === app.name ? app : packageOf(app, name);
  if (found.version !== version)
    throw new TypeError(`it has ${name} in version ${found.version}, not ${version}: install the same one on both`);
  return urlIn(found, file);
}

/** As Node looks for it. @throws TypeError when it is not there */
function packageOf(app: App, name: string): App {
  for (let folder = app.folder; ; folder = dirname(folder)) {
    const found = attempt(() => appIn(join(folder, 'node_modules', name)));
    if (found) return found;
    if (folder === dirname(folder)) throw new TypeError(`${app.name} has no package ${name} there: install it`);
  }
}

function urlIn({name, folder}: App, path: string): string {
  const file = attempt(() => realpathSync(join(folder, path)));
  if (file === undefined || !statSync(file).isFile()) throw new TypeError(`${name} has no ${path} there`);
  const inside = relative(folder, file);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new TypeError(`${path} leads out of ${name}`);
  return pathToFileURL(file).href;
}
