// Compiles what changes, and runs the specs that it concerns again, until Ctrl-C: `npm run watch`, or some specs, `npm run watch -- dist/spec/base`.
// Stands on setup.mjs, and on the watch modes of the compiler and of AVA, which looks at the compiled files.
import {spawn} from 'node:child_process';
import {join} from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');

// The compiler writes each module that changes: a joined copy of it must not be there beside.
process.argv.push('--apart');
await import('./setup.mjs');
process.argv.pop();
const compiler = node(
  [join(modules, 'typescript', 'bin', 'tsc'), '--watch', '--preserveWatchOutput', '--incremental'],
  ['--tsBuildInfoFile', join(root, 'dist', '.tsbuildinfo')],
  ['ignore', 2, 2],
);
const ava = node([join(modules, 'ava', 'entrypoints', 'cli.mjs'), '--watch'], process.argv.slice(2), 'inherit');

// Whichever ends takes the other along.
compiler.once('exit', () => ava.kill());
ava.once('exit', code => {
  compiler.kill();
  process.exitCode = code ?? 1;
});

function node(command, args, stdio) {
  return spawn(process.execPath, [...command, ...args], {cwd: root, stdio});
}
