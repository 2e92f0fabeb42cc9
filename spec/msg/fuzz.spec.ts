// M4: the reader survives whatever arrives, in a process with little memory.
// Above fuzz.ts and bombs.ts, the programs that it runs.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {seed} from '../kit/seed.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const run = promisify(execFile);
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const node = (...args: readonly string[]) => run(process.execPath, ['--max-old-space-size=128', ...args]);

test('M4, G9: random and damaged messages end in a value or a ProtocolError, and libraries agree', async t => {
  const count = process.env.RXTRACTOR_CI ? 1_000_000 : 200_000;
  t.log(`seed ${seed}`);
  const {stdout} = await node(program('fuzz.js'), String(count), String(seed));
  t.log(stdout.trim());
  const seen = JSON.parse(stdout) as Record<'accepted' | 'refused' | 'compared' | 'onPurpose', number>;
  // A run that accepted or compared nothing would have shown nothing.
  t.true(seen.accepted > count / 100 && seen.compared > count / 100 && seen.refused > count / 100);
});

test('Limits, G9: the messages that cost most memory fit into 128 MB', async t => {
  const {stdout} = await node(program('bombs.js'));
  t.is(stdout.trim().split('\n').at(-1), 'lived');
});
