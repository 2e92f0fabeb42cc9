// The hash by which two processes compare the texts of functions, and which modules of Node an actor does not load.
import {execFileSync} from 'node:child_process';
import ava from 'ava';
import {textHash} from '../../lib/actor/text-hash.js';
import {openNursery} from '../../lib/index.js';
import {loadedModules} from '../fixtures/loaded-modules.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

ava('the hash of a text is the same in each process, and texts that differ a little have different ones', t => {
  t.is(textHash('n => n + 1'), textHash(['n =>', 'n + 1'].join(' ')));
  const texts = Array.from({length: 20_000}, (_, n) => `value => value + ${n}`);
  t.is(new Set([...texts, '', '\0', '\0\0', 'ab', 'ba'].map(textHash)).size, texts.length + 5);
  for (const text of texts) t.regex(textHash(text), /^[0-9a-z]{8,14}$/);
});

test('an actor starts and answers without modules of Node that it does not need', async t => {
  const loaded = await openNursery(nursery => nursery.run(loadedModules), patient);
  t.true(loaded.includes('NativeModule net'));
  // Node loads some of them by itself, from Node 22 on `internal/mime`.
  const bare = execFileSync(process.execPath, ['-p', 'process.moduleLoadList.join("\\n")'], {encoding: 'utf8'}).split(
    '\n',
  );
  for (const name of ['crypto', 'child_process', 'worker_threads', 'internal/mime'].map(each => `NativeModule ${each}`))
    t.false(loaded.includes(name) && !bare.includes(name), name);
});
