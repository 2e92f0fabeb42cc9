// One file in an actor: its figures are those of wc and sha256sum, and what cannot be read is an answer too.
import {execFileSync} from 'node:child_process';
import {symlinkSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {openInspector} from '../../examples/scan/inspect.js';
import {expectedOf, makeFolder, makeOddTree} from './tree.js';

test('its figures are those of the system, for every file, one after the other with one buffer', async t => {
  const tree = makeOddTree();
  t.teardown(tree.remove);
  const inspect = openInspector();
  for (const [key, expected] of expectedOf(tree.path)) {
    const found = await inspect(Buffer.from(key, 'latin1'));
    if ('error' in found) throw new Error(`${key}: ${found.error}`);
    const {bytes, lines, sha256} = found;
    t.deepEqual({bytes, lines, sha256: Buffer.from(sha256).toString('hex')}, expected, key);
  }
});

test('a file whose size says nothing is read to its end', async t => {
  const found = await openInspector()('/proc/self/cmdline');
  t.true('bytes' in found && found.bytes > 0);
});

const unreadable = test.macro({
  async exec(t, make: (path: string) => void, error: string) {
    const {path, remove} = makeFolder();
    t.teardown(remove);
    const file = join(path, 'file');
    make(file);
    t.deepEqual(await openInspector()(file), {path: file, error});
  },
  title: (title, _, error) => `${title} is ${error}`,
});

test('a file that has gone since the walk', unreadable, () => undefined, 'ENOENT');
test('a file that has become a link', unreadable, path => symlinkSync('/etc/hosts', path), 'ELOOP');
test(
  'a file that has become a pipe, which nobody waits for',
  unreadable,
  path => execFileSync('mkfifo', [path]),
  'not a regular file any more',
);
test(
  'a file that has become a folder',
  unreadable,
  path => execFileSync('mkdir', [path]),
  'not a regular file any more',
);
