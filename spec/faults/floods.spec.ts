// Many at once, fast against slow, and systems that have nothing left: what must go on goes on (F4, K58 to K65, K87).
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {lastValueFrom, take, toArray} from 'rxjs';
import {ContextCancelled, openNursery, type Portal, SpawnFailed} from '../../lib/index.js';
import {counted, endless, hang, most, numbers, sentSoFar} from '../fixtures/crowds.js';
import {eventually} from '../kit/eventually.js';
import {patient} from '../kit/patient.js';
import {actorProcesses, canInspect, untilGone} from '../kit/processes.js';
import {fixture, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});
const inspects = canInspect ? test : test.skip;

const expose = [counted, endless, hang, most, numbers, sentSoFar];
const withActor = (use: (portal: Portal) => Promise<unknown>): Promise<unknown> =>
  openNursery(async nursery => {
    await use(await nursery.startActor('crowded', {expose}));
    await nursery.cancel();
  }, patient).catch(error => {
    if (!(error instanceof ContextCancelled)) throw error;
  });

/** The number of values that the sender has sent when it has come to rest: it has not gone on while many other calls were answered. */
async function atRest(portal: Portal): Promise<number> {
  for (let before = -1; ; ) {
    const now = await portal.run(sentSoFar);
    if (now === before && now > 0) return now;
    before = now;
    for (let i = 0; i < 50; i++) await portal.run(counted, i);
  }
}

test('F4, K58: of a stream that is opened and never read as much is sent as the window has, and no more', t =>
  withActor(async portal => {
    const context = await portal.with({window: 64}).openContext(endless);
    const stream = context.openStream();
    t.is(await atRest(portal), 64);
    // It is not stuck: who reads later has everything.
    const first = await lastValueFrom(stream.pipe(take(200), toArray()));
    t.deepEqual(
      first,
      first.map((_, i) => i),
    );
  }));

test('F4, K59: one of a thousand streams is not read: the others have all their values', t =>
  withActor(async portal => {
    const small = portal.with({window: 8});
    const stalled = await small.openContext(endless);
    stalled.openStream();
    const others = Array.from({length: 999}, () => lastValueFrom(small.stream(numbers, 50).pipe(toArray())));
    for (const values of await Promise.all(others)) t.is(values.length, 50);
    t.is(await atRest(portal), 8);
  }));

test('Limits, K63: ten thousand calls that are opened and cancelled run within their limit, and none is left', t =>
  withActor(async portal => {
    const outcomes = new Map<string, number>();
    for (let batch = 0; batch < 20; batch++) {
      const controller = new AbortController();
      const calls = Array.from({length: 500}, () =>
        portal
          .with({signal: controller.signal})
          .run(hang)
          .then(
            () => 'a value',
            error => error.constructor.name,
          ),
      );
      // The calls leave in this turn.
      await new Promise(resolve => setImmediate(resolve));
      controller.abort();
      for (const outcome of await Promise.all(calls)) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    t.deepEqual([...outcomes], [['ContextCancelled', 10_000]]);
    const {running, highest} = await portal.run(most);
    t.is(running, 0);
    t.true(highest > 0 && highest <= 500, `${highest} at a time`);
  }));

inspects('T10, T15, K87: of two hundred actors whose nursery is cancelled while they boot none is left', async t => {
  const failures: unknown[] = [];
  await t.throwsAsync(
    openNursery(async nursery => {
      for (let i = 0; i < 200; i++) nursery.startActor(`a${i}`, {expose}).catch(error => failures.push(error));
      await eventually(() => own().length > 0, 'the first process', {pollMs: 1});
      const pids = own().map(({pid}) => pid);
      await nursery.cancel();
      t.deepEqual(await untilGone(pids), []);
      nursery.signal.throwIfAborted();
    }, patient),
    {instanceOf: ContextCancelled},
  );
  t.is(failures.length, 200);
  t.true(failures.every(error => error instanceof ContextCancelled || error instanceof SpawnFailed));
  t.deepEqual(own(), []);
});
const own = () => actorProcesses().filter(({parent}) => parent === process.pid);

/** As another user, because the limit does not hold for root; that user must be able to read the program. */
const poor = ['setpriv', '--reuid=65534', '--clear-groups', 'prlimit', '--nproc=13'] as const;
const canBePoor =
  process.getuid?.() === 0 &&
  spawnSync(poor[0], [...poor.slice(1), 'cat', fileURLToPath(fixture('starved'))], {stdio: 'ignore'}).status === 0;

(canBePoor ? test : test.skip)(
  `T3, K65: where no process may be started a start is a SpawnFailed, and everything else goes on${canBePoor ? '' : ' (skipped: needs root, setpriv, prlimit, and a checkout that all may read)'}`,
  async t => {
    const program = startProgram(t, 'starved', {through: poor, execArgv: ['--v8-pool-size=1']});
    t.regex(await program.next<string>(), /^SpawnFailed /);
    t.regex(await program.next<string>(), /^SpawnFailed |^42$/);
    t.is(await program.next(), '42');
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
  },
);
