// Joins the modules of lib into a few files, because a spawned actor would otherwise load about a hundred of them: that takes longer than
// the start of Node itself. Each module stays in dist/lib as a file of its own, which hands on what it exports from the joined file: so a spec
// that imports one module meets the same copy that the rest of the program uses. Called by setup.mjs, after the compiler.
import {readdirSync, readFileSync, rmSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {rolldown} from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const lib = join(root, 'lib');

const modules = readdirSync(lib, {recursive: true})
  .filter(path => path.endsWith('.ts'))
  .map(path => join(lib, path));

/** The modules that every spawned actor loads. */
const actor = loadedBy(join(lib, 'child.ts'));
/** The modules that a program loads, those of an actor included. */
const program = loadedBy(join(lib, 'index.ts'));
/** A boot runs when it is loaded, so it cannot be joined with anything. */
for (const boot of ['child.ts', 'thread.ts']) actor.delete(join(lib, boot));

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(modules.map(path => [relative(lib, path).slice(0, -'.ts'.length), path])),
  external: id => !/^[./]/.test(id),
  platform: 'node',
  resolve: {extensionAlias: {'.js': ['.ts']}},
  // Each module hands on all that it exports.
  treeshake: false,
  preserveEntrySignatures: 'strict',
});
rmSync(join(root, 'dist', 'lib', 'joined'), {recursive: true, force: true});
const {output} = await bundle.write({
  dir: join(root, 'dist', 'lib'),
  format: 'esm',
  entryFileNames: '[name].js',
  // One folder deep, as the floors: paths that are relative to a module of a floor stay right.
  chunkFileNames: 'joined/[name].js',
  sourcemap: true,
  sourcemapExcludeSources: true,
  comments: false,
  codeSplitting: {
    groups: [
      {name: 'actor', test: id => actor.has(id), priority: 2},
      {name: 'program', test: id => program.has(id), priority: 1},
    ],
  },
});
await bundle.close();

// A module that stays apart is loaded from its own place, where the files lie that it names by URL. Rolldown moves all modules into files of
// their own when a boot waits with a top-level await.
const joined = output.filter(({type, isEntry}) => type === 'chunk' && !isEntry).map(({name}) => name);
const strange = joined.filter(name => !['actor', 'program', 'rolldown-runtime'].includes(name));
if (strange.length > 0) throw new Error(`the bundler has made files that nobody asked for: ${strange.join(', ')}`);

/** The modules that are loaded with a module: those that it imports, at any depth, without the ones that are loaded later (`import()`). */
function loadedBy(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const path of importedBy(entry)) loadedBy(path, found);
  return found;
}

function importedBy(path) {
  const imports = readFileSync(path, 'utf8').matchAll(/^(?:import|export) (?!type\b)[^;]*?['"](\.[^'"]+)\.js['"];$/gm);
  return [...imports].map(([, target]) => resolve(dirname(path), `${target}.ts`));
}
