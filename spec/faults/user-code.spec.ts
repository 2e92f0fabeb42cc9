// Damage that user code does to its own process, and who else notices it (K80, K81, K90).
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {ActorDied, openNursery} from '../../lib/index.js';
import {relayed, source, sourceEnded} from '../fixtures/relayed.js';
import {eventually} from '../kit/eventually.js';
import {folderOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {canInspect, untilGone} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});
const inspects = canInspect ? test : test.skip;

for (const act of ['removes all listeners', 'disconnects', 'patches the builtins', 'closes its channel'])
  inspects(`T11, K80: an actor that ${act}, and is busy then, dies with its root`, async t => {
    for (const env of [{}, {RXTRACTOR_NO_SETPRIV: '1'}]) {
      const program = startProgram(t, 'unruly', {args: [act], env});
      const pid = await program.next<number>();
      program.kill('SIGKILL');
      t.deepEqual(await untilGone([pid]), []);
    }
  });

test('P3, K81: an actor that writes 200 MB to its outputs, which nobody reads, costs its parent a bounded queue', async t => {
  const file = join(folderOf(t), 'memory');
  const program = startProgram(t, 'torrent', {args: ['200', file]});
  for (const output of [program.process.stdout, program.process.stderr]) output?.pause();
  await eventually(() => existsSync(file), 'the figures of the root');
  const rss = Number(readFileSync(file, 'utf8'));
  t.true(rss < 300 * 1024 * 1024, `the root has ${rss} bytes`);
  for (const output of [program.process.stdout, program.process.stderr]) output?.resume();
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.regex(program.stdout, /lines were dropped: nobody read them/);
});

inspects(
  'T17, C9, K90: the middle of a relay is killed: the receiver is told, and the sender is cancelled',
  async t => {
    await openNursery(async nursery => {
      const far = await nursery.startActor('far', {expose: [source, sourceEnded]});
      const received: number[] = [];
      const failure = await t.throwsAsync(
        openNursery(async inner => {
          const middle = await inner.startActor('middle', {expose: [relayed]});
          for await (const n of middle.stream(relayed, 'far')) {
            received.push(n);
            if (n === 100) process.kill(middle.actor.pid, 'SIGKILL');
          }
        }),
        {instanceOf: ActorDied},
      );
      t.is(failure.exit.signal, 'SIGKILL');
      t.deepEqual(
        received,
        received.map((_, i) => i),
        'an exact prefix',
      );
      t.is(await far.run(sourceEnded), 'ended', 'the sender is not left waiting');
    }, patient);
  },
);
