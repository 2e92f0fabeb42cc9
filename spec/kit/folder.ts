// Folders of a test's own, gone with it, and files in them by which processes tell one another something.
// Beside program.ts.
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

export function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rxtractor-spec-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  return folder;
}

/** A file that actors append their lines to. */
export function notesOf(t: ExecutionContext): {readonly file: string; lines(): string[]} {
  const file = join(folderOf(t), 'notes');
  return {file, lines: () => readFileSync(file, 'utf8').split('\n').slice(0, -1)};
}
