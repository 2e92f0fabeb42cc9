// Colours of actors: as those of the root, and never in a file.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {fixtureFile} from '../kit/driven.js';
import {folderOf} from '../kit/folder.js';
import {PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

/** A terminal that has colours, with no other variable: Node prints none where it finds `CI`, for example. */
const coloured = ['env', '-i', `PATH=${process.env.PATH}`, 'TERM=xterm-256color'] as const;

/** The program on a terminal. @param redirection of the shell; `$file` is the file */
function colours(t: ExecutionContext, redirection: string, file = ''): PtyProgram {
  const script = `file=$3; exec "$1" "$2" ${redirection}`;
  const command = [...coloured, 'sh', '-c', script, 'sh', process.execPath, fixtureFile('colours'), file] as const;
  return new PtyProgram(t, '', {command: [...command]});
}

for (const [stream, redirection] of Object.entries({stdout: '>"$file"', stderr: '2>"$file"'}))
  test(`T7: what an actor prints has no colours in a file: ${stream}`, async t => {
    const file = join(folderOf(t), 'out');
    const program = colours(t, redirection, file);
    t.is(await program.exited, 0);
    t.regex(readFileSync(file, 'utf8'), /\{ by: 'actor', total: 5 \}/);
  });

test('T7: what an actor prints has colours at a terminal', async t => {
  const program = colours(t, '');
  t.is(await program.exited, 0);
  t.true(program.screen().includes('FORCE_COLOR is 1'));
  t.is(program.raw.split("by: \x1b[32m'actor'").length, 3);
});
