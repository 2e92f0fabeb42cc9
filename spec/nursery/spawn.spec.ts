// How starting an actor fails: what is wrong with its module, its options, its environment.
import {availableParallelism} from 'node:os';
import type {ExecutionContext} from 'ava';
import {
  type ActorOptions,
  ContextCancelled,
  openNursery,
  ProtocolError,
  type RootOptions,
  SpawnFailed,
} from '../../lib/index.js';
import {rested} from '../fixtures/asks-at-import.js';
import {double, hang, nap, pidOf, plain} from '../fixtures/tasks.js';
import {eventually} from '../kit/eventually.js';
import {type ActorProcess, actorProcesses} from '../kit/processes.js';
import {fixture} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 10});

/** Starts an actor that cannot start, and gives the failure. */
async function failure(t: ExecutionContext, options: ActorOptions, root: RootOptions = {}): Promise<SpawnFailed> {
  const error = await openNursery(
    nursery => t.throwsAsync(nursery.startActor('broken', {stdio: 'ignore', ...options}), {instanceOf: SpawnFailed}),
    root,
  );
  t.is(error.code, 'ERR_SPAWN');
  t.regex(error.message, /actor broken could not be started/);
  return error;
}

test('T3: a missing module is a SpawnFailed of phase import with the original error', async t => {
  const error = await failure(t, {expose: [fixture('no-such-module')]});
  t.is(error.phase, 'import');
  t.regex(error.message, /Cannot find module .*no-such-module\.js/);
  t.is((error.cause as NodeJS.ErrnoException).code, 'ERR_MODULE_NOT_FOUND');
});

test('T3: a syntax error in the module is a SpawnFailed of phase import with the original error', async t => {
  const error = await failure(t, {expose: [new URL('data:text/javascript,export const = 1')]});
  t.is(error.phase, 'import');
  t.true(error.cause instanceof SyntaxError);
});

test('T3: a throw at import is a SpawnFailed of phase import with the original error and the tail of stderr', async t => {
  const error = await failure(t, {expose: [fixture('throws-at-import')]});
  t.is(error.phase, 'import');
  t.regex(error.message, /the import failed/);
  t.true(error.cause instanceof RangeError);
  t.is((error.cause as NodeJS.ErrnoException).code, 'E_IMPORT');
  t.regex(error.stderr, /last words on stderr/);
  t.regex(error.message, /last words on stderr/);
});

for (const backend of ['process', 'thread'] as const) {
  test(`T3: a module that waits for a call to its parent is not taken for one that never settles, as a ${backend}`, async t => {
    const answer = await openNursery(
      async nursery => {
        const portal = await nursery.startActor('asker', {backend, expose: [fixture('asks-at-import')]});
        return portal.run(rested);
      },
      {expose: [nap]},
    );
    t.is(answer, 'rested');
  });
}

test('T3: a top-level await that never settles shows at once, not after the time for a spawn', async t => {
  const error = await failure(t, {expose: [fixture('never-settles')]}, {timeouts: {spawn: 120_000}});
  t.is(error.phase, 'import');
  t.true([0, 13].includes(error.exit?.code as number), String(error.exit?.code));
  t.regex(error.message, /top-level await that never settles/);
});

test('T3: an exit before ready is a SpawnFailed with the exit code', async t => {
  const error = await failure(t, {expose: [fixture('exits-at-import')]});
  t.is(error.phase, 'import');
  t.deepEqual(error.exit, {code: 7, signal: null});
  t.regex(error.message, /exit code 7/);
});

test('T3: a nursery that is opened at import is refused, also when the module caught it', async t => {
  const error = await failure(t, {expose: [fixture('nursery-at-import')]});
  t.is(error.phase, 'import');
  t.regex(error.message, /guard .*main\(\)/);
});

test('T3: an actor that is not ready in time is killed and the failure says how long it had', async t => {
  const error = await failure(t, {expose: [fixture('blocks-at-import')]}, {timeouts: {spawn: 400}});
  t.regex(error.message, /not ready within 400 ms \(timeouts\.spawn\)/);
  t.is(error.exit?.signal, 'SIGKILL');
});

