// Processes that stand still for a while, or block where nothing reaches them (K25 to K28, K73).
import {setTimeout as delay} from 'node:timers/promises';
import {openNursery} from '../../lib/index.js';
import {type Blocking, blocks} from '../fixtures/blocks.js';
import {canInspect, isAlive, untilGone} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});
const inspects = canInspect ? test : test.skip;

/** Many times the heartbeat of the program: whoever judged by silence alone would have judged. */
const standstillMs = 2_000;

for (const [what, who] of [
  ['K28: a parent that was stopped for ten heartbeats goes on, and its child is not taken for dead', ['root']],
  ['K28: a child that was stopped for ten heartbeats goes on, and is not taken for dead', ['child']],
  ['K73: a machine that was suspended goes on: every process stood still', ['root', 'child']],
] as const)
  inspects(`T14, F5, ${what}`, async t => {
    const program = startProgram(t, 'pulse');
    const child = await program.next<number>();
    t.is(await program.next(), 10);
    const pids = who.map(one => (one === 'root' ? program.pid : child));
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await delay(standstillMs);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    for (let due = 20; due <= 200; due += 10) t.is(await program.next(), due);
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
    t.deepEqual(await untilGone([child]), []);
  });

for (const how of ['execSync', 'Atomics.wait', 'readSync'] as const satisfies readonly Blocking[])
  inspects(`T10, K26: an actor that waits in ${how} when it is cancelled is killed`, async t => {
    let pid = 0;
    await openNursery(
      async nursery => {
        const portal = await nursery.startActor('blocked', {expose: [blocks]});
        const context = await portal.openContext(blocks, how);
        pid = context.first;
        await nursery.cancel();
      },
      {timeouts: {cancelAck: 1_000, exit: 2_000}},
    );
    t.false(isAlive(pid));
  });
