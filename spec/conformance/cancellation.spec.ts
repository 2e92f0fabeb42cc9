// The claims of tests/test_cancellation.py: one failure ends all the others, in bounded time, whatever they do.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {type Nursery, NurseryError, openNursery, type Portal, RemoteActorError, sleep} from '../../lib/index.js';
import {keep} from '../fixtures/finalizers.js';
import {failingTree, meetAndFail} from '../fixtures/meet.js';
import {noteExit} from '../fixtures/quad.js';
import {add, nap, pidOf} from '../fixtures/tasks.js';
import {throwRange} from '../fixtures/throwers.js';
import {folderOf} from '../kit/folder.js';
import {turns} from '../kit/pair.js';
import {patient} from '../kit/patient.js';
import {canInspect, isAlive, leftBehind, treeOf} from '../kit/processes.js';
import {startProgram, sweep} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {errorOf} from './over.js';

const test = spawning({takesLong: true});

const inspects = canInspect ? test : test.skip;

function isBoxedRangeError(error: unknown): boolean {
  return error instanceof RemoteActorError && error.is(RangeError);
}

for (const ms of [0, 500]) {
  test(`cancellation/test_multierror_fast_nursery: 25 children that fail at the same time leave as one NurseryError of 25 boxed errors (E5, T9) [after ${ms} ms]`, async t => {
    const folder = folderOf(t);
    const failure = await t.throwsAsync(
      openNursery(async nursery => {
        // In one process: what is claimed is of the errors, and 25 processes take a minute of a busy machine.
        const inline = nursery.with({backend: 'inline'});
        for (let i = 0; i < 25; i++) void inline.run(meetAndFail, folder, 25, ms);
        await sleep(1e9);
      }),
      {instanceOf: NurseryError},
    );
    t.is(failure.errors.length, 25);
    t.true(failure.errors.every(isBoxedRangeError));
    t.is(new Set(failure.errors.map(error => (error as RemoteActorError).origin.id)).size, 25);
  });
}

for (const [how, leave] of [
  ['nursery.cancel()', (nursery: Nursery) => nursery.cancel()],
  ['an error of the body', () => Promise.reject(new TypeError('mine'))],
] as const) {
  test(`cancellation/test_cancel_single_subactor: an idle actor ends with its nursery, and what the body threw comes out when it has (T9, T10) [${how}]`, async t => {
    let pid = 0;
    const left = openNursery(async nursery => {
      const portal = await nursery.startActor('idle', {expose: [pidOf], daemon: true});
      pid = await portal.run(pidOf);
      await leave(nursery);
    });
    if (how === 'nursery.cancel()') await left;
    else await t.throwsAsync(left, {instanceOf: TypeError, message: 'mine'});
    t.false(isAlive(pid));
  });
}

interface Mix {
  readonly actors: number;
  /** The work of each one-shot actor. */
  readonly shots: (nursery: Nursery, folder: string, count: number) => Promise<unknown>;
  /** The task that is called in each service actor meanwhile. */
  readonly asks?: 'fail' | 'add';
  readonly errors: number;
}
const fails: Mix['shots'] = (nursery, folder, count) => nursery.run(meetAndFail, folder, count);
const mixes: Record<string, Mix> = {
  'one one-shot actor fails': {actors: 1, shots: fails, errors: 1},
  'two one-shot actors fail': {actors: 2, shots: fails, errors: 2},
  'three one-shot actors fail': {actors: 3, shots: fails, errors: 3},
  'a service actor fails while one-shot actors sleep': {
    actors: 3,
    shots: nursery => nursery.run(nap, 1e9),
    asks: 'fail',
    errors: 1,
  },
  'a service actor fails when all one-shot actors are done': {
    actors: 3,
    shots: nursery => nursery.run(add, 1, 1),
    asks: 'fail',
    errors: 1,
  },
  'one-shot actors fail after a while, service actors have answered': {
    actors: 3,
    shots: (nursery, folder, count) => nursery.run(meetAndFail, folder, count, 300),
    asks: 'add',
    errors: 3,
  },
};
for (const [what, {actors, shots, asks, errors}] of Object.entries(mixes)) {
  test(`cancellation/test_some_cancels_all: those that fail end all the others; one error leaves as itself, several as NurseryError (T9, E5) [${what}]`, async t => {
    const folder = folderOf(t);
    const pids: number[] = [];
    let cancelled = false;
    const failure = await errorOf(
      openNursery(async nursery => {
        nursery.signal.addEventListener('abort', () => {
          cancelled = true;
        });
        const services = await Promise.all(
          Array.from({length: actors}, (_, i) => nursery.startActor(`service-${i}`, {expose: [add, throwRange]})),
        );
        pids.push(...services.map(portal => portal.actor.pid));
        const running = Array.from({length: actors}, () => shots(nursery, folder, actors));
        if (what.includes('are done')) await Promise.all(running);
        for (const portal of services) {
          if (asks === 'add') t.is(await portal.run(add, 1, 1), 2);
          if (asks === 'fail') await portal.run(throwRange, 'of a service');
        }
        await sleep(1e9);
      }, patient),
    );
    if (errors === 1) t.true(isBoxedRangeError(failure), String(failure));
    else {
      t.true(failure instanceof NurseryError, String(failure));
      t.is((failure as NurseryError).errors.length, errors);
      t.true((failure as NurseryError).errors.every(isBoxedRangeError));
    }
    t.true(cancelled);
    t.deepEqual(pids.filter(isAlive), []);
  });
}

