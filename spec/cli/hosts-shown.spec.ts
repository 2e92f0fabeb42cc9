// Actors on other hosts, as the command shows them: their hosts are named, and their pids are not mixed up with those of this host.
import test from 'ava';
import {frameOf} from '../../lib/cli/devtools-frames.js';
import {drawTree} from '../../lib/cli/draw-tree.js';
import {drawTrees} from '../../lib/cli/list-trees.js';
import {drawTop} from '../../lib/cli/top-screen.js';
import {firstState} from '../../lib/cli/top-state.js';
import {sumsOf} from '../../lib/cli/tree-sums.js';
import {actorsIn} from '../../lib/window/find-waits.js';
import {treeOnHosts} from '../kit/tree-on-hosts.js';

const look = {width: 100, height: 8, colours: false};

test('the tree and top name the host behind the actor, and top counts the hosts', t => {
  const names = [/^root +7/, /^├─ here +8/, /^├─ press on gpu1 +7/, /^│ {2}└─ ink on gpu1 +9/, /^└─ next +/];
  for (const [at, line] of drawTree(treeOnHosts, look).entries()) t.regex(line, names[at] as RegExp);
  const [head = '', , ...rows] = drawTop(treeOnHosts, firstState, look);
  t.regex(head, /^root \(pid 7\) {3}5 actors {3}cpu 30 % {3}3 MB .* other hosts: 1/);
  t.regex(rows.join('\n'), /serving +├─ press on gpu1\n/);
});

test('the filter of top finds the actors of a host', t => {
  const [, , ...rows] = drawTop(treeOnHosts, {...firstState, filter: 'GPU1'}, look);
  t.deepEqual(
    rows.flatMap(line => /serving +(.*?)\s*$/.exec(line)?.[1] ?? []),
    ['press on gpu1', 'ink on gpu1'],
  );
});

test('a process on another host with a pid of this one does not hide what the process here uses', t => {
  const actors = [...actorsIn(treeOnHosts.root)];
  for (const each of [actors, actors.toReversed()]) {
    const {cpu, rss} = sumsOf(each);
    t.is(Math.round(100 * cpu), 30);
    t.is(rss, 3 * 1_048_576);
  }
});

test('ps has a column for the other hosts, when a tree has any', t => {
  const tree = {pid: 7, tree: 'abc', name: 'root', state: 'serving', age: 0, actors: 5, cpu: 0, memory: 0};
  const here = {...tree, pid: 6, hosts: []};
  t.regex(drawTrees([here]).join('\n'), /STATE\n.*serving$/);
  t.regex(
    drawTrees([{...tree, hosts: ['gpu1', 'gpu\n2']}, here]).join('\n'),
    /STATE +OTHER HOSTS\n.*serving +gpu1, gpu\\n2\n.*serving$/,
  );
});

test('the page is told where an actor runs', t => {
  const {root} = frameOf(treeOnHosts, undefined);
  t.deepEqual(
    root.children.map(({host, elsewhere}) => [host, elsewhere]),
    [
      ['home', undefined],
      ['gpu1', true],
      ['', true],
    ],
  );
});