test('T3: junk in NODE_OPTIONS is a SpawnFailed with what Node says of it', async t => {
  const error = await failure(t, {expose: [double], env: {NODE_OPTIONS: '--no-such-flag'}});
  t.is(error.phase, 'connect');
  t.is(error.exit?.code, 9);
  t.regex(error.message, /--no-such-flag is not allowed in NODE_OPTIONS/);
});

test('T3: a --require that throws is a SpawnFailed with the tail of stderr', async t => {
  const error = await failure(t, {expose: [double], execArgv: ['--require', '/no/such/preload.cjs']});
  t.regex(error.message, /Cannot find module '\/no\/such\/preload\.cjs'/);
});

test('T3: a process that says something else first is refused', async t => {
  const intruder = `data:text/javascript,import {writeSync} from 'node:fs'; writeSync(3, 'GET / HTTP/1.1');`;
  const error = await failure(t, {expose: [double], execArgv: ['--import', intruder]});
  t.regex(error.message, /protocol was broken/);
  t.true(error.cause instanceof ProtocolError);
});

test('T3: an actor that is killed while it imports is a SpawnFailed with the signal', async t => {
  const name = 'killed-at-import';
  await openNursery(async nursery => {
    const start = nursery.startActor(name, {expose: [fixture('blocks-at-import')], stdio: 'ignore'});
    const look = (): ActorProcess | undefined => actorProcesses().find(actor => actor.name === name);
    const found = await eventually(look, 'the process of the actor', {pollMs: 10});
    process.kill(found.pid, 'SIGKILL');
    const error = await t.throwsAsync(start, {instanceOf: SpawnFailed});
    t.deepEqual(error.exit, {code: null, signal: 'SIGKILL'});
  });
});

test('T3: a cwd that does not exist is named', async t => {
  const error = await failure(t, {expose: [double], cwd: '/no/such/folder'});
  t.is(error.phase, 'exec');
  t.regex(error.message, /could not be started: its cwd \/no\/such\/folder does not exist$/);
});

test('T3: a spawn that failed and was caught is no failure of the nursery, and the next one works', async t => {
  const pid = await openNursery(async nursery => {
    await t.throwsAsync(nursery.startActor('broken', {expose: [fixture('exits-at-import')], stdio: 'ignore'}), {
      instanceOf: SpawnFailed,
    });
    t.false(nursery.signal.aborted);
    return (await nursery.startActor('whole', {expose: [pidOf]})).run(pidOf);
  });
  t.true(pid > 0);
});

test('T3: a failed spawn that nobody awaits fails the nursery', async t => {
  const error = await t.throwsAsync(
    openNursery(async nursery => {
      void nursery.startActor('broken', {expose: [fixture('exits-at-import')], stdio: 'ignore'});
      await nursery.run(hang);
    }),
    {instanceOf: SpawnFailed},
  );
  t.deepEqual(error?.exit, {code: 7, signal: null});
});

test('T2: currentActor, names and ids belong to the actor that was started', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('a name', {expose: [pidOf]});
    t.is(portal.actor.name, 'a name');
    t.is(await portal.run(pidOf), portal.actor.pid);
    t.not(portal.actor.pid, process.pid);
  });
});

test('T15: more spawns than the machine has room for wait their turn, which does not count against their time', async t => {
  const pids = await openNursery(
    async nursery => {
      const portals = await Promise.all(
        Array.from({length: 12}, (_, i) => nursery.startActor(`many-${i}`, {expose: [pidOf]})),
      );
      return Promise.all(portals.map(portal => portal.run(pidOf)));
    },
    {timeouts: {spawn: 10_000}},
  );
  t.is(new Set(pids).size, 12);
});

