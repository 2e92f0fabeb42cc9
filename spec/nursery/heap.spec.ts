// The heap of an actor: its limit, and how the end of an actor that needs more is told.
import type {ExecutionContext} from 'ava';
import {ActorDied, openNursery} from '../../lib/index.js';
import {sabotage} from '../fixtures/sabotage.js';
import {heapLimit} from '../fixtures/surroundings.js';
import {patient} from '../kit/patient.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 2});

const MiB = 1024 * 1024;

for (const backend of ['process', 'thread'] as const) {
  test(`T7: maxHeap is the limit of one actor: ${backend}`, (t: ExecutionContext) =>
    openNursery(async nursery => {
      const [small, large] = await Promise.all(
        [100, 300].map(maxHeap => nursery.startActor('limited', {backend, maxHeap, expose: [heapLimit]})),
      );
      const difference = ((await large?.run(heapLimit)) ?? 0) - ((await small?.run(heapLimit)) ?? 0);
      t.is(Math.round(difference / MiB), 200);
    }, patient));

  test(`T7: an actor that needs more than maxHeap dies, and its death says so: ${backend}`, async t => {
    const death = await t.throwsAsync(
      openNursery(async nursery => {
        const actor = await nursery.startActor('glutton', {backend, maxHeap: 32, stdio: 'ignore', expose: [sabotage]});
        await actor.run(sabotage, 'fill the heap');
      }, patient),
      {instanceOf: ActorDied},
    );
    t.regex(death.message, /glutton.* died .*its heap was out of memory: maxHeap is 32 MiB/);
  });
}

test('T7: maxHeap of a thread holds in a process that was started with a limit of its own', async t => {
  const program = startProgram(t, 'glutton', {args: ['32'], execArgv: ['--max-old-space-size=400']});
  t.regex(await program.next<string>(), /glutton.* died .*maxHeap is 32 MiB/);
  t.true((await program.next<number>()) > 390 * MiB, 'the limit of the process stands for threads without one');
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});