/** The leaves of a tree of errors, all of them boxed, level by level. */
function leavesOf(t: ExecutionContext, error: unknown, depth: number): number {
  if (depth < 0) {
    t.true(isBoxedRangeError(error), `a leaf is ${String(error)}`);
    return 1;
  }
  const group = error instanceof RemoteActorError ? error.cause : error;
  t.true(group instanceof NurseryError, `level ${depth} is ${String(group)}`);
  return (group as NurseryError).errors.reduce((sum: number, member) => sum + leavesOf(t, member, depth - 1), 0);
}

for (const [depth, backend] of [
  [1, 'process'],
  [3, 'inline'],
] as const) {
  test(`cancellation/test_nested_multierrors: trees that fail at all their leaves are groups of boxed groups at the root, and nothing of them is left (E1, E5, T9) [${depth} levels of spawners]`, async t => {
    const folder = folderOf(t);
    const leaves = 2 ** (depth + 1);
    const failure = await t.throwsAsync(
      openNursery(async nursery => {
        const below = nursery.with({backend});
        for (let i = 0; i < 2; i++) void below.run(failingTree, folder, leaves, depth - 1, backend);
        await sleep(1e9);
      }, patient),
    );
    t.is(readdirSync(folder).length, leaves);
    t.is(leavesOf(t, failure, depth), leaves);
    t.deepEqual(await leftBehind(), []);
  });
}

inspects(
  'cancellation/test_cancel_via_SIGINT: a program that sends itself SIGINT ends with its child, clean-up included (P1, T10)',
  async t => {
    const go = join(folderOf(t), 'go');
    const program = startProgram(t, 'both-streams', {args: [go]});
    const tree = treeOf(await program.next<number>());
    writeFileSync(go, '');
    t.deepEqual(await program.exited, {code: 130, signal: null});
    t.regex(program.stdout, /"echo ended"/);
    t.is(program.stderr, '');
    await sweep(t, tree, 'the child outlived its root');
  },
);

test('cancellation/test_cancel_while_childs_child_in_sync_sleep: a grandchild that blocks is killed by its own parent, whose clean-up is run, and the error of the root comes out (T10, E6)', async t => {
  const file = join(folderOf(t), 'notes');
  let pids: readonly number[] = [];
  await t.throwsAsync(
    openNursery(
      async nursery => {
        const portal = await nursery.startActor('level-2', {expose: [keep]});
        pids = (await portal.openContext(keep, file, 2, 'busy')).first;
        throw new TypeError('of the root');
      },
      {timeouts: {exit: 10_000, cancelAck: 3_000}},
    ),
    {instanceOf: TypeError, message: 'of the root'},
  );
  t.is(pids.length, 2);
  t.deepEqual(pids.filter(isAlive), []);
  t.is(readFileSync(file, 'utf8'), 'begin 2\nend 2\n');
});

test('cancellation/test_fast_graceful_cancel_when_spawn_task_in_soft_proc_wait_for_daemon: a daemon that its nursery waits for is asked to end and exits by itself when the nursery is cancelled (T8, T10)', async t => {
  const folder = folderOf(t);
  let pid = 0;
  let settled = false;
  let nursery: Nursery | undefined;
  let daemon: Portal | undefined;
  let left: Promise<void> | undefined;
  await new Promise<void>(resolve => {
    left = openNursery(async inner => {
      nursery = inner;
      daemon = await inner.startActor('daemon', {expose: [noteExit, pidOf], daemon: true});
      await daemon.run(noteExit, folder);
      pid = await daemon.run(pidOf);
      resolve();
    }, patient).finally(() => {
      settled = true;
    });
  });
  // The body is over: who answers now is waited for.
  await turns();
  t.is(await daemon?.run(pidOf), pid);
  t.false(settled, 'it did not wait for its daemon');
  await nursery?.cancel();
  await left;
  t.false(isAlive(pid));
  // A process that was killed could not have left it.
  t.deepEqual(readdirSync(folder), ['daemon']);
});
