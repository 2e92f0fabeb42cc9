// A copy of the compiled library that claims to be another version, for programs that meet ours.
// Beside command.ts; used by the specs of `window`.
import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {mutate} from './mutants.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Something in the joined library that is different in the other version. */
export type Change = readonly [from: string, to: string];

/** The path of a fixture that runs on the other version. */
export function inOtherVersion(
  t: ExecutionContext,
  version: string,
  changes: readonly Change[],
  fixture: string,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(folder, {recursive: true, force: true}));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({type: 'module', version}));
  mkdirSync(join(folder, 'dist', 'spec'), {recursive: true});
  for (const part of ['lib', 'spec/fixtures', 'spec/kit'])
    cpSync(join(root, 'dist', part), join(folder, 'dist', part), {recursive: true});
  const path = join(folder, 'dist', 'lib', 'joined', 'library.js');
  const changed = changes.reduce(
    (code, [from, to]) => mutate(code, {name: `makes it ${version}`, file: 'joined/library', from, to}),
    readFileSync(path, 'utf8'),
  );
  writeFileSync(path, changed);
  return join(folder, 'dist', 'spec', 'fixtures', `${fixture}.js`);
}