test('T10: an actor that waits its turn to be spawned gives it up at once when it is cancelled', async t => {
  await openNursery(async nursery => {
    const blocks = {expose: [fixture('blocks-at-import')], stdio: 'ignore'} as const;
    const starts = Array.from({length: 2 * availableParallelism()}, (_, i) =>
      nursery.startActor(`blocker-${i}`, blocks),
    );
    let turns = 0;
    const outcomes = starts.map(start => start.catch(() => turns++));
    await openNursery(async inner => {
      const refused = t.throwsAsync(inner.startActor('waiting', blocks), {instanceOf: ContextCancelled});
      await inner.cancel();
      await refused;
    });
    t.is(turns, 0);
    await nursery.cancel();
    await Promise.all(outcomes);
  });
});

test('T10: an actor that is still being started when its nursery is cancelled is killed, and one in the queue never starts', async t => {
  const names = Array.from({length: 12}, (_, i) => `doomed-${i}`);
  await openNursery(async nursery => {
    const starts = names.map(name =>
      nursery.startActor(name, {expose: [fixture('blocks-at-import')], stdio: 'ignore'}),
    );
    const outcomes = Promise.allSettled(starts);
    await nursery.cancel('changed my mind');
    for (const outcome of await outcomes)
      t.true(outcome.status === 'rejected' && outcome.reason instanceof ContextCancelled);
    t.deepEqual(
      actorProcesses().filter(actor => names.includes(actor.name)),
      [],
    );
  });
});

const refuses = test.macro({
  async exec(t, options: object, message: RegExp) {
    await openNursery(async nursery => {
      await t.throwsAsync(nursery.startActor('refused', options as ActorOptions), {instanceOf: TypeError, message});
    });
    t.deepEqual(
      actorProcesses().filter(({name, ppid}) => name === 'refused' && ppid === process.pid),
      [],
    );
  },
  title: what => `an actor is refused before anything is started: ${what}`,
});

test('an unknown option', refuses, {expose: [double], colour: 'red'}, /there is no option colour/);
test('an unknown backend', refuses, {expose: [double], backend: 'fiber'}, /not fiber/);
test(
  'an unknown stdio',
  refuses,
  {expose: [double], stdio: 'tee'},
  /stdio is inherit, prefix, ignore or pipe, not tee/,
);
test('a text for argv', refuses, {expose: [double], argv: '--x'}, /argv is a list of texts, not --x/);
test('no text in execArgv', refuses, {expose: [double], execArgv: [1]}, /execArgv is a list of texts/);
test('a URL as cwd', refuses, {expose: [double], cwd: new URL('file:///')}, /cwd is a text/);
test('a heap of nothing', refuses, {expose: [double], maxHeap: 0}, /maxHeap is a number of MiB from 1 on, not 0/);
test('an unknown log level', refuses, {expose: [double], logLevel: 'loud'}, /logLevel is transport, .*, not loud/);
test('a daemon that is no boolean', refuses, {expose: [double], daemon: 'yes'}, /daemon is true or false, not yes/);
test('a signal that is none', refuses, {expose: [double], signal: {}}, /signal is an AbortSignal/);
test('no list to expose', refuses, {expose: double}, /expose takes a list/);
test('nothing to expose', refuses, {}, /expose takes a list/);
test('an unmarked function', refuses, {expose: [plain]}, /plain is not marked/);
test('no options', refuses, null as unknown as object, /options with `expose` are needed/);

test('a root refuses an unknown option before it boots', async t => {
  await t.throwsAsync(
    openNursery(() => 1, {colour: 'red'} as RootOptions),
    {
      instanceOf: TypeError,
      message: /there is no option colour/,
    },
  );
  await t.throwsAsync(
    openNursery(() => 1, {timeouts: {exit: Number.NaN}}),
    {
      instanceOf: TypeError,
      message: /timeouts\.exit/,
    },
  );
});

test('a nursery in a nursery takes no options of the root', async t => {
  await openNursery(async () => {
    await t.throwsAsync(
      openNursery(() => 1, {logLevel: 'error'}),
      {instanceOf: TypeError, message: /logLevel/},
    );
    t.is(await openNursery(inner => (inner.signal.aborted ? 0 : 2), {name: 'inner'}), 2);
  });
});
