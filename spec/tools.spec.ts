// Test runners, bundlers and loaders, with the package as a user gets it: a function is found, whatever they make of its file.
// Above everything, beside package.spec.ts. The programs are in spec/tools/programs; docs/guide/tools.md is their page.
import {execFile} from 'node:child_process';
import {cp, mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inCi = Boolean(process.env.RXTRACTOR_CI);
/** Why a program is not run; empty when it is. */
const unlessInCi = inCi ? '' : 'needs the registry: set RXTRACTOR_CI=1 to run';
const unlessNodeStripsTypes = stripsTypes()
  ? unlessInCi
  : `needs Node 22.18 or newer, this is ${process.versions.node}`;

/** The output of program.mjs and vite-load.mjs, for the three backends. */
const answers = 'b 42 1 2 3\n'.repeat(3);

let project = '';

if (inCi) {
  test.before('pack and install', async t => {
    t.timeout(10 * 60_000);
    project = await mkdtemp(join(tmpdir(), 'rxtractor-tools-'));
    await cp(join(root, 'spec', 'tools', 'package.json'), join(project, 'package.json'));
    await cp(join(root, 'spec', 'tools', 'programs'), project, {recursive: true});
    // Without scripts: `prepack` would rebuild dist beneath the specs that run from it.
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], root);
    const tarball = (await readdir(project)).find(name => name.endsWith('.tgz'));
    // esbuild has a script that puts its program into place; it works without.
    const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    await run('npm', ['install', ...quiet, `./${tarball}`]);
  });

  test.after.always('remove the project', () => rm(project, {recursive: true, force: true}));
}

test('the page of tools names the versions that are tried', async t => {
  const page = await readFile(join(root, 'docs', 'guide', 'tools.md'), 'utf8');
  const rows = new Map(
    page
      .split('\n')
      .map(line => line.split('|').map(cell => cell.trim()))
      .map(cells => [cells[1], cells[2]]),
  );
  const {dependencies} = JSON.parse(await readFile(join(root, 'spec', 'tools', 'package.json'), 'utf8'));
  for (const [name, version] of Object.entries(dependencies))
    if (name !== 'rxjs') t.is(rows.get(name), version as string, name);
  for (const [name, row] of [
    ['tsx', 'tsx'],
    ['typescript', 'tsc'],
  ] as const) {
    const installed = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'));
    t.is(rows.get(row), installed.version, name);
  }
});

/** A program that is run in the project, one after the other: each starts actors of every kind. */
function tries(title: string, exec: (t: ExecutionContext) => Promise<void>, skippedBecause = unlessInCi): void {
  if (skippedBecause) test.skip(`T5: ${title} (${skippedBecause})`, exec);
  else test.serial(`T5: ${title}`, exec);
}

for (const pool of ['forks', 'threads', 'vmThreads']) {
  tries(`vitest, pool ${pool}`, async t => {
    const {stdout} = await tool('vitest', 'vitest.mjs', 'run', `--pool=${pool}`);
    t.regex(stdout, /Tests +5 passed/);
  });
}

for (const [what, ...options] of [
  ['without coverage'],
  ['with coverage, which Babel writes into each function', '--coverage'],
  ['with coverage by V8', '--coverage', '--coverageProvider=v8'],
] as const) {
  tries(`jest, ${what}`, async t => {
    const {stderr} = await node(['--experimental-vm-modules', bin('jest', 'bin/jest.js'), ...options]);
    t.regex(stderr, /Tests: +5 passed/);
  });
}

