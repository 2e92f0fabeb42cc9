// A root is killed in each phase of its actor: nothing of the tree is left, and no socket of it once the next root has begun (K12).
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {findActor, openNursery} from '../../lib/index.js';
import {folderOf} from '../kit/folder.js';
import {canInspect, treeOf} from '../kit/processes.js';
import {startNode, sweep} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {phases} from './phases.js';

const test = spawning({takesLong: true});
const inspects = canInspect ? test : test.skip;
const program = fileURLToPath(new URL('in-phase.js', import.meta.url));

for (const {name} of phases)
  inspects(`T11, K12: a root that is killed leaves nothing: ${name}`, async t => {
    const folder = folderOf(t);
    const root = startNode(t, [program, name, join(folder, 'note')]);
    const tree = treeOf(await root.next<number>());
    root.kill('SIGKILL');
    t.deepEqual(await root.exited, {code: null, signal: 'SIGKILL'});
    await sweep(t, tree, 'actors outlived their root');
    t.is(root.stderr, '');
  });

inspects('K12: the folder of sockets of a root that was killed is removed when the next one makes its own', async t => {
  const runtime = folderOf(t);
  const base = join(runtime, 'rxtractor');
  const town = fileURLToPath(new URL('../fixtures/linked-pair.js', import.meta.url));
  const root = startNode(t, [town], {XDG_RUNTIME_DIR: runtime});
  const tree = treeOf(await root.next<number>());
  t.is(readdirSync(base).length, 1);
  root.kill('SIGKILL');
  await root.exited;
  await sweep(t, tree, 'actors outlived their root');
  const next = startNode(t, [town], {XDG_RUNTIME_DIR: runtime});
  await next.next();
  t.deepEqual(
    readdirSync(base).map(entry => entry.startsWith(`${next.pid}-`)),
    [true],
  );
  next.kill('SIGTERM');
  await next.exited;
  t.true(!existsSync(base) || readdirSync(base).length === 0);
  await openNursery(async () => t.is(await findActor('nobody'), undefined));
});
