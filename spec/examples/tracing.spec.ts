// The examples of tracing print one trace over three processes.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {spawning} from '../kit/spawning.js';
import {run} from './program.js';

const test = spawning({takesLong: true});
const root = fileURLToPath(new URL('../../..', import.meta.url));

test('every process prints its spans on the console', async t => {
  const {stdout, stderr, code, left} = await run([], {file: join(root, 'dist', 'examples', 'tracing', 'console.js')});
  t.is(code, 0, stderr);
  t.deepEqual(left, []);
  const traces = [...stdout.matchAll(/traceId: '(\w+)'/g)].map(([, id]) => id);
  const names = [...stdout.matchAll(/^ {2}name: '(.+)',$/gm)].map(([, name]) => name);
  t.is(new Set(traces).size, 1);
  t.deepEqual(names.sort(), ['order', 'order', 'shelf', 'shelf', 'shopping', 'spawn store']);
});

test('a collector gets the spans and the metrics of all processes, as the guide shows', async t => {
  const {stdout, stderr, code, left} = await run([], {file: join(root, 'dist', 'examples', 'tracing', 'collector.js')});
  t.is(code, 0, stderr);
  t.deepEqual(left, []);
  const guide = readFileSync(join(root, 'docs', 'guide', 'tracing.md'), 'utf8');
  const shown = /\$ node dist\/examples\/tracing\/collector\.js\n([^`]*)```/.exec(guide)?.[1];
  t.is(stdout, shown ?? 'nothing');
});