tries('node:test', async t => {
  t.regex((await node(['--test', '--test-reporter=tap', 'actors.node.mjs'])).stdout, /# pass 3/);
});

tries('node:test, the testing kit', async t => {
  t.regex((await node(['--test', '--test-reporter=tap', 'kit.node.mjs'])).stdout, /# pass 2/);
});

tries('mocha', async t => {
  t.regex((await tool('mocha', 'bin/mocha.js', 'actors.mocha.mjs')).stdout, /3 passing/);
});

tries('ava', async t => {
  t.regex((await tool('ava', 'entrypoints/cli.mjs', 'actors.ava.mjs')).stdout, /3 tests passed/);
});

tries('ava, the testing kit', async t => {
  t.regex((await tool('ava', 'entrypoints/cli.mjs', 'kit.ava.mjs')).stdout, /2 tests passed/);
});

for (const [what, ...options] of [
  ['one file', 'program.mjs', '--outfile=out/one/program.mjs'],
  ['one file, minified', 'program.mjs', '--minify', '--outfile=out/minified/program.mjs'],
  ['split', 'program.mjs', 'entry.mjs', '--splitting', '--outdir=out/split', '--out-extension:.js=.mjs'],
] as const) {
  tries(`esbuild, ${what}`, async t => {
    await esbuild(...options, '--packages=external');
    const folder = options.at(-1)?.startsWith('--out-ext')
      ? 'split'
      : (/out\/(\w+)/.exec(options.at(-1) ?? '')?.[1] ?? '');
    t.is((await node([`out/${folder}/program.mjs`])).stdout, answers);
  });
}

tries('esbuild, two entries that have a copy each of a function with a name', async t => {
  await esbuild('entry.mjs', 'offers.mjs', '--packages=external', '--outdir=out/entries', '--out-extension:.js=.mjs');
  t.is((await node(['out/entries/entry.mjs'])).stdout, '42\n');
});

for (const format of ['esm', 'cjs']) {
  tries(`esbuild that takes the library into the bundle as ${format} is told to keep it external`, async t => {
    const banner = `import {createRequire as r} from 'module'; const require = r(import.meta.url);`;
    const file = `out/bundled/program.${format === 'esm' ? 'mjs' : 'cjs'}`;
    const options = format === 'esm' ? ['program.mjs', `--banner:js=${banner}`] : ['required.cjs'];
    await esbuild(...options, `--format=${format}`, `--outfile=${file}`, '--log-level=error');
    const {stderr} = await node([file], {mayFail: true});
    t.regex(stderr, /SpawnFailed .*: rxtractor was bundled.*--packages=external.*serverExternalPackages/);
  });
}

for (const mode of ['development', 'production']) {
  tries(`webpack, mode ${mode}`, async t => {
    await node(['webpack-bundle.mjs', mode, `out/${mode}`]);
    t.is((await node([`out/${mode}/program.mjs`])).stdout, answers);
  });
}

tries('vite build --ssr', async t => {
  await tool('vite', 'bin/vite.js', 'build', '--logLevel=error');
  const [file] = (await readdir(join(project, 'out', 'vite'))).filter(name => name.startsWith('program.'));
  t.is((await node([`out/vite/${file}`])).stdout, answers);
});

tries('vite.ssrLoadModule', async t => {
  t.is((await node(['vite-load.mjs'])).stdout, answers);
});

tries('tsx', async t => {
  const loader = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;
  t.is((await node(['--import', loader, 'typed.ts'])).stdout, 'total 42\n');
});

tries('tsc', async t => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  const target = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,esnext.disposable'];
  await node([tsc, ...target, ...types, '--outDir', 'out/tsc', 'typed.ts']);
  t.is((await node(['out/tsc/typed.js'])).stdout, 'total 42\n');
});

tries(
  'Node itself, which strips types',
  async t => {
    t.is((await node(['typed.ts'])).stdout, 'total 42\n');
  },
  unlessNodeStripsTypes,
);

tries('require() in CommonJS', async t => {
  t.is((await node(['required.cjs'])).stdout, '42\n');
});

function stripsTypes(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

function esbuild(...options: readonly string[]): Promise<Output> {
  const defaults = [
    '--bundle',
    '--platform=node',
    ...(options.some(option => option.startsWith('--format')) ? [] : ['--format=esm']),
  ];
  return tool('esbuild', 'bin/esbuild', ...defaults, ...options);
}

function tool(name: string, file: string, ...args: readonly string[]): Promise<Output> {
  return node([bin(name, file), ...args]);
}

function bin(name: string, file: string): string {
  return join(project, 'node_modules', name, file);
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

function node(args: readonly string[], options?: {readonly mayFail: boolean}): Promise<Output> {
  return run(process.execPath, args, project, options);
}

/** Runs to the end within five minutes; a failure carries the whole output, because CI shows nothing else. */
function run(command: string, args: readonly string[], cwd = project, {mayFail = false} = {}): Promise<Output> {
  // Not what AVA has set for its own workers, and no colours in what is compared.
  const {NODE_OPTIONS: _options, FORCE_COLOR: _colour, NODE_TEST_CONTEXT: _context, ...env} = process.env;
  return new Promise((resolve, reject) => {
    execFile(command, args, {cwd, timeout: 300_000, env: {...env, NO_COLOR: '1'}}, (error, stdout, stderr) => {
      if (error && !mayFail) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      else resolve({stdout, stderr});
    });
  });
}
