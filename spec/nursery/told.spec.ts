// Events and values that processes tell and carry: spawns and lives of actors, a store through a tree, preloaded modules, logs as JSON.
import {channel, tracingChannel} from 'node:diagnostics_channel';
import type {ExecutionContext} from 'ava';
import {firstValueFrom} from 'rxjs';
import {
  type LifeEvent,
  type LogFormat,
  openNursery,
  type RootOptions,
  type SpawnEvent,
  SpawnFailed,
} from '../../lib/index.js';
import {lastTenant, tenant, tenantBelow, tenantHere, tenants} from '../fixtures/carried.js';
import '../fixtures/preload-carried.js';
import {die, pid} from '../fixtures/mortal.js';
import {eventually} from '../kit/eventually.js';
import {patient} from '../kit/patient.js';
import {fixture, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 3});
const preload = [fixture('preload-carried')];

/** Notes what is told on a channel until the test has ended. */
function listen<E>(t: ExecutionContext, name: string): E[] {
  const told: E[] = [];
  const note = (event: unknown): void => void told.push(event as E);
  channel(name).subscribe(note);
  t.teardown(() => channel(name).unsubscribe(note));
  return told;
}

test('a spawn is told until the actor serves, and the life of the actor by its parent', async t => {
  const lives = listen<LifeEvent>(t, 'rxtractor:actor');
  const spawns = tracingChannel<unknown, SpawnEvent>('rxtractor:spawn');
  const ends: SpawnEvent[] = [];
  const note = (event: unknown): void => void ends.push(event as SpawnEvent);
  spawns.asyncEnd.subscribe(note);
  t.teardown(() => spawns.asyncEnd.unsubscribe(note));
  await openNursery(
    async nursery => {
      const restart = {delay: 1};
      const service = await nursery.startActor('service', {expose: [die, pid], restart});
      const first = service.actor;
      await t.throwsAsync(service.run(die, 9));
      await service.run(pid);
      await t.throwsAsync(nursery.startActor('missing', {expose: [fixture('no-such-module')], stdio: 'ignore'}));
      t.deepEqual(
        lives.map(({type, actor, exit, asked}) => [type, actor.id === first.id, exit?.code, asked]),
        [
          ['born', true, undefined, undefined],
          ['ended', true, 9, false],
          ['born', false, undefined, undefined],
        ],
      );
    },
    {...patient, logLevel: 'error'},
  );
  t.like(lives.at(-1), {type: 'ended', asked: true, exit: {code: 0, signal: null}});
  t.deepEqual(
    ends.map(({name, attempt, outcome, backend}) => [name, attempt, outcome, backend]),
    [
      ['service', 1, 'returned', 'process'],
      ['service', 2, 'returned', 'process'],
      ['missing', 1, 'failed', 'process'],
    ],
  );
  t.true(ends[2]?.error instanceof SpawnFailed);
  t.deepEqual(
    ends.map(({phases}) => phases.map(({phase}) => phase)),
    [
      ['exec', 'connect', 'import', 'ready'],
      ['exec', 'connect', 'import', 'ready'],
      ['exec', 'connect', 'import'],
    ],
  );
  const times = ends[0]?.phases.map(({at}) => at) ?? [];
  t.deepEqual(times, [...times].sort());
});

for (const backend of ['process', 'thread', 'inline'] as const)
  test(`a store travels to a ${backend}, to a one-shot actor below it, and into the clean-up of a stream`, async t => {
    await openNursery(
      async nursery => {
        const portal = await nursery.startActor('shop', {
          backend,
          expose: [lastTenant, tenantBelow, tenantHere, tenants],
        });
        t.is(await tenant.run('a', () => portal.run(tenantHere)), 'a');
        t.is(await portal.run(tenantHere), 'nobody');
        t.is(await tenant.run('b', () => portal.run(tenantBelow)), 'b');
        t.is(await tenant.run('c', () => firstValueFrom(portal.stream(tenants))), 'c');
        const last = async (): Promise<string | false> => {
          const tenant = await portal.run(lastTenant);
          return tenant !== 'none' && tenant;
        };
        t.is(await eventually(last, 'the clean-up', {pollMs: 5}), 'c');
        const waiting = tenant.run('d', () => nursery.run(tenantHere));
        t.is(await waiting, 'd');
      },
      {...patient, preload},
    );
  });

test('an actor that has not registered the carrier drops it, and warns once', async t => {
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('shop', {expose: [tenantHere], stdio: 'pipe'});
      const lines: string[] = [];
      portal.output.subscribe(({line}) => lines.push(line));
      for (let i = 0; i < 3; i++) t.is(await tenant.run('a', () => portal.run(tenantHere)), 'nobody');
      await portal.cancelActor();
      t.is(lines.length, 1);
      t.regex(lines[0] ?? '', /warn: calls come with the carrier "spec\/tenant", which is not known here/);
    },
    {...patient},
  );
});

test('an actor that cannot import what is to be preloaded is not started', async t => {
  await openNursery(
    async nursery => {
      const options = {expose: [tenantHere], stdio: 'ignore'} as const;
      const error = await t.throwsAsync(nursery.startActor('shop', options), {instanceOf: SpawnFailed});
      t.is(error?.phase, 'import');
      t.regex(error?.message ?? '', /no-such-preload/);
    },
    {...patient, preload: [fixture('no-such-preload')]},
  );
});

for (const wrong of [
  {preload: ['./file.js']},
  {preload: new URL('file:///a')},
  {trustCarriers: 1},
  {logFormat: 'xml'},
] as unknown as RootOptions[])
  test(`a root refuses the option ${JSON.stringify(wrong)}`, async t => {
    await t.throwsAsync(
      openNursery(() => {}, wrong),
      {instanceOf: TypeError, message: new RegExp(Object.keys(wrong)[0] ?? '')},
    );
  });

test('with logFormat json every actor logs objects, which say who logs and where it stands', async t => {
  const format: LogFormat = 'json';
  const program = startProgram(t, 'levels', {args: ['runtime'], env: {LOG_FORMAT: format}});
  await program.exited;
  const records = program.stderr
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as {level: string; msg: string; actor: {path: string; pid: number}});
  const serving = records.filter(({msg}) => msg.endsWith('serves'));
  t.is(serving.length, 2);
  const [outer, inner] = serving;
  t.is(outer?.actor.pid, program.pid);
  t.is(inner?.actor.path.split('/').length, 2);
  t.true(records.every(({level, actor}) => level !== '' && actor.path !== ''));
});
