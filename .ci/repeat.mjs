// Runs specs again and again, alone or beside busy loops, and prints a table: what is not stable shows here.
//
//   node .ci/repeat.mjs --runs 20 --busy 2 dist/spec/debugger      every spec of the folder, 20 times, under two busy loops
//   … --node PATH                                                  with another Node
//
// Stands on what `npm test` has built, and on AVA's own report through ava.config.mjs. Exits with 1 unless every run was green.
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {loadavg, tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    runs: {type: 'string', default: '20'},
    busy: {type: 'string', default: '0'},
    node: {type: 'string', default: process.execPath},
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'repeat-'));
const counts = join(folder, 'counts');
const loops = Array.from({length: Number(values.busy)}, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], {stdio: 'ignore'}),
);

let red = 0;
try {
  console.log('| run | passed | failed | skipped | load |\n|---:|---:|---:|---:|---:|');
  for (let run = 1; run <= Number(values.runs); run++) {
    rmSync(counts, {force: true});
    const ava = join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
    const {status, stdout} = spawnSync(values.node, [ava, '--config', '.ci/ava.config.mjs', ...positionals], {
      cwd: root,
      env: {...process.env, RXTRACTOR_CI: '1', RXTRACTOR_COUNTS: counts},
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const [passed = '-', failed = '-', skipped = '-'] = reported().match(/\d+/g) ?? [];
    console.log(`| ${run} | ${passed} | ${failed} | ${skipped} | ${loadavg()[0].toFixed(1)} |`);
    if (status === 0) continue;
    red++;
    console.log(stdout);
  }
  console.log(`${red} of ${values.runs} runs were red: ${values.node}, ${values.busy} busy loops`);
} finally {
  for (const loop of loops) loop.kill('SIGKILL');
  rmSync(folder, {recursive: true});
}
process.exitCode = red > 0 ? 1 : 0;

/** Empty when AVA died. */
function reported() {
  try {
    return readFileSync(counts, 'utf8');
  } catch {
    return '';
  }
}
