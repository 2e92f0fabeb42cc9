// The other side of what `unheard` measures: a library without its hooks. Nothing is measured here.
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {mutate} from '../kit/mutants.js';
import {cuts} from './unheard-cuts.js';

const library = readFileSync(fileURLToPath(new URL('../../lib/joined/library.js', import.meta.url)), 'utf8');
const guide = readFileSync(fileURLToPath(new URL('../../../docs/guide/tracing.md', import.meta.url)), 'utf8');

test('the hooks that are cut out stand in the library as they are looked for', t => {
  for (const [name, from, to] of cuts)
    t.notThrows(() => mutate(library, {name, file: 'joined/library', from, to}), name);
});

test('the table in the guide has every figure, and each keeps its goal in most rounds', t => {
  const rows = [...guide.matchAll(/^\| (.+) \| ([\d.]+) \| ([\d.]+) \| (\d+) of (\d+) \|$/gm)];
  t.is(rows.length, 5);
  for (const [row, , , , kept, rounds] of rows) t.true(Number(kept) > Number(rounds) / 2, row);
});
