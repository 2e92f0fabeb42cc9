// Which specs look at a file of lib: read from a made-up tree.
import test from 'ava';
import {specsOf} from './which.js';

const sources = new Map([
  ['lib/index.ts', "export {open} from './nursery/nursery.js';"],
  ['lib/nursery/nursery.ts', "import {reap} from './reap.js';\nimport {end} from './end.js';"],
  ['lib/nursery/reap.ts', "import {end} from './end.js';"],
  ['lib/nursery/end.ts', ''],
  ['lib/nursery/pool.ts', ''],
  ['spec/nursery/reap.spec.ts', "import {reap} from '../../lib/nursery/reap.js';"],
  ['spec/nursery/death.spec.ts', "import {open} from '../../lib/index.js';"],
  ['spec/actor/actor.spec.ts', "import {reap} from '../../lib/nursery/reap.js';"],
]);

test('its own spec comes first, then those that import it, then those of its room', t => {
  t.deepEqual(specsOf('lib/nursery/reap.ts', sources), {
    own: ['spec/nursery/reap.spec.ts'],
    direct: ['spec/actor/actor.spec.ts'],
    through: [],
    room: ['spec/nursery/death.spec.ts'],
  });
});

test('a file that no spec names is looked at through the nearest that one names', t => {
  t.deepEqual(specsOf('lib/nursery/end.ts', sources), {
    own: [],
    direct: [],
    through: ['spec/actor/actor.spec.ts', 'spec/nursery/reap.spec.ts'],
    room: ['spec/nursery/death.spec.ts'],
  });
});

test('the public door, through which all are reached, says nothing of one', t => {
  t.deepEqual(specsOf('lib/nursery/nursery.ts', sources).through, []);
  t.deepEqual(specsOf('lib/nursery/pool.ts', sources).through, []);
});
