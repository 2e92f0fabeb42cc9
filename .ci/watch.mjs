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
// In a process group of its own, because on Node 20 the compiler is the child of its launcher, and would outlive it.
const compiler = node(
  [join(modules, 'typescript', 'bin', 'tsc'), '--watch', '--preserveWatchOutput', '--incremental'],
  ['--tsBuildInfoFile', join(root, 'dist', '.tsbuildinfo')],
  {stdio: ['ignore', 2, 2], detached: true},
);
// AVA reads commands, and refuses an input that is a file.
const input = process.stdin.isTTY ? 'inherit' : 'pipe';
const ava = node([join(modules, 'ava', 'entrypoints', 'cli.mjs'), '--watch'], process.argv.slice(2), {
  stdio: [input, 'inherit', 'inherit'],
});

// Whichever ends takes the other along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ava.kill(signal));
compiler.once('exit', () => ava.kill());
ava.once('exit', code => {
  if (compiler.exitCode === null) process.kill(-compiler.pid);
  process.exitCode = code ?? 1;
});

function node(command, args, options) {
  return spawn(process.execPath, [...command, ...args], {cwd: root, ...options});
}
