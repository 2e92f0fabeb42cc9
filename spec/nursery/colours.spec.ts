// Colours of actors: as those of the root, and never in a file.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fixtureFile} from '../kit/driven.js';
import {folderOf} from '../kit/folder.js';
import {PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

for (const [stream, redirection] of Object.entries({stdout: '>', stderr: '2>'}))
  test(`T7: what an actor prints has no colours in a file: ${stream}`, async t => {
    const file = join(folderOf(t), 'out');
    const program = new PtyProgram(t, '', {
      command: ['sh', '-c', `exec "$1" "$2" ${redirection}"$3"`, 'sh', process.execPath, fixtureFile('colours'), file],
      env: {FORCE_COLOR: undefined, NO_COLOR: undefined} as never,
    });
    t.is(await program.exited, 0);
    t.regex(readFileSync(file, 'utf8'), /\{ by: 'actor', total: 5 \}/);
  });

test('T7: what an actor prints has colours at a terminal', async t => {
  const program = new PtyProgram(t, 'colours', {env: {FORCE_COLOR: undefined, NO_COLOR: undefined} as never});
  t.is(await program.exited, 0);
  t.true(program.screen().includes('FORCE_COLOR is 1'));
  t.is(program.raw.split("by: \x1b[32m'actor'").length, 3);
});
