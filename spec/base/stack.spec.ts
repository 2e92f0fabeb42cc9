// Which frames are the machinery's: as Node prints them with source maps and without (rule E2).
import {fileURLToPath, pathToFileURL} from 'node:url';
import test from 'ava';
import {beginAtCall} from '../../lib/base/call-frames.js';
import {ActorDied} from '../../lib/base/errors.js';
import {isMachinery, isOfLibrary, userFrames} from '../../lib/base/stack.js';
import {openNursery} from '../../lib/index.js';

const library = new URL('../../lib/', import.meta.url);
const compiled = fileURLToPath(library);
const sources = fileURLToPath(new URL('../../lib/', library));

test('E2: a frame of this library is known by its compiled file, and by its source', t => {
  t.regex(compiled, /[\\/]dist[\\/]lib[\\/]$/);
  for (const place of [compiled, sources, ...[compiled, sources].map(path => pathToFileURL(path).href)]) {
    t.true(isMachinery(`    at run (${place}nursery/nursery.ts:1:2)`), place);
    t.true(isMachinery(`    at async ${place}nursery/nursery.ts:1:2`), place);
    t.false(isMachinery(`    at run (/srv${place}nursery/nursery.ts:1:2)`), place);
  }
  for (const path of [compiled, sources]) t.true(isOfLibrary(pathToFileURL(`${path}index.js`).href));
  t.false(isOfLibrary(import.meta.url));
  t.true(isMachinery('    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)'));
  t.true(isMachinery('    at node:internal/main/run_main_module:28:49'));
  t.true(isMachinery('    at async node:internal/modules/run_main:1:2'));
  t.false(isMachinery('    at run (/srv/app/node:1/main.js:1:2)'));
});

test('E2: what was thrown in a nursery shows no frame of how it came to be run, with source maps as without', async t => {
  t.true(process.execArgv.includes('--enable-source-maps'), 'this file is run with source maps');
  const {stack} = await openNursery(() => Promise.resolve(new Error('where')));
  const frames = (stack as string).split('\n').slice(1);
  t.true(frames.length > 1);
  t.deepEqual(
    userFrames(frames).filter(frame => !frame.includes('stack.spec.ts')),
    [],
  );
});

test('E4: what another process has written steers no terminal from the stack of our own error, and its message stays', t => {
  const text = 'worker ended: \u001b]52;c;cGF5\u0007\r\u202e';
  const error = new ActorDied(text, {exit: {code: 1, signal: null}});
  t.is(error.message, text);
  t.true(error.stack?.includes(String.raw`worker ended: \x1b]52;c;cGF5\x07\x0d\u202e`));
  beginAtCall(error, 'in \u001b[2Jname', {stack: 'Error\n    at run (/srv/app/main.js:1:2)'});
  const lines = [
    String.raw`ActorDied [${error.code}]: worker ended: \x1b]52;c;cGF5\x07\x0d\u202e`,
    String.raw`    [in \x1b[2Jname]`,
    '    at run (/srv/app/main.js:1:2)',
  ];
  t.is(error.stack, lines.join('\n'));
});
