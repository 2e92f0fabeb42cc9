// Makes a checkout ready to run: installs when node_modules is behind the lock, builds when dist is behind the sources.
// Stands in front of `npm start`, `npm test` and `npm run bench`; silent when there is nothing to do.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const inputs = ['package.json', 'package-lock.json', 'tsconfig.json'];
const folders = ['lib', 'spec', 'examples'];
const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist', '.stamp');
const lock = join(root, 'package-lock.json');
// Written by every npm install, and the only file in node_modules whose time says when that was.
const installed = join(root, 'node_modules', '.package-lock.json');

process.chdir(root);
install();
build();

function install() {
  if (existsSync(installed) && (!existsSync(lock) || statSync(installed).mtimeMs >= statSync(lock).mtimeMs)) {
    return;
  }

  const command = existsSync(lock) ? 'ci' : 'install';
  run('installing dependencies', 'npm', [command, '--no-audit', '--no-fund', '--loglevel=error']);
}

function build() {
  const now = fingerprint();
  if (!process.argv.includes('--rebuild') && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) {
    return;
  }

  // A removed source must not live on as a compiled spec.
  rmSync(join(root, 'dist'), {recursive: true, force: true});
  run('compiling', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc')]);
  mkdirSync(join(root, 'dist'), {recursive: true});
  writeFileSync(stamp, now);
}

// Contents, not times: a checkout of an older commit brings other sources, and times do not show a deletion.
function fingerprint() {
  const hash = createHash('sha256');
  for (const path of [...inputs, ...folders.flatMap(sources)]) {
    if (existsSync(path)) {
      hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
    }
  }

  return hash.digest('hex');
}

function sources(folder) {
  if (!existsSync(folder)) {
    return [];
  }

  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter(entry => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map(entry => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

// Everything goes to stderr: the examples and AVA's reports own stdout. Of npm only complaints are worth reading.
function run(what, command, args) {
  process.stderr.write(`rxtractor: ${what}\n`);
  const npm = command === 'npm';
  // On Windows npm is a batch file, which only a shell can run.
  const shell = npm && process.platform === 'win32';
  const {status, error} = spawnSync(command, args, {stdio: ['ignore', npm ? 'ignore' : 2, 2], shell});
  if (error || status !== 0) {
    process.stderr.write(`rxtractor: ${what} failed${error ? `: ${error.message}` : ''}\n`);
    process.exit(status || 1);
  }
}
