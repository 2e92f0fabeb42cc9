// The transcripts of `rxtractor` in the guide: the programs of the page run, and the command says what the page says.
import {readFileSync, rmSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {isAsPrinted, readPage} from '../docs.js';
import {rxtractor, startShownFile} from '../kit/command.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = readPage(readFileSync(join(root, 'docs', 'guide', 'observing.md'), 'utf8'));

test('rxtractor why names the deadlock of three processes in the guide, and ends with 2', async t => {
  const program = page.files.find(({name}) => name === 'shop.js');
  const run = page.runs.find(({command}) => command === 'rxtractor why');
  // Below the root of the package, where its name resolves as it does for a user.
  const folder = join(root, 'dist', 'guide');
  await mkdir(folder, {recursive: true});
  t.teardown(() => rmSync(folder, {recursive: true}));
  await writeFile(join(folder, 'shop.js'), program?.text ?? '');
  const {pid} = await startShownFile(t, join(folder, 'shop.js'));
  const {code, stdout, stderr} = await rxtractor(['why', String(pid)]);
  t.is(code, 2, stderr);
  t.true(isAsPrinted(stdout, run?.output ?? ''), `the page says:\n${run?.output}\nit printed:\n${stdout}`);
});
