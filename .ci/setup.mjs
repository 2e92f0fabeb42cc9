// Makes a checkout ready to run: installs when node_modules is behind the lock, compiles what has changed when dist is behind the sources.
// Stands in front of `npm start`, `npm test` and `npm run bench`; silent when there is nothing to do. `--rebuild` compiles everything anew; `--apart` does not join the modules of lib, for the compiler's watch mode.
import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const inputs = ['package.json', 'package-lock.json', 'tsconfig.json', '.ci/bundle.mjs', '.ci/page.mjs'];
const folders = ['lib', 'spec', 'examples'];
/** Not compiled with the rest: joined into one file. */
const pageFolder = join('lib', 'cli', 'page');
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stamp = join(dist, '.stamp');
const buildInfo = join(dist, '.tsbuildinfo');
const page = join(dist, 'lib', 'page.html');
const joined = join(dist, 'lib', 'joined');
const apart = process.argv.includes('--apart');
const lock = join(root, 'package-lock.json');
// Written by every npm install, and the only file in node_modules whose time says when that was.
const installed = join(root, 'node_modules', '.package-lock.json');

process.chdir(root);
install();
await build();

function install() {
  if (existsSync(installed) && (!existsSync(lock) || statSync(installed).mtimeMs >= statSync(lock).mtimeMs)) {
    return;
  }

  const command = existsSync(lock) ? 'ci' : 'install';
  run('installing dependencies', 'npm', [command, '--no-audit', '--no-fund', '--loglevel=error']);
}

async function build() {
  const now = `${fingerprint()}${apart ? ' apart' : ''}`;
  const rebuild = process.argv.includes('--rebuild');
  if (!rebuild && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) {
    return;
  }

  // Until the compiler has succeeded, dist is nothing to rely on.
  rmSync(stamp, {force: true});
  if (rebuild) {
    rmSync(dist, {recursive: true, force: true});
  }
  // The compiler does not see that a file of its own has been replaced.
  if (apart) {
    rmSync(buildInfo, {force: true});
    rmSync(joined, {recursive: true, force: true});
  }
  removeOrphans();
  // Beside the compiler, because it reads sources alone, and takes as long.
  const joinsPage = begin('joining the page', process.execPath, [join(root, '.ci', 'page.mjs')]);
  run('compiling', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...incremental()]);
  if (!apart) {
    run('joining the modules of lib', process.execPath, [join(root, '.ci', 'bundle.mjs')]);
  }
  await joinsPage;
  writeFileSync(stamp, now);
}

/** A removed source must not live on as a compiled spec. */
function removeOrphans() {
  if (!existsSync(dist)) {
    return;
  }

  const compiled = new Set(folders.flatMap(sources).flatMap(outputs));
  for (const path of files(dist)) {
    if (!compiled.has(path) && path !== buildInfo && path !== page && !path.startsWith(joined)) {
      rmSync(path);
    }
  }
}

/** The compiler keeps what it knows beside what it made; it does not see that something of that is gone. */
function incremental() {
  if (!folders.flatMap(sources).flatMap(outputs).every(existsSync)) {
    rmSync(buildInfo, {force: true});
  }
  return ['--incremental', '--tsBuildInfoFile', buildInfo];
}

/** The output of the compiler for a source. */
function outputs(source) {
  const [, stem, kind] = /^(.*)\.([cm]?)tsx?$/.exec(join(dist, source));
  return [`${stem}.${kind}js`, `${stem}.${kind}js.map`, `${stem}.d.${kind}ts`, `${stem}.d.${kind}ts.map`];
}

// Contents, not times: a checkout of an older commit brings other sources, and times do not show a deletion.
function fingerprint() {
  const hash = createHash('sha256');
  for (const path of [...inputs, ...files(pageFolder), ...folders.flatMap(sources)]) {
    if (existsSync(path)) {
      hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
    }
  }

  return hash.digest('hex');
}

function sources(folder) {
  return files(folder)
    .filter(path => /\.[cm]?tsx?$/.test(path) && !path.startsWith(pageFolder))
    .sort();
}

function files(folder) {
  if (!existsSync(folder)) {
    return [];
  }

  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name));
}

// Everything goes to stderr: the examples and AVA's reports own stdout. Of npm only complaints are worth reading.
function run(what, command, args) {
  process.stderr.write(`rxtractor: ${what}\n`);
  const npm = command === 'npm';
  // On Windows npm is a batch file, which only a shell can run.
  const shell = npm && process.platform === 'win32';
  const {status, error} = spawnSync(command, args, {stdio: ['ignore', npm ? 'ignore' : 2, 2], shell});
  if (error || status !== 0) fail(what, status, error);
}

/** As `run`, and resolves when the command has ended. */
async function begin(what, command, args) {
  process.stderr.write(`rxtractor: ${what}\n`);
  const [status] = await once(spawn(command, args, {stdio: ['ignore', 2, 2]}), 'exit');
  if (status !== 0) fail(what, status);
}

function fail(what, status, error) {
  process.stderr.write(`rxtractor: ${what} failed${error ? `: ${error.message}` : ''}\n`);
  process.exit(status || 1);
}
