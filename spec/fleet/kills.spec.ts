// kill -9 of a daemon, of a program, of its actor on another host, and of the broker, each while the actor is idle, streams, or is cancelled:
// what the program is told, and that no process is left. docs/explain/hosts.md has the same as a table.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {ActorDied, type Nursery, type Portal} from '../../lib/index.js';
import {answer, enter, type Phase, type PhaseOptions, phaseFunctions} from '../fixtures/hosted-phases.js';
import {freePort, type NatsServer, startNatsServer} from '../kit/nats-server.js';
import {patient, unhurried} from '../kit/patient.js';
import {untilGone} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {hostAt, testsWithBroker, untilHeard, withBroker} from './brokers.js';
import {folder, type Host, ours, startHost, withHosts} from './daemons.js';

const test = testsWithBroker();
const phases: readonly Phase[] = ['idle', 'streaming', 'cancelling'];

/** How something has ended: the fields of a death, or what it was instead. */
type End = object | string;

const endOf = (value: unknown): End =>
  value instanceof ActorDied ? {code: value.code, exit: value.exit, lost: value.lost} : String(value);

interface Ends {
  /** The work that was under way. */
  readonly work: End;
  /** `portal.ended`. */
  readonly actor: End;
  readonly nursery: End;
}

let files = 0;
/** A file that is not there yet. */
const newFile = (): string => join(folder, `phase-${files++}`);

type InRoot = (body: (nursery: Nursery) => Promise<void>) => Promise<void>;

/** Kills something when the actor is in the phase. Sees that the process of the actor is gone. */
async function endsIn(
  t: ExecutionContext,
  inRoot: InRoot,
  phase: Phase,
  kill: (portal: Portal) => unknown,
): Promise<Ends> {
  let pid = 0;
  let [work, actor]: End[] = ['nothing', 'nothing'];
  const nursery = await inRoot(async own => {
    const portal = await own.startActor('worker', {expose: phaseFunctions, host: 'h1'});
    pid = portal.actor.pid;
    const ended = portal.ended.then(endOf);
    const under = await enter(phase, portal, {file: newFile()});
    await kill(portal);
    work = endOf(await under.outcome);
    actor = await ended;
  }).then(
    () => 'fine',
    error => endOf(error),
  );
  t.deepEqual(await untilGone([pid]), [], `${phase}: an orphan`);
  return {work, actor, nursery} as Ends;
}

const diedOf = (signal: NodeJS.Signals | null): End => ({code: 'ERR_DIED', exit: {code: null, signal}, lost: false});

test('T17: kill -9 of an actor there: its nursery, its stream and its owner are told the signal', async t => {
  const host = await startHost(t, 'h1');
  const died = diedOf('SIGKILL');
  const inRoot: InRoot = body => withHosts([host], body);
  const ends: Partial<Record<Phase, Ends>> = {};
  for (const phase of phases)
    ends[phase] = await endsIn(t, inRoot, phase, ({actor}) => process.kill(actor.pid, 'SIGKILL'));
  t.deepEqual(ends, {
    idle: {work: 'undefined', actor: died, nursery: died},
    streaming: {work: died, actor: died, nursery: died},
    cancelling: {work: 'true', actor: 'undefined', nursery: 'fine'},
  });
  await servesStill(t, host);
});

test('T11: kill -9 of the daemon: its actors end with it, and their program is told that nobody has seen how', async t => {
  const died = diedOf(null);
  const ends: Partial<Record<Phase, Ends>> = {};
  for (const phase of phases) {
    const host = await startHost(t, 'h1');
    ends[phase] = await endsIn(
      t,
      body => withHosts([host], body),
      phase,
      () => host.daemon.kill('SIGKILL'),
    );
  }
  t.deepEqual(ends, {
    idle: {work: 'undefined', actor: died, nursery: died},
    streaming: {work: died, actor: died, nursery: died},
    cancelling: {work: 'true', actor: 'undefined', nursery: 'fine'},
  });
});

test('T11: kill -9 of the program: the host ends its actor, whatever that is at, and serves the next program', async t => {
  const host = await startHost(t, 'h1');
  for (const phase of phases) {
    const program = startProgram(t, 'hosting-phases', {args: [host.address, ours, phase, newFile()]});
    const pid = await program.next<number>();
    program.kill('SIGKILL');
    t.deepEqual(await untilGone([pid]), [], `${phase}: an orphan`);
  }
  await servesStill(t, host);
});

/** The host has no actor any more, and takes a new one. */
async function servesStill(t: ExecutionContext, host: Host): Promise<void> {
  await withHosts([host], async nursery => {
    const portal = await nursery.startActor('next', {expose: phaseFunctions, host: 'h1'});
    t.is(await portal.run(answer), 'here');
  });
}

for (const [road, isRelayed] of [
  ['directly', false],
  ['through it', true],
] as const)
  test(`kill -9 of the broker: an actor that is reached ${road} goes on, and nothing is lost when the broker is back`, async t => {
    const broker = await startNatsServer(t);
    const advertise = isRelayed ? ['--advertise', `tls://127.0.0.1:${await freePort()}`] : [];
    await hostAt(t, broker, 'h1', advertise);
    for (const phase of phases) {
      const file = newFile();
      await withBroker(
        broker,
        async nursery => {
          await untilHeard('h1');
          const portal = await nursery.startActor('worker', {expose: phaseFunctions, host: 'h1'});
          const {work, back} = await killBroker(broker, portal, phase, {file, last: 50_000, cleanup: 300});
          t.is(work, {idle: undefined, streaming: 50_000, cancelling: true}[phase] as unknown);
          if (phase === 'cancelling') t.is(readFileSync(file, 'utf8'), 'begin\nend\n');
          else t.is(await portal.run(answer), 'here');
          await back;
        },
        unhurried,
      );
    }
  });

/** Resolves with what becomes of the work, and with the restart of the broker. */
async function killBroker(
  broker: NatsServer,
  portal: Portal,
  phase: Phase,
  options: PhaseOptions,
): Promise<{work: unknown; back: Promise<void>}> {
  const {outcome} = await enter(phase, portal, options);
  await broker.kill();
  const back = broker.start();
  back.catch(() => {});
  return {work: await outcome, back};
}

test('a broker that does not come back: an actor that was reached through it is lost after the lease, and is ended there', async t => {
  const broker = await startNatsServer(t);
  await hostAt(t, broker, 'h1', ['--advertise', `tls://127.0.0.1:${await freePort()}`]);
  const inRoot: InRoot = body =>
    withBroker(
      broker,
      async nursery => {
        await untilHeard('h1');
        await body(nursery);
      },
      {timeouts: {...patient.timeouts, lease: 4_000}},
    );
  const ends = await endsIn(t, inRoot, 'streaming', () => broker.kill());
  const lost = {code: 'ERR_DIED', exit: {code: null, signal: null}, lost: true};
  t.deepEqual(ends, {work: lost, actor: lost, nursery: lost});
});
