// Runs specs as `npm test` does, and prints where the time goes: a line for each spec file, the dearest first.
//
//   node .ci/times.mjs                      the whole suite
//   node .ci/times.mjs dist/spec/nursery    some of it; AVA's other arguments work too
//
// Stands on what `npm test` has built, and on AVA's own events through ava.config.mjs. The seconds of the processor are those of the spec's
// own process and of all that it has waited for, as Linux counts them: unlike the seconds of the clock they do not depend on what else runs.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'times-'));

try {
  const began = performance.now();
  const ava = join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  const {status} = spawnSync(process.execPath, [ava, '--config', '.ci/ava.config.mjs', ...process.argv.slice(2)], {
    cwd: root,
    env: {...process.env, RXTRACTOR_TIMES: folder},
    stdio: ['ignore', 2, 2],
  });
  table((performance.now() - began) / 1000);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, {recursive: true});
}

function table(total) {
  const tests = read('tests');
  const rows = readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(read)
    .map(row => {
      const its = tests.filter(({file}) => file === row.file).sort((a, b) => b.ms - a.ms);
      return {...row, tests: its.length, longest: its[0] ?? {title: '', ms: 0}};
    })
    .sort((a, b) => b.seconds - a.seconds);
  const sum = key => rows.reduce((all, row) => all + row[key], 0);
  console.log('| spec | tests | seconds | of the processor | longest test |\n|---|---:|---:|---:|---|');
  for (const row of rows) {
    const {title, ms} = row.longest;
    const spec = relative(join(root, 'dist'), row.file).replace(/\.js$/, '.ts');
    console.log(
      `| ${spec} | ${row.tests} | ${shown(row.seconds)} | ${shown(row.cpu)} | ${shown(ms / 1000)} ${title} |`,
    );
  }
  console.log(`| all of ${rows.length} | ${sum('tests')} | ${shown(sum('seconds'))} | ${shown(sum('cpu'))} | |`);
  console.log(`\n${shown(total)} s by the clock`);
}

function read(name) {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

function shown(seconds) {
  return seconds.toFixed(1);
}
