// There is no folder for the sockets of a tree: two actors cannot be linked, and nothing else fails.
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {folderOf} from '../kit/folder.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const unusable: Record<string, (folder: string) => string> = {
  'that is not there': folder => join(folder, 'missing'),
  'that is a file': folder => {
    writeFileSync(join(folder, 'file'), '');
    return join(folder, 'file');
  },
  'whose path is too long': folder => {
    mkdirSync(join(folder, 'x'.repeat(100)), {mode: 0o700});
    return join(folder, 'x'.repeat(100));
  },
  'in which nothing can be made': () => '/proc/self',
};

for (const [what, temporary] of Object.entries(unusable))
  test(`D3: with a folder for temporary files ${what}, who looks for an actor is told, and nothing else fails`, async t => {
    const program = startProgram(t, 'unlinked', {env: {TMPDIR: temporary(folderOf(t)), XDG_RUNTIME_DIR: ''}});
    t.regex(await program.next<string>(), /^ERR_TRANSPORT ResourceExhausted.* need a private folder/);
    t.is(await program.next(), 'fine');
    t.deepEqual(await program.exited, {code: 0, signal: null});
    t.is(program.stderr, '');
  });

test('D3: when the folder can be made later, the next one who looks for the actor finds it', async t => {
  const env = {TMPDIR: join(folderOf(t), 'missing'), XDG_RUNTIME_DIR: ''};
  const program = startProgram(t, 'unlinked', {args: ['later'], env});
  t.regex(await program.next<string>(), /^ERR_TRANSPORT/);
  t.is(await program.next(), 'b');
  t.is(await program.next(), 'fine');
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});
