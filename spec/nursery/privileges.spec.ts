// Actors and programs that give up their privileges (needs root): no orphan, and no nursery that waits for ever.
import {chmodSync, chownSync, copyFileSync} from 'node:fs';
import {join} from 'node:path';
import {folderOf} from '../kit/folder.js';
import {canInspect, isAlive, untilGone} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot && canInspect ? test : test.skip;
const note = isRoot ? '' : ' (skipped: needs root)';

for (const change of ['setuid', 'setgid', 'seteuid', 'setegid'])
  asRoot(`T11: a busy actor that has called ${change}() dies with its parent${note}`, async t => {
    const program = startProgram(t, 'gives-up', {args: ['actor', change]});
    const pid = await program.next<number>();
    program.kill('SIGKILL');
    t.deepEqual(await untilGone([pid]), []);
  });

asRoot(`T11: a busy actor dies with its parent where Node has privileges of its own${note}`, async t => {
  const node = join(folderOf(t), 'node');
  copyFileSync(process.execPath, node);
  chownSync(node, 0, 65_534);
  chmodSync(node, 0o2755);
  const program = startProgram(t, 'gives-up', {
    through: ['sh', '-c', 'node=$1; shift 2; exec "$node" "$@"', 'sh', node],
  });
  const pid = await program.next<number>();
  program.kill('SIGKILL');
  t.deepEqual(await untilGone([pid]), []);
});

asRoot(`T10: an actor that the system refuses to kill is given up, and a warning names it${note}`, async t => {
  const program = startProgram(t, 'gives-up', {args: ['root']});
  const pid = await program.next<number>();
  t.teardown(() => process.kill(pid, 'SIGKILL'));
  t.false(await program.next<boolean>(), 'it has not gone by itself');
  t.is(await program.next(), 'settled');
  // Its stdout lives on with the actor, so the end of the process is waited for, and not that of its output.
  const exit = new Promise(resolve => program.process.once('exit', resolve));
  t.is(await exit, 0);
  t.regex(program.stderr, /worker \(pid \d+\) lives on: the system has refused to kill it \(EPERM\)/);
  t.true(isAlive(pid));
});
