// Joins the modules of lib into one file, because a spawned actor would otherwise load about a hundred of them: that takes longer than
// the start of Node itself. Each module stays in dist/lib as a file of its own, which hands on what it exports from the joined file: so a spec
// that imports one module meets the same copy that the rest of the program uses. Called by setup.mjs, after the compiler.
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {rolldown} from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const lib = join(root, 'lib');

// The page runs in a browser: page.mjs joins it.
const modules = readdirSync(lib, {recursive: true})
  .filter(path => path.endsWith('.ts') && !path.startsWith(join('cli', 'page')))
  .map(path => join(lib, path));

/** The modules that every spawned actor loads: those of its boot, and those of the package, which the modules of its user import. */
const always = new Set(['child.ts', 'index.ts'].flatMap(entry => [...loadedBy(join(lib, entry))]));
/** A boot runs when it is loaded, so it cannot be joined with anything. */
always.delete(join(lib, 'child.ts'));

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
    groups: [{name: 'library', test: id => always.has(id)}],
  },
});
await bundle.close();

// Lines stay where they are, so the source maps stay right.
for (const {type, fileName, code} of output)
  if (type === 'chunk') writeFileSync(join(root, 'dist', 'lib', fileName), quickToLoad(code));

// A module that stays apart is loaded from its own place, where the files lie that it names by URL. Rolldown moves all modules into files of
// their own when a boot waits with a top-level await.
const joined = output.filter(({type, isEntry}) => type === 'chunk' && !isEntry).map(({name}) => name);
const runtime = output.find(({name}) => name === 'rolldown-runtime');
if (runtime?.exports.length > 0) throw new Error('the runtime of the bundler has become more than an empty file');
const strange = joined.filter(name => !['library', 'rolldown-runtime'].includes(name));
if (strange.length > 0) throw new Error(`the bundler has made files that nobody asked for: ${strange.join(', ')}`);

/**
 * An `import` of a module of Node asks for all that the module has, and so loads parts of it that nobody wants: web streams, MIME types,
 * the readers of arguments. `process.getBuiltinModule` gives the module as it is. `node:module` and what it gives stay, because some test
 * runners have one of their own. The runtime of the bundler is empty. V8 keeps a file in half the memory, and reads it faster, when all of its characters are ASCII.
 */
function quickToLoad(code) {
  return code
    .replace(/^import \{([^}]+)\} from "(node:(?!module")[\w/]+)";$/gm, (_, names, module) => {
      const parts = names.split(',').map(name => name.trim().replace(' as ', ': '));
      return `const { ${parts.join(', ')} } = process.getBuiltinModule("${module}");`;
    })
    .replace(/^import "(\.\.?\/)+(joined\/)?rolldown-runtime\.js";$/m, '')
    .replace(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

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
