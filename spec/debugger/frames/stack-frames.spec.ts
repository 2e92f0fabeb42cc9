// The frames that are shown of an error whose throw nobody has seen: those of its stack that are the user's.
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {framesOfStack} from '../../../lib/debugger/frames/stack-frames.js';

const library = new URL('../../../lib/', import.meta.url);

test('of a stack the frames of the library are left out, with source maps as without', t => {
  const places = [library.href, fileURLToPath(library), fileURLToPath(new URL('../../lib/', library))];
  for (const place of places) {
    const lines = [`run (${place}nursery/nursery.js:1:2)`, `mine (${import.meta.url}:3:4)`, `${place}main.js:5:6`];
    const stack = ['Error: m', ...lines.map(line => `    at ${line}`)].join('\n');
    const frames = framesOfStack(Object.assign(new Error('m'), {stack}));
    t.deepEqual(
      frames.map(({name}) => name),
      ['mine'],
      place,
    );
  }
});
