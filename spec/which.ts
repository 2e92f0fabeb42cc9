// Prints which specs look at a file of lib: what to run after a change of it. `node dist/spec/which.js lib/nursery/reap.ts`, or of all files.
// Above imports.ts: read from the names of files and from what they import, so that there is nothing to keep up to date.
import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, normalize, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {importsOf} from './imports.js';

/** How a spec has to do with a file, the closest first. */
export interface Looks {
  /** It has the file's name, in the same room. */
  readonly own: readonly string[];
  /** It imports the file. */
  readonly direct: readonly string[];
  /** It has the name of a file that imports the file, or imports one: only where nothing is closer. */
  readonly through: readonly string[];
  /** The others in the file's room, which use it through the public door. */
  readonly room: readonly string[];
}

/** Who imports everything, or nothing but what it is told: no way to a spec. */
const doors = new Set(['lib/index.ts', 'lib/main.ts', 'lib/child.ts', 'lib/thread.ts']);

/** @param sources path → text of all files of lib and spec, with forward slashes */
export function specsOf(file: string, sources: ReadonlyMap<string, string>): Looks {
  const specs = [...sources.keys()].filter(path => path.endsWith('.spec.ts')).sort();
  const near = (of: string): string[] => specs.filter(spec => isOwn(spec, of) || imports(sources, spec).has(of));
  const own = specs.filter(spec => isOwn(spec, file));
  const direct = near(file).filter(spec => !own.includes(spec));
  const through = own.length + direct.length > 0 ? [] : nearest(file, sources, near);
  const room = specs.filter(spec => dirname(spec) === dirname(file).replace(/^lib/, 'spec'));
  return {own, direct, through, room: room.filter(spec => ![...own, ...direct, ...through].includes(spec))};
}

/** Upwards through those that import it, floor by floor, until one has a spec. */
function nearest(
  file: string,
  sources: ReadonlyMap<string, string>,
  near: (file: string) => readonly string[],
): string[] {
  const seen = new Set([file]);
  for (let level = [file]; level.length > 0; ) {
    level = [...sources.keys()].filter(
      path =>
        path.startsWith('lib/') &&
        !doors.has(path) &&
        !seen.has(path) &&
        level.some(imported => imports(sources, path).has(imported)),
    );
    const found = [...new Set(level.flatMap(near))];
    if (found.length > 0) return found.sort();
    for (const path of level) seen.add(path);
  }
  return [];
}

function isOwn(spec: string, file: string): boolean {
  return spec.replace(/^spec(.*)\.spec\.ts$/, 'lib$1.ts') === file;
}

const known = new Map<string, ReadonlySet<string>>();
function imports(sources: ReadonlyMap<string, string>, path: string): ReadonlySet<string> {
  const found =
    known.get(path) ??
    new Set(
      importsOf(sources.get(path) ?? '')
        .filter(({specifier}) => specifier.startsWith('.'))
        .map(({specifier}) => slashes(normalize(join(dirname(path), specifier))).replace(/\.js$/, '.ts')),
    );
  known.set(path, found);
  return found;
}

const slashes = (path: string): string => path.replaceAll('\\', '/');

function read(root: string): Map<string, string> {
  const files = ['lib', 'spec'].flatMap(folder =>
    readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
      .filter(name => name.endsWith('.ts'))
      .map(name => join(folder, name)),
  );
  return new Map(files.sort().map(path => [slashes(path), readFileSync(join(root, path), 'utf8')]));
}

function print(file: string, sources: ReadonlyMap<string, string>): void {
  console.log(file);
  for (const [how, specs] of Object.entries(specsOf(file, sources) satisfies Looks))
    for (const spec of specs as readonly string[]) console.log(`  ${how.padEnd(8)}${spec}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const sources = read(root);
  const asked = process.argv.slice(2).map(path => slashes(relative(root, join(process.cwd(), path))));
  const unknown = asked.find(path => !sources.has(path));
  if (unknown !== undefined) throw new Error(`${unknown} is no file of lib`);
  const all = [...sources.keys()].filter(path => path.startsWith('lib/'));
  for (const file of asked.length > 0 ? asked : all) print(file, sources);
}
