import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {type ActorId, findActor, openNursery, waitForActor} from '../../lib/index.js';
import {useInEveryWay} from '../fixtures/every-way.js';
import {forAnybody, list, use} from '../fixtures/found.js';
import {busy} from '../fixtures/stubborn.js';
import {pidOf} from '../fixtures/tasks.js';
import {folderOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {isAlive} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

/** An address that nobody has yet. */
function newAddress(t: ExecutionContext): string {
  const folder = folderOf(t);
  return `unix:${join(folder, 'registrar')}`;
}
const secret = 'known to both of them';

test('multi_program/test_abort_on_sigint: a program that keeps the names of others ends at SIGINT, and says so by its exit code (P1)', async t => {
  const program = startProgram(t, 'registrar', {args: [newAddress(t)]});
  await program.next();
  program.kill('SIGINT');
  t.deepEqual(await program.exited, {code: 130, signal: null});
  t.is(program.stderr, '');
});

test('multi_program/test_register_duplicate_name: two actors of one name live side by side, the latest is found, and their nursery ends both (D1, K88)', async t => {
  const pids = await openNursery(async nursery => {
    const start = () => nursery.startActor('doggy', {expose: [pidOf], daemon: true});
    const older = await start();
    const latest = await start();
    t.not(older.actor.id, latest.actor.id);
    t.deepEqual((await waitForActor('doggy')).actor, latest.actor);
    const found = await Promise.all([older, latest].map(portal => portal.run(pidOf)));
    await nursery.cancel();
    t.is(await findActor('doggy').catch(() => undefined), undefined);
    return found;
  });
  t.is(new Set(pids).size, 2);
  t.deepEqual(pids.filter(isAlive), []);
});

test('multi_program/test_dup_name_cancel_cascade_escalates_to_hard_kill: many actors of one name that never hear a cancel are killed, all of them, within the time for one (T10)', async t => {
  let pids: number[] = [];
  await openNursery(async nursery => {
    const started = await Promise.all(
      Array.from({length: 6}, () => nursery.startActor('doggy', {expose: [busy], daemon: true})),
    );
    const contexts = await Promise.all(started.map(portal => portal.openContext(busy)));
    pids = contexts.map(({first}) => first);
    await nursery.cancel();
  }).catch(() => {});
  t.is(new Set(pids).size, 6);
  t.deepEqual(pids.filter(isAlive), []);
});

test('multi_program/test_non_registrar_spawns_child: a program that has joined another starts an actor, which is listed there, finds its root and the other program, and talks to both (D1, D3)', async t => {
  const registry = newAddress(t);
  const program = startProgram(t, 'registrar', {args: [registry]});
  const registrar = await program.next<ActorId>();
  await openNursery(
    async nursery => {
      const child = await nursery.startActor('child', {expose: forAnybody});
      t.deepEqual(await child.run(list), ['registrar', 'member', 'child']);
      for (const name of ['member', 'registrar']) {
        const {actor, used} = await child.run(use, name);
        t.is(actor.name, name);
        t.is(used.sum, 3);
        t.deepEqual(used.threw[0], actor);
      }
      const found = await waitForActor('registrar');
      t.deepEqual(found.actor, registrar);
      t.is((await useInEveryWay(found)).sum, 3);
    },
    {...patient, name: 'member', registry, secret, expose: forAnybody},
  );
  program.kill('SIGINT');
  t.deepEqual(await program.exited, {code: 130, signal: null});
});
